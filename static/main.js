/* main — the bar on top, and which view the URL asks for. */
import { html, render, useState, useEffect } from './lib/html.js';
import { readLocation } from './lib/state.js';
import { startEvents, restartEvents, watchConnection } from './lib/events.js';
import { request, Problem } from './lib/api.js';
import { Icon, Failure, Empty, dismissUnreached } from './part/basic.js';

const ROUTES = [
  ['/learn', () => import('./view/learn.js'), 'learn'],
  ['/learn/:name', () => import('./view/lesson.js'), 'learn'],
  ['/playground', () => import('./view/playground.js'), 'learn'],
  ['/glossary', () => import('./view/glossary.js'), 'learn'],
  ['/experiments', () => import('./view/experiments.js'), 'experiments'],
  ['/experiments/:id', () => import('./view/experiment.js'), 'experiments'],
  ['/runs/:id', () => import('./view/run.js'), 'experiments'],
  ['/datasets', () => import('./view/datasets.js'), 'datasets'],
  ['/explain', () => import('./view/explain.js'), 'explain'],
  ['/explain/:id', () => import('./view/explain.js'), 'explain'],
  ['/sql', () => import('./view/sql.js'), 'sql'],
  ['/compare', () => import('./view/compare.js'), 'experiments'],
  ['/new', () => import('./view/new.js'), 'new'],
];
const LINKS = [
  ['learn', '/learn', 'Learn'],
  ['experiments', '/experiments', 'Experiments'],
  ['new', '/new', 'New'],
  ['datasets', '/datasets', 'Data sets'],
  ['explain', '/explain', 'Dropout'],
  ['sql', '/sql', 'SQL'],
];

function match(path) {
  for (const [pattern, load, area] of ROUTES) {
    const names = pattern.split('/');
    const words = path.split('/');
    if (names.length !== words.length) continue;
    const params = {};
    const fits = names.every((name, i) => {
      if (!name.startsWith(':')) return name === words[i];
      params[name.slice(1)] = decodeURIComponent(words[i]);
      return words[i] !== '';
    });
    if (fits) return { load, area, params };
  }
  return null;
}

/* The choice of theme, in turn: as the system, light, dark. */
function ThemeSwitch() {
  const [choice, setChoice] = useState(document.documentElement.dataset.themeChoice);
  const next = { system: 'light', light: 'dark', dark: 'system' }[choice];
  const words = { system: 'as the system', light: 'light', dark: 'dark' };
  const change = () => {
    try {
      if (next === 'system') localStorage.removeItem('regulab-theme');
      else localStorage.setItem('regulab-theme', next);
    } catch {
      /* storage is blocked: the choice lasts as long as the page */
    }
    dispatchEvent(new CustomEvent('regulab-theme-choice'));
    setChoice(document.documentElement.dataset.themeChoice);
  };
  return html`
    <button type="button" id="theme-switch" class="button quiet icon-only" onClick=${change}
        title="Colours: ${words[choice]}"
        aria-label="Colours: ${words[choice]}. Change to ${words[next]}">
      <${Icon} name=${{ system: 'auto', light: 'sun', dark: 'moon' }[choice]} />
    </button>
  `;
}

function Connection() {
  const [status, setStatus] = useState('connecting');
  useEffect(
    () =>
      watchConnection((now) => {
        if (now === 'live') dismissUnreached();
        setStatus(now);
      }),
    [],
  );
  const words = { live: 'Live', connecting: 'Connecting' }[status];
  return html`
    <span id="connection" class="connection ${status}" data-status=${status} role="status"
        title=${status === 'live' ? 'Updates arrive as they happen' : 'Waiting for the service'}>
      <span class="dot" aria-hidden="true" />
      <span class="wide-only">${words}</span>
    </span>
  `;
}

const Bar = ({ area }) => html`
  <a class="brand" href="#/learn" aria-label="Regulab, learn">
    <img src="/favicon.svg" alt="" width="24" height="24" />
    <span>Regulab</span>
  </a>
  <nav aria-label="Main">
    ${LINKS.map(
      ([key, path, words]) =>
        html`
          <a href="#${path}" id="nav-${key}" aria-current=${area === key ? 'page' : undefined}>
            ${words}
          </a>
        `,
    )}
  </nav>
  <div class="bar-end"><${Connection} /><${ThemeSwitch} /></div>
`;

/* Asked for when the service wants a token. */
function askToken() {
  if (document.getElementById('token-dialog')) return;
  const dialog = document.createElement('dialog');
  dialog.id = 'token-dialog';
  dialog.setAttribute('aria-labelledby', 'token-title');
  document.body.append(dialog);
  const leave = () => {
    render(null, dialog);
    dialog.remove();
  };
  render(
    html`
      <${TokenForm} done=${() => {
        leave();
        restartEvents();
        show(true);
      }} />
    `,
    dialog,
  );
  dialog.addEventListener('close', leave);
  dialog.showModal();
}

function TokenForm({ done }) {
  const [problem, setProblem] = useState('');
  const submit = async (event) => {
    event.preventDefault();
    try {
      await request('POST', '/session', {
        body: { token: new FormData(event.target).get('token') },
      });
      done();
    } catch (error) {
      setProblem(error.status === 401 ? 'This token is not known to the service.' : error.message);
    }
  };
  return html`
    <form onSubmit=${submit}>
      <h2 id="token-title">This service wants a token</h2>
      <p>It stands on a line of the file that the service was given (<code>--token-file</code>).</p>
      <label>
        Token<input id="token-input" name="token" type="password" autocomplete="current-password"
            required aria-describedby="token-problem" />
      </label>
      <p id="token-problem" class="field-error" role="alert">${problem}</p>
      <button class="button primary" id="token-submit">Continue</button>
    </form>
  `;
}

let shown = null; /* {path, view} */
let turn = 0;

async function show(anew = false) {
  const state = readLocation();
  const found = match(state.path);
  turn += 1; /* a view that is still being loaded is not wanted any more */
  const mine = turn;
  const main = document.getElementById('main');
  render(html`<${Bar} area=${found?.area} />`, document.getElementById('bar'));
  if (shown && shown.path === state.path && !anew) {
    shown.view.update({ ...state, params: found?.params });
    return;
  }
  let module = null;
  let problem = null;
  try {
    module = found ? (await found.load()).default : null;
  } catch (error) {
    problem = new Problem(0, { title: 'This page could not be loaded', detail: error.message });
  }
  if (mine !== turn) return;
  const first = shown === null;
  shown?.view.destroy();
  main.replaceChildren();
  const root = document.createElement('div');
  root.className = 'view';
  main.append(root);
  if (module)
    shown = { path: state.path, view: module.mount(root, { ...state, params: found.params }) };
  else {
    shown = {
      path: state.path,
      view: {
        update() {},
        destroy() {
          render(null, root);
        },
      },
    };
    render(
      problem
        ? html`<${Failure} problem=${problem} retry=${() => show(true)} />`
        : html`
          <${Empty} heading="h1" title="There is no such page">
            <p><a href="#/experiments">All experiments</a></p>
          <//>
        `,
      root,
    );
  }
  if (!first) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
}

addEventListener('hashchange', () => show());
addEventListener('popstate', () => show());
addEventListener('regulab-location', () => show());
addEventListener('regulab-unauthorized', askToken);
document.getElementById('skip-link').addEventListener('click', (event) => {
  event.preventDefault();
  document.getElementById('main').focus();
});
startEvents();
show();
