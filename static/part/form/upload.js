/* upload — brings a data set: files dropped or chosen, how they are to be read, and how far they
 * have been sent. */
import { html, useRef, useState } from '../../lib/html.js';
import { bytes } from '../../lib/format.js';
import { Icon, notify } from '../basic.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const TYPES = {
  csv: 'text/csv',
  npy: 'application/x-npy',
  npz: 'application/zip',
  gz: 'application/gzip',
};

/* A name that suits the files: what they have in common. */
function suggestName(files) {
  const base = files[0].name
    .replace(/\.(gz|csv|npy|npz|txt)$/gi, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return files.length > 1
    ? base.replace(/[-_.]?(train|t10k|test|val)[-_.].*$/i, '') || 'data'
    : base.slice(0, 60) || 'data';
}

const NO_OPTIONS = { label: '', header: '', task: '' };
const RESTING = { sent: null, problem: '' };

/* Sends the files; onProgress(fraction). XMLHttpRequest, because fetch does not tell how much was
 * sent. */
function upload(name, files, query, { signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const one = files.length === 1 && /\.(csv|npz)$/i.test(files[0].name) ? files[0] : null;
    const body = one ?? new FormData();
    if (!one) for (const file of files) body.append('file', file, file.name);
    const words = new URLSearchParams(
      Object.entries(query).filter(([, value]) => value !== ''),
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
      if (call.status === 401)
        dispatchEvent(
          new CustomEvent('regulab-unauthorized'),
        ); /* as lib/api.js does for every other request */
      const details = (answer.errors ?? []).map((error) => error.detail).join('; ');
      reject(new Error(details || answer.detail || `The service answered ${call.status}.`));
    };
    call.send(body);
  });
}

/* Not a form, since it stands in one, too: Enter in a field sends it. `title` makes it a card;
 * done(name) is called with what is registered. */
export function Upload({ title, done }) {
  const [files, setFiles] = useState([]);
  const [over, setOver] = useState(false);
  const [typed, setTyped] = useState(null); /* the name, where the user gave one */
  const [options, setOptions] = useState(NO_OPTIONS);
  const [state, setState] = useState(RESTING);
  const input = useRef(null);
  const sending = useRef(null); /* the AbortController of what is on its way */
  const name = typed ?? (files.length ? suggestName(files) : '');
  const busy = state.sent !== null;
  const take = (list) => {
    const chosen = [...list];
    input.current.value = ''; /* so that choosing the same file again is a change */
    if (!chosen.length || sending.current) return;
    setFiles(chosen);
    setTyped((old) => old || null);
    setState(RESTING);
  };
  const clear = () => {
    sending.current = null;
    setFiles([]);
    setTyped(null);
    setOptions(NO_OPTIONS);
    setState(RESTING);
  };
  const leave = () => {
    if (state.sent === 1)
      notify(`All of ${name} had been sent: it may get registered all the same.`);
    sending.current?.abort();
    clear();
    input.current.disabled = false; /* before it is drawn so: only then it can take the focus */
    input.current.focus();
  };
  const submit = async () => {
    if (sending.current) return;
    if (!NAME.test(name)) {
      setState({
        sent: null,
        problem:
          'A name has 1 to 63 letters, digits, _ . and -, and begins with a letter or digit.',
      });
      return;
    }
    const abort = new AbortController();
    sending.current = abort;
    setState({ sent: 0, problem: '' });
    try {
      const { status } = await upload(name, files, options, {
        signal: abort.signal,
        onProgress: (sent) => setState({ sent, problem: '' }),
      });
      notify(
        status === 201
          ? `${name} is registered.`
          : `${name} was there already, with the same content.`,
      );
      clear();
      done(name);
    } catch (error) {
      if (abort.signal.aborted) return;
      sending.current = null;
      setState({ sent: null, problem: error.message });
    }
  };
  const csv = files.some((file) => /\.csv$/i.test(file.name));
  const send = (event) => {
    if (event.key !== 'Enter' || event.target.tagName !== 'INPUT' || event.target.type === 'file')
      return;
    event.preventDefault();
    submit();
  };
  return html`
    <div class="upload ${title ? 'card' : ''}" onKeyDown=${send} data-testid="upload" role="group"
        aria-label=${title ?? 'A data set of your own'}>
      ${title && html`<h2>${title}</h2>`}
      <label class="drop ${over ? 'over' : ''}" onDragOver=${(event) => {
        event.preventDefault();
        setOver(true);
      }} onDragLeave=${() => setOver(false)} onDrop=${(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}>
        <input type="file" id="upload-files" class="visually-hidden" multiple ref=${input}
            disabled=${busy} onChange=${(event) => take(event.target.files)} />
        <${Icon} name="upload" />
        <span>
          ${
            files.length
              ? files.map((file) => `${file.name} (${bytes(file.size)})`).join(', ')
              : 'Drop files here, or choose them'
          }
        </span>
        <span class="soft small">
          CSV; IDX as MNIST ships it (images and labels, gzip or plain); NumPy .npy or .npz
        </span>
      </label>
      ${
        files.length > 0 &&
        html`
          <div class="upload-options">
            <label>
              Name<input id="upload-name" value=${name}
                  onInput=${(event) => setTyped(event.target.value)} />
            </label>
            ${
              csv &&
              html`
                <label>
                  Label
                  column<input id="upload-label" value=${options.label}
                      placeholder="found by itself"
                      onInput=${(event) => setOptions({ ...options, label: event.target.value })} />
                </label>
                <label>
                  First
                  row<select id="upload-header" value=${options.header}
                      onChange=${(event) => setOptions({ ...options, header: event.target.value })}>
                    <option value="">found by itself</option>
                    <option value="true">names</option>
                    <option value="false">data</option>
                  </select>
                </label>
              `
            }
            <label>
              Task<select id="upload-task" value=${options.task}
                  onChange=${(event) => setOptions({ ...options, task: event.target.value })}>
                <option value="">found by itself</option>
                <option value="classification">classification</option>
                <option value="regression">regression</option>
              </select>
            </label>
          </div>
          <div class="row">
            <button type="button" class="button primary" id="upload-submit" disabled=${busy}
                onClick=${submit}>
              <${Icon} name="upload" />
              ${
                !busy
                  ? 'Register'
                  : state.sent < 1
                    ? `Sending, ${Math.round(state.sent * 100)} %`
                    : 'Checking…'
              }
            </button>
            <button type="button" class="button quiet" id="upload-leave" onClick=${leave}>
              Leave it
            </button>
          </div>
        `
      }
      ${
        state.problem &&
        html`<p class="field-error" role="alert" id="upload-problem">${state.problem}</p>`
      }
    </div>
  `;
}
