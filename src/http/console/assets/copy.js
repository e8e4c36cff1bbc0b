/** Buttons that copy, which only a script can do. */

const TOLD_MS = 1_500;

for (const button of document.querySelectorAll('button[data-copy]')) {
  if (button instanceof HTMLElement && navigator.clipboard !== undefined) button.hidden = false;
}

document.addEventListener('click', async ({ target }) => {
  const button = target instanceof Element ? target.closest('button[data-copy]') : null;
  if (button === null) return;
  const text = button instanceof HTMLElement ? (button.dataset.text ?? textBeside(button)) : '';
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Not allowed';
  }
  setTimeout(() => {
    button.textContent = label;
  }, TOLD_MS);
});

/**
 * @param {Element} button
 * @returns {string} the code before it, or the text behind it
 */
function textBeside(button) {
  const before = button.previousElementSibling;
  const beside = before?.matches('code, pre') ? before : button.nextElementSibling;
  return beside?.textContent ?? '';
}

/** Of the value that is pointed at in a tree of JSON: the start of a filter's term. */
const point = document.createElement('button');
point.type = 'button';
point.className = 'quiet point';
point.dataset.copy = '';
point.textContent = 'Copy the pointer';

/** @param {Event} event */
function offerPointer({ target }) {
  const node = target instanceof Element ? target.closest('.tree li[data-pointer]') : null;
  if (!(node instanceof HTMLElement) || node.contains(point) || node.dataset.pointer === '') return;
  point.dataset.text = `body:${node.dataset.pointer}`;
  const line = node.querySelector(':scope > details > summary') ?? node;
  line.append(point);
}

if (navigator.clipboard !== undefined && document.querySelector('[data-tree]') !== null) {
  document.addEventListener('mouseover', offerPointer);
  document.addEventListener('focusin', offerPointer);
}
