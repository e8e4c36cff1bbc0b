/** Keys, each of which has a control that can be seen. */

const HELP = [
  ['/', 'Find events'],
  ['j  k', 'The next row, the one before'],
  ['Enter', 'Open the row'],
  ['n', 'The older page'],
  ['x', 'Choose the row, for a bulk operation'],
  ['?', 'This list'],
];

/** @type {Readonly<Record<string, () => void>>} */
const KEYS = {
  '/': () => focusSearch(),
  j: () => moveBy(1),
  k: () => moveBy(-1),
  x: () => choose(),
  n: () => press(document.querySelector('a[data-next]')),
  '?': () => showHelp(),
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const { target, key } = event;
  if (target instanceof Element && target.matches('input:not([type="checkbox"]), textarea, select')) {
    if (key === 'Escape' && target instanceof HTMLElement) target.blur();
    return;
  }
  if (document.querySelector('dialog[open]') !== null) return;
  if (key === 'Enter') {
    if (target instanceof Element && target.matches('a, button, summary, input')) return;
    press(currentRow()?.querySelector('a[data-open]'));
    return;
  }
  const act = KEYS[key] ?? actionOf(key);
  if (act === undefined) return;
  event.preventDefault();
  act();
});

/**
 * @param {string} key
 * @returns {(() => void) | undefined} unfolds the form of the action and puts the focus into it
 */
function actionOf(key) {
  if (!/^[a-z]$/.test(key)) return undefined;
  const action = document.querySelector(`details[data-act="${key}"]`);
  if (!(action instanceof HTMLDetailsElement)) return undefined;
  return () => {
    action.open = true;
    const first = action.querySelector('input:not([type="hidden"]), button[type="submit"]');
    if (first instanceof HTMLElement) first.focus();
  };
}

/** Ticks the box of the row, or of the first row that has one. */
function choose() {
  const box =
    currentRow()?.querySelector('input[data-choose]') ?? document.querySelector('input[data-choose]');
  const row = box?.closest('[data-row]');
  if (row !== null && row !== undefined) moveTo(row);
  press(box);
}

function focusSearch() {
  const search = document.querySelector('#q');
  if (!(search instanceof HTMLInputElement)) return;
  search.focus();
  search.select();
}

/** @param {Element | null | undefined} control */
function press(control) {
  if (control instanceof HTMLElement) control.click();
}

function currentRow() {
  return document.querySelector('[data-row].current');
}

/** @param {number} step */
function moveBy(step) {
  const rows = [...document.querySelectorAll('[data-row]')];
  const at = rows.findIndex((row) => row.classList.contains('current'));
  const next =
    rows[at === -1 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))];
  if (next === undefined) return;
  moveTo(next);
}

/** @param {Element} next */
function moveTo(next) {
  currentRow()?.classList.remove('current');
  next.classList.add('current');
  next.scrollIntoView({ block: 'nearest' });
  const link = next.querySelector('a[data-open]');
  if (link instanceof HTMLElement) link.focus({ preventScroll: true });
}

/** @returns {string[][]} the keys of this page's actions, each with the action's name */
function ownKeys() {
  return [...document.querySelectorAll('details[data-act]')].map((action) => [
    action.getAttribute('data-act') ?? '',
    action.querySelector('button[type="submit"]')?.textContent ?? '',
  ]);
}

function showHelp() {
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-labelledby', 'help-title');
  const title = document.createElement('h2');
  title.id = 'help-title';
  title.textContent = 'Keys';
  const list = document.createElement('dl');
  for (const [keys = '', text = ''] of [...HELP, ...ownKeys()]) {
    const name = document.createElement('dt');
    for (const key of keys.split('  ')) {
      const cap = document.createElement('kbd');
      cap.textContent = key;
      name.append(cap, ' ');
    }
    const meaning = document.createElement('dd');
    meaning.textContent = text;
    list.append(name, meaning);
  }
  const close = document.createElement('button');
  close.textContent = 'Close';
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  dialog.append(title, list, close);
  document.body.append(dialog);
  dialog.showModal();
}

for (const button of document.querySelectorAll('button[data-help]')) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.hidden = false;
  button.addEventListener('click', showHelp);
}
