/* state — the URL is the state of the page: `#/experiments/3?metrics=val_loss&y=log`.
 * A view declares its properties in a table; values at their default are left out of the URL. */

export const text = (fallback = '') => ({
  fallback,
  read: (word) => word,
  write: (value) => value,
});
export const flag = (fallback = false) => ({
  fallback,
  read: (word) => word === '1',
  write: (value) => (value ? '1' : '0'),
});

export const choice = (values, fallback = values[0]) => ({
  fallback,
  read: (word) => (values.includes(word) ? word : fallback),
  write: (value) => value,
});

export const number = (fallback) => ({
  fallback,
  read: (word) => (word !== '' && Number.isFinite(Number(word)) ? Number(word) : fallback),
  write: String,
});

export const list = (fallback = []) => ({
  fallback,
  read: (word) => (word === '' ? [] : word.split(',')),
  write: (value) => value.join(','),
});

/* A pair of numbers, or null. */
export const range = () => ({
  fallback: null,
  read: (word) => {
    const pair = word.split(':').map(Number);
    return pair.length === 2 && pair.every(Number.isFinite) && pair[0] < pair[1] ? pair : null;
  },
  write: (value) => value.map((x) => String(Number(x.toPrecision(6)))).join(':'),
});

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const HOME = '/learn'; /* what a new user sees first */

/* {path: "/experiments/3", query: URLSearchParams} of the current URL. */
export function readLocation() {
  const hash = location.hash.startsWith('#/') ? location.hash.slice(1) : HOME;
  const mark = hash.indexOf('?');
  const path = (mark < 0 ? hash : hash.slice(0, mark)).replace(/\/+$/, '') || HOME;
  return { path, query: new URLSearchParams(mark < 0 ? '' : hash.slice(mark + 1)) };
}

/* The values of a PROPS table in a query. */
export function readProps(props, query) {
  const values = {};
  for (const [name, kind] of Object.entries(props)) {
    values[name] = query.has(name) ? kind.read(query.get(name)) : kind.fallback;
  }
  return values;
}

/* The shortest link to `path` with these values. */
export function href(path, props = {}, values = {}) {
  const query = new URLSearchParams();
  for (const [name, kind] of Object.entries(props)) {
    const value = values[name];
    if (value !== undefined && value !== null && !same(value, kind.fallback))
      query.set(name, kind.write(value));
  }
  const words = query.toString();
  return `#${path}${words ? `?${words}` : ''}`;
}

/* Goes to a link: a step in the history, or with `replace` a change of the current one. */
export function go(target, { replace = false } = {}) {
  if (target === location.hash) return;
  if (replace) history.replaceState(null, '', target);
  else history.pushState(null, '', target);
  /* Later: drawn inside an effect, preact forgets the effects of what was drawn until the next
   * drawing. */
  queueMicrotask(() => dispatchEvent(new CustomEvent('regulab-location', { detail: { replace } })));
}
