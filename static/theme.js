/* theme — decides light or dark before the first paint; the only classic script, so that nothing
 * flashes. The choice "light" or "dark" is kept in localStorage; without one the system decides,
 * also while the page is open. */
'use strict';
(() => {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    let choice = null;
    try {
      choice = localStorage.getItem('regulab-theme');
    } catch {
      /* storage is blocked: the system decides */
    }
    const theme =
      choice === 'light' || choice === 'dark' ? choice : system.matches ? 'dark' : 'light';
    document.documentElement.dataset.theme = theme;
    document.documentElement.dataset.themeChoice = choice ?? 'system';
    dispatchEvent(new CustomEvent('regulab-theme', { detail: theme }));
  };
  system.addEventListener('change', apply);
  addEventListener('storage', apply);
  addEventListener('regulab-theme-choice', apply);
  apply();
})();
