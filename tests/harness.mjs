// The real binary, started on a free port in a temporary directory, and the helpers that every
// outside test shares. REGULAB names the binary, REGULAB_WRAPPER what to start it with.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EventStream } from './event-stream.mjs';
import { eventually, patience, within } from './patience.mjs';
import { checkAnswer } from './schema.mjs';

export { EventStream } from './event-stream.mjs';
export { bandImages, idx, multipart, parseSafetensors } from './files.mjs';
export { eventually, patience, sanitizer, within } from './patience.mjs';

export const top = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const binary = resolve(process.env.REGULAB ?? join(top, 'build/regulab'));
const wrapper = (process.env.REGULAB_WRAPPER ?? '').split(' ').filter(Boolean);
// Whatever ends this process, no server stays behind.
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

const TERMINAL = ['completed', 'failed', 'cancelled'];

/** A specification that trains in a few milliseconds. */
export const QUICK = { dataset: { name: 'moons', n: 200 }, hidden: [8], epochs: 3, batch_size: 32 };
/** One that keeps a worker busy for minutes. */
export const LONG = { dataset: { name: 'glyphs' }, hidden: [256, 256], epochs: 5000 };

export function temporaryDirectory() {
  return mkdtempSync(join(tmpdir(), 'regulab-test-'));
}

export function removeDirectory(directory) {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

/** Runs the binary to its end -> { status, signal, stdout, stderr }. */
export function cli(
  args,
  { input = '', cwd = top, timeout_ms = 120_000, env = {}, encoding = 'utf8' } = {},
) {
  const [command, ...rest] = [...wrapper, binary, ...args];
  const result = spawnSync(command, rest, {
    input,
    cwd,
    env: { ...process.env, ...env },
    encoding,
    timeout: timeout_ms * patience,
    maxBuffer: 1 << 28,
  });
  if (result.error) throw result.error;
  return result;
}

/** The sqlite3 program on the file itself -> rows as objects. */
export function sqlite(file, query) {
  const result = spawnSync('sqlite3', ['-json', '-cmd', '.timeout 5000', file, query], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (result.status !== 0) throw new Error(`sqlite3: ${result.stderr}`);
  return result.stdout.trim() ? JSON.parse(result.stdout) : [];
}

export class Server {
  /**
   * Starts the service. `directory`: of an earlier one, to go on with its database; `port`: 0 picks
   * a free one.
   */
  static async start({
    directory,
    args = [],
    workers = 2,
    port = 0,
    data_directory,
    env = {},
    static_directory = join(top, 'static'),
  } = {}) {
    const server = new Server();
    server.owns_directory = !directory;
    server.directory = directory ?? temporaryDirectory();
    server.database = join(server.directory, 'regulab.db');
    const folder = data_directory ?? join(server.directory, 'data');
    const started = performance.now();
    server.spawn(
      ['--listen', `127.0.0.1:${port}`, '--db', server.database, '--data-dir', folder].concat(
        ['--workers', String(workers), '--static', static_directory],
        args,
      ),
      env,
    );
    try {
      server.url = await within(20_000, 'listening', server.listening());
    } catch (error) {
      server.child.kill('SIGKILL');
      throw error;
    }
    server.start_ms = performance.now() - started;
    server.port = Number(new URL(server.url).port);
    return server;
  }

  /** `regulab serve` with these flags; what it writes is kept, `exited` is its end. */
  spawn(flags, env) {
    const [command, ...rest] = [...wrapper, binary, 'serve', ...flags];
    this.output = '';
    this.errors = '';
    this.streams = new Set();
    this.child = spawn(command, rest, {
      cwd: this.directory,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(this.child);
    this.child.stderr.on('data', (data) => {
      this.errors += data;
    });
    this.exited = new Promise((done) => {
      this.child.on('close', (code, signal) => {
        children.delete(this.child);
        done({ code, signal });
      });
      this.child.on('error', (error) => {
        this.errors += error.message;
        done({ code: null, signal: null });
      });
    });
  }

  /** -> the URL that it says it listens on. */
  listening() {
    return new Promise((ready, broken) => {
      this.child.stdout.on('data', (data) => {
        this.output += data;
        const [, url] = /^listening on (http:\/\/\S+)$/m.exec(this.output) ?? [];
        if (url) ready(url);
      });
      this.exited.then(({ code, signal }) =>
        broken(new Error(`regulab serve ended at start (${signal ?? code}): ${this.errors}`)),
      );
    });
  }

  get pid() {
    return this.child.pid;
  }

  /**
   * One request -> { status, headers, text, json, bytes }. `path` starts at the base path unless it
   * starts with "//".
   */
  async request(method, path, body, headers = {}) {
    const url = this.url + (path.startsWith('//') ? path.slice(1) : `/api/v1${path}`);
    const structured =
      body !== undefined && typeof body === 'object' && !(body instanceof Uint8Array);
    const init = { method, headers: { ...headers }, redirect: 'manual' };
    if (body !== undefined) init.body = structured ? JSON.stringify(body) : body;
    if (
      body !== undefined &&
      !Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')
    ) {
      init.headers['Content-Type'] = 'application/json';
    }
    const response = await within(60_000, `${method} ${path}`, fetch(url, init));
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString('utf8');
    const json =
      /json/.test(response.headers.get('content-type') ?? '') && text
        ? JSON.parse(text)
        : undefined;
    const answer = { status: response.status, headers: response.headers, bytes, text, json };
    await checkAnswer(this.url, method, url, headers, answer);
    return answer;
  }

  /** GET that must succeed -> its JSON. */
  async get(path, headers) {
    const answer = await this.request('GET', path, undefined, headers);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  /** POST /experiments that must succeed -> the experiment. */
  async submit(spec, headers) {
    const answer = await this.request('POST', '/experiments', spec, headers);
    if (answer.status !== 201)
      throw new Error(`POST /experiments: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  /** Submits and waits for the end -> { experiment, runs }. */
  async train(spec, ms) {
    const { id } = await this.submit(spec);
    const experiment = await this.untilTerminal(id, ms);
    const { items } = await this.get(`/experiments/${id}/runs?limit=500`);
    return { experiment, runs: items.sort((a, b) => a.id - b.id) };
  }

  async model(run, query = '') {
    const answer = await this.request('GET', `/runs/${run}/model?format=safetensors${query}`);
    if (answer.status !== 200)
      throw new Error(`model of run ${run}: ${answer.status} ${answer.text}`);
    return answer.bytes;
  }

  /** Curve columns without the times, which no two runs share. */
  async curves(run) {
    const { columns } = await this.get(`/runs/${run}/curves`);
    delete columns.seconds;
    return columns;
  }

  async sql(query, parameters) {
    const answer = await this.request(
      'POST',
      '/sql',
      parameters ? { query, parameters } : { query },
    );
    if (answer.status !== 200) throw new Error(`${query}: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  /** Opens an event stream; resolves when the server has answered its headers. */
  async events(path = '/events', headers = {}) {
    const controller = new AbortController();
    const response = await within(
      10_000,
      `GET ${path}`,
      fetch(`${this.url}/api/v1${path}`, {
        headers: { Accept: 'text/event-stream', ...headers },
        signal: controller.signal,
      }),
    );
    if (response.status !== 200)
      throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    const stream = new EventStream(response, controller, headers);
    this.streams.add(stream);
    return stream;
  }

  /** Waits, by events, until the experiment is completed, failed or cancelled -> the experiment. */
  async untilTerminal(id, ms = 60_000) {
    return this.untilExperiment(id, (experiment) => TERMINAL.includes(experiment.status), ms);
  }

  async untilExperiment(id, holds, ms = 60_000) {
    const stream = await this.events(`/experiments/${id}/events`);
    const wait = async () => {
      for (;;) {
        stream.seen = stream.all.length;
        const experiment = await this.get(`/experiments/${id}`);
        if (holds(experiment)) return experiment;
        await stream.next(() => true, ms);
      }
    };
    try {
      return await within(ms, `experiment ${id}`, wait());
    } finally {
      await stream.close();
      this.streams.delete(stream);
    }
  }

  async untilRun(id, holds, ms = 60_000) {
    return eventually(ms, `run ${id}`, async () => {
      const run = await this.get(`/runs/${id}`);
      return holds(run) && run;
    });
  }

  /**
   * Bytes written to a raw socket -> everything the server answers until it closes, or until
   * `until(text)`.
   */
  raw(bytes, { until = () => false, ms = 15_000, host = '127.0.0.1' } = {}) {
    return within(
      ms,
      'the raw answer',
      new Promise((done) => {
        const socket = net.connect(this.port, host);
        let text = '';
        const finish = () => {
          socket.destroy();
          done(text);
        };
        socket.on('data', (data) => {
          text += data.toString('latin1');
          if (until(text)) finish();
        });
        socket.on('close', finish);
        socket.on('error', finish);
        socket.write(bytes);
      }),
    );
  }

  /** Signals the process and waits for its end -> { code, signal }. */
  async kill(signal = 'SIGKILL', ms = 30_000) {
    for (const stream of this.streams) await stream.close();
    this.streams.clear();
    this.child.kill(signal);
    return within(ms, `the end after ${signal}`, this.exited);
  }

  /** Ends it in any way and starts another on the same directory. */
  async restart(options = {}, signal = 'SIGKILL') {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill(signal);
    const next = await Server.start({ ...options, directory: this.directory });
    next.owns_directory = this.owns_directory;
    return next;
  }

  /**
   * A clean stop: exit status 0 and nothing that a sanitizer had to say; then the directory goes.
   */
  async stop() {
    try {
      if (this.child.exitCode === null && this.child.signalCode === null) {
        const { code, signal } = await this.kill('SIGTERM');
        if (code !== 0)
          throw new Error(`regulab serve ended with ${signal ?? code} on SIGTERM: ${this.errors}`);
      }
      if (/Sanitizer|runtime error:/.test(this.errors))
        throw new Error(`the server's errors:\n${this.errors}`);
    } finally {
      if (this.owns_directory) removeDirectory(this.directory);
    }
  }
}

/** The folder of shared measuring material beside the checkout, or undefined. */
export function sharedFolder() {
  const folder = resolve(top, '../shared');
  return existsSync(join(folder, 'data/mnist')) ? folder : undefined;
}

export function readJson(...path) {
  return JSON.parse(readFileSync(join(...path), 'utf8'));
}
