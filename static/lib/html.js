/* html — the one door to preact and htm, and the hooks that every view uses. */
import {
  html,
  render,
  useState,
  useEffect,
  useLayoutEffect,
  useRef,
  useMemo,
  useCallback,
  useReducer,
  useErrorBoundary,
} from '../node_modules/htm/preact/standalone.module.js';

export {
  html,
  render,
  useState,
  useEffect,
  useLayoutEffect,
  useRef,
  useMemo,
  useCallback,
  useReducer,
  useErrorBoundary,
};

/* Sets the document's title while the component is shown. */
export function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} · Regulab` : 'Regulab';
  }, [title]);
}

/* Loads something with `load(signal)` whenever `deps` change. The last answer stays visible while
 * the next one is on its way; an answer that arrives after its request was replaced is dropped. */
export function useResource(load, deps) {
  const [state, setState] = useState({ data: undefined, error: null, loading: true });
  const [turn, reload] = useReducer((n) => n + 1, 0);
  useEffect(() => {
    const abort = new AbortController();
    setState((old) => ({ ...old, loading: true }));
    load(abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ data, error: null, loading: false });
      },
      (error) => {
        if (!abort.signal.aborted) setState((old) => ({ ...old, error, loading: false }));
      },
    );
    return () => abort.abort();
  }, [...deps, turn]);
  return { ...state, reload };
}

/* Re-renders the component when the theme changes; answers "light" or "dark". */
export function useTheme() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme);
  useEffect(() => {
    const abort = new AbortController();
    addEventListener('regulab-theme', (event) => setTheme(event.detail), { signal: abort.signal });
    return () => abort.abort();
  }, []);
  return theme;
}

/* The value, once it has not changed for `ms`. */
export function useSettled(value, ms) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/* The width of a box, as it changes. */
export function useWidth(box) {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return width;
}
