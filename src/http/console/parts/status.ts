import { type Html, html } from '../html.ts';
import { type Icon, icon } from './icon.ts';

type Mark = Readonly<{ icon: Icon; tone: 'good' | 'bad' | 'warn' | 'busy' | 'calm' }>;

/** The shape and the tone of each word of a status. */
const MARKS: Readonly<Record<string, Mark>> = {
  pending: { icon: 'ring', tone: 'calm' },
  processing: { icon: 'half', tone: 'busy' },
  completed: { icon: 'disc', tone: 'good' },
  failed: { icon: 'square', tone: 'bad' },
  open: { icon: 'disc', tone: 'good' },
  on: { icon: 'warning', tone: 'bad' },
  over: { icon: 'check', tone: 'calm' },
  held: { icon: 'pause', tone: 'warn' },
  tripped: { icon: 'warning', tone: 'bad' },
  erased: { icon: 'dash', tone: 'calm' },
  refused: { icon: 'cross', tone: 'bad' },
  running: { icon: 'half', tone: 'busy' },
  counting: { icon: 'half', tone: 'busy' },
  taking_back: { icon: 'half', tone: 'busy' },
  planned: { icon: 'ring', tone: 'calm' },
  replayed: { icon: 'again', tone: 'calm' },
};

/** A status: a word, a shape and a colour, of which each says it alone. */
export function status(word: string, shown: string = word): Html {
  const { icon: shape, tone } = MARKS[word] ?? { icon: 'dash', tone: 'calm' };
  return html`<span class="status ${tone}">${icon(shape)}${shown}</span>`;
}
