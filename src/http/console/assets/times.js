import { ageMs, nowMs } from './now.js';
import { duration, relativeTime } from './relative-time.js';

const EVERY_MS = 10_000;
/** A page that is younger says nothing of its age. */
const FRESH_MS = 60_000;

function update() {
  for (const time of document.querySelectorAll('time[data-ago]')) {
    const text = time.firstChild;
    if (text !== null && time instanceof HTMLTimeElement) {
      text.nodeValue = relativeTime(Date.parse(time.dateTime), nowMs());
    }
  }
  for (const place of document.querySelectorAll('[data-age]')) {
    place.textContent = ageMs() < FRESH_MS ? '' : `This page is ${duration(ageMs())} old.`;
  }
}

setInterval(() => {
  if (!document.hidden) update();
}, EVERY_MS);
document.addEventListener('visibilitychange', update);
