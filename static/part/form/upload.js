/* upload — brings a data set: files dropped or chosen, how they are to be read, and how far they
 * have been sent. */
import { html, useEffect, useRef, useState } from '../../lib/html.js';
import { bytes } from '../../lib/format.js';
import { Icon, notify } from '../basic.js';
import { Columns, queryOf, TABLE_OPTIONS, TableOptions } from './columns.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const NAME_WORDS =
  'A name has 1 to 63 letters, digits, _ . and -, and begins with a letter or digit.';
const TYPES = {
  csv: 'text/csv',
  npy: 'application/x-npy',
  npz: 'application/zip',
  gz: 'application/gzip',
};

/* A name that suits the files: what they have in common. */
function suggestName(files) {
  const base = files[0].name
    .replace(/(\.(csv|npy|npz|txt|bin|zip|tar|tgz|gz))+$/i, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return files.length > 1
    ? base.replace(/[-_.]?(train|t10k|test|val)[-_.].*$/i, '') || 'data'
    : base.slice(0, 60) || 'data';
}

const NO_OPTIONS = { task: '', size: '', channels: '', ...TABLE_OPTIONS };
const RESTING = { sent: null, problem: '' };

/* What a problem of the service says, in words. */
const wordsOf = (answer, status) =>
  (answer.errors ?? []).map((error) => error.detail).join('; ') ||
  answer.detail ||
  `The service answered ${status}.`;

/* Sends the files; onProgress(fraction). XMLHttpRequest, because fetch does not tell how much was
 * sent. */
function upload(name, files, query, { signal, onProgress = () => {} }) {
  return new Promise((resolve, reject) => {
    const one = files.length === 1 && /\.(csv|npz)$/i.test(files[0].name) ? files[0] : null;
    const body = one ?? new FormData();
    if (!one) for (const file of files) body.append('file', file, file.name);
    const words = new URLSearchParams(
      Object.entries(queryOf(query)).filter(([, value]) => value !== ''),
    ).toString();
    const call = new XMLHttpRequest();
    call.open('PUT', `/api/v1/datasets/${encodeURIComponent(name)}${words ? `?${words}` : ''}`);
    if (one) call.setRequestHeader('Content-Type', TYPES[one.name.split('.').pop().toLowerCase()]);
    call.upload.onprogress = (event) =>
      event.lengthComputable && onProgress(event.loaded / event.total);
    call.onerror = () => reject(new Error('The upload broke off.'));
    call.onabort = () => reject(signal.reason);
    signal.addEventListener('abort', () => call.abort());
    call.onload = () => {
      let answer = {};
      try {
        answer = JSON.parse(call.responseText);
      } catch {
        /* the status says it */
      }
      if (call.status < 300) {
        resolve({ status: call.status, answer });
        return;
      }
      /* as lib/api.js does for every other request */
      if (call.status === 401 && !query.dry_run)
        dispatchEvent(new CustomEvent('regulab-unauthorized'));
      reject(new Error(wordsOf(answer, call.status)));
    };
    call.send(body);
  });
}

/* A sending that can be left: {state: {sent (a fraction, null at rest), problem}, isBusy(), start,
 * leave}. */
function useSending() {
  const [state, setState] = useState(RESTING);
  const sending = useRef(null); /* the AbortController of what is on its way */
  const rest = (problem = '') => {
    sending.current = null;
    setState({ sent: null, problem });
  };
  return {
    state,
    isBusy: () => sending.current !== null,
    rest,
    leave: () => {
      sending.current?.abort();
      rest();
    },
    /* Answers the status, or null where it failed or was left. */
    start: async (name, files, options) => {
      const abort = new AbortController();
      sending.current = abort;
      const onProgress = (sent) => setState({ sent, problem: '' });
      onProgress(0);
      try {
        const { signal } = abort;
        const { status } = await upload(name, files, options, { signal, onProgress });
        return status;
      } catch (error) {
        if (!abort.signal.aborted) rest(error.message);
        return null;
      }
    },
  };
}

/* Where files are dropped or chosen: take(list). `input`: the ref of the input. */
function Drop({ files, input, isBusy, take }) {
  const [over, setOver] = useState(false);
  const enter = (event) => {
    event.preventDefault();
    setOver(true);
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  const names = files.map((file) => `${file.name} (${bytes(file.size)})`).join(', ');
  return html`
    <label class="drop ${over ? 'over' : ''}" onDragOver=${enter}
        onDragLeave=${() => setOver(false)} onDrop=${drop}>
      <input type="file" id="upload-files" class="visually-hidden" multiple ref=${input}
          disabled=${isBusy} onChange=${(event) => take(event.target.files)} />
      <${Icon} name="upload" />
      <span>${names || 'Drop files here, or choose them'}</span>
      <span class="soft small">
        CSV; IDX (images and labels); NumPy .npy or .npz; CIFAR batches; a zip or tar with a
        folder of PNG or JPEG pictures for every class
      </span>
    </label>
  `;
}

/* What becomes of the pictures of an archive. */
const PictureOptions = ({ options, change }) => html`
  <label>
    Height and width
    <input id="upload-size" value=${options.size} placeholder="as they are" inputmode="numeric"
        onInput=${(event) => change({ size: event.target.value.trim() })} />
  </label>
  <label>
    Channels
    <select id="upload-channels" value=${options.channels}
        onChange=${(event) => change({ channels: event.target.value })}>
      <option value="">found by themselves</option>
      <option value="1">1: gray</option>
      <option value="3">3: coloured</option>
    </select>
  </label>
`;

const Options = ({ isTable, isArchive, name, setName, options, change, answer }) => html`
  <div class="upload-options">
    <label>
      Name
      <input id="upload-name" value=${name} onInput=${(event) => setName(event.target.value)} />
    </label>
    ${isTable && html`<${TableOptions} answer=${answer} options=${options} change=${change} />`}
    ${isArchive && html`<${PictureOptions} options=${options} change=${change} />`}
    <label>
      Task
      <select id="upload-task" value=${options.task}
          onChange=${(event) => change({ task: event.target.value })}>
        <option value="">found by itself</option>
        <option value="classification">classification</option>
        <option value="regression">regression</option>
      </select>
    </label>
  </div>
`;

function Buttons({ sent, submit, leave }) {
  const progress = sent < 1 ? `Sending, ${Math.round(sent * 100)} %` : 'Checking…';
  return html`
    <div class="row">
      <button type="button" class="button primary" id="upload-submit" disabled=${sent !== null}
          onClick=${submit}>
        <${Icon} name="upload" />${sent === null ? 'Register' : progress}
      </button>
      <button type="button" class="button quiet" id="upload-leave" onClick=${leave}>
        Leave it
      </button>
    </div>
  `;
}

/* Enter in a field does `work`. */
const onEnter = (work) => (event) => {
  const { tagName, type } = event.target;
  if (event.key !== 'Enter' || tagName !== 'INPUT' || type === 'file') return;
  event.preventDefault();
  work();
};

const isTableFile = (file) => /\.(csv|tsv|txt|data)(\.gz)?$/i.test(file.name);
const LOOK_BYTES = 32e6;
const LOOK_MS = 300;
const NOTHING_SEEN = { answer: null, problem: '' };

/* What a dry run says of a table, again when the options have changed: { answer, problem }. The
 * last answer stays, so that its columns can be put right; a large file is first read when it is
 * sent. */
function useLook(files, options) {
  const [look, setLook] = useState(NOTHING_SEEN);
  const bytesOfAll = files.reduce((sum, file) => sum + file.size, 0);
  const isLooked = files.length > 0 && files.every(isTableFile) && bytesOfAll <= LOOK_BYTES;
  useEffect(() => setLook(NOTHING_SEEN), [files]);
  useEffect(() => {
    if (!isLooked) return undefined;
    const abort = new AbortController();
    const { signal } = abort;
    const timer = setTimeout(async () => {
      try {
        const { answer } = await upload('table', files, { ...options, dry_run: true }, { signal });
        setLook({ answer, problem: '' });
      } catch (error) {
        if (!signal.aborted) setLook((old) => ({ ...old, problem: error.message }));
      }
    }, LOOK_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [files, options, isLooked]);
  return look;
}

/* The files, their name and how they are to be read, and what is done with them. */
function useUpload(done) {
  const [files, setFiles] = useState([]);
  const [typed, setTyped] = useState(null); /* the name, where the user gave one */
  const [options, setOptions] = useState(NO_OPTIONS);
  const sending = useSending();
  const look = useLook(files, options);
  const name = typed ?? (files.length ? suggestName(files) : '');
  const take = (chosen) => {
    if (!chosen.length || sending.isBusy()) return;
    setFiles(chosen);
    setTyped((old) => old || null);
    sending.rest();
  };
  const clear = () => {
    setFiles([]);
    setTyped(null);
    setOptions(NO_OPTIONS);
    sending.rest();
  };
  const leave = () => {
    if (sending.state.sent === 1)
      notify(`All of ${name} had been sent: it may get registered all the same.`);
    sending.leave();
    clear();
  };
  const submit = async () => {
    if (sending.isBusy()) return;
    if (!NAME.test(name)) {
      sending.rest(NAME_WORDS);
      return;
    }
    const status = await sending.start(name, files, options);
    if (status === null) return;
    const isNew = status === 201;
    notify(`${name} ${isNew ? 'is registered.' : 'was there already, with the same content.'}`);
    clear();
    done(name);
  };
  const change = (patch) => setOptions({ ...options, ...patch });
  const { state } = sending;
  return { files, name, setName: setTyped, options, change, look, state, take, leave, submit };
}

/* Not a form, since it stands in one, too: Enter in a field sends it. `title` makes it a card;
 * done(name) is called with what is registered. */
export function Upload({ title, done }) {
  const { files, look, state, take, leave, submit, ...form } = useUpload(done);
  const { sent, problem } = state;
  const input = useRef(null);
  const takeList = (list) => {
    const chosen = [...list];
    input.current.value = ''; /* so that choosing the same file again is a change */
    take(chosen);
  };
  const leaveIt = () => {
    leave();
    input.current.disabled = false; /* before it is drawn so: only then it can take the focus */
    input.current.focus();
  };
  const isTable = files.some(isTableFile);
  const seen = problem ? '' : look.problem;
  const isArchive = files.some((file) => /\.(zip|tar|tgz|tar\.gz)$/i.test(file.name));
  return html`
    <div class="upload ${title ? 'card' : ''}" onKeyDown=${onEnter(submit)} data-testid="upload"
        role="group" aria-label=${title ?? 'A data set of your own'}>
      ${title && html`<h2>${title}</h2>`}
      <${Drop} files=${files} input=${input} isBusy=${sent !== null} take=${takeList} />
      ${
        files.length > 0 &&
        html`
        <${Options} ...${form} isTable=${isTable} isArchive=${isArchive} answer=${look.answer} />
      `
      }
      ${look.answer && html`<${Columns} ...${form} answer=${look.answer} />`}
      ${seen && html`<p class="field-error" id="upload-look">${seen}</p>`}
      ${files.length > 0 && html`<${Buttons} sent=${sent} submit=${submit} leave=${leaveIt} />`}
      ${problem && html`<p class="field-error" role="alert" id="upload-problem">${problem}</p>`}
    </div>
  `;
}
