// The files that the laws look at: their text as it is, by line, and as code without comments.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as espree from 'espree';

const FOLDERS = ['core', 'server', 'static', 'tests', 'migrations', '.ci'];
const TOP_FILES = ['Makefile', 'README.md'];
const C_TOKEN = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\*[^]*?\*\/|\/\/[^\n]*/g;

const blank = (text) => text.replace(/[^\n]/g, ' ');
const isComment = (token) => token.startsWith('/*') || token.startsWith('//');

function* walk(top, folder) {
  for (const entry of readdirSync(join(top, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.name === 'node_modules') continue;
    if (entry.isDirectory()) yield* walk(top, path);
    else yield path;
  }
}

/** The code of a module whose comments are spaces. */
function withoutModuleComments(text) {
  const options = { comment: true, range: true, ecmaVersion: 'latest', sourceType: 'module' };
  const { comments } = espree.parse(text, options);
  let code = '';
  let at = 0;
  for (const { range } of comments) {
    code += text.slice(at, range[0]) + blank(text.slice(range[0], range[1]));
    at = range[1];
  }
  return code + text.slice(at);
}

export const folderOf = (path) => path.slice(0, path.lastIndexOf('/'));

export class Tree {
  #texts = new Map();
  #codes = new Map();

  constructor(top, build) {
    this.top = top;
    this.build = build;
    const present = FOLDERS.filter((folder) => readdirSync(top).includes(folder));
    this.files = [...present.flatMap((folder) => [...walk(top, folder)]), ...TOP_FILES].sort();
    this.sources = this.select(/^(core|server)\/.*\.c$/);
    this.headers = this.select(/^(core|server)\/.*\.h$/);
    this.c = this.select(/^(core|server)\/.*\.[ch]$/);
    this.allC = this.select(/\.[ch]$/);
    this.modules = this.select(/\.m?js$/);
    this.scripts = this.select(/\.sh$|^\.ci\/run$/);
  }

  select(pattern) {
    return this.files.filter((path) => pattern.test(path));
  }

  text(path) {
    if (!this.#texts.has(path)) {
      this.#texts.set(path, readFileSync(join(this.top, path), 'utf8'));
    }
    return this.#texts.get(path);
  }

  /** The text with spaces in place of every comment: C or JavaScript, as the name says. */
  code(path) {
    if (!this.#codes.has(path)) {
      const text = this.text(path);
      const ofC = () => text.replace(C_TOKEN, (token) => (isComment(token) ? blank(token) : token));
      this.#codes.set(path, /\.[ch]$/.test(path) ? ofC() : withoutModuleComments(text));
    }
    return this.#codes.get(path);
  }

  /**
   * "path:line: text" of each line for which `isBreach(line, path)`; `read` gives a file's text.
   */
  grep(paths, isBreach, read = (path) => this.text(path)) {
    return paths.flatMap((path) =>
      read(path)
        .split('\n')
        .map((line, i) => (isBreach(line, path) ? `${path}:${i + 1}: ${line.trim()}` : ''))
        .filter(Boolean),
    );
  }

  grepCode(paths, isBreach) {
    return this.grep(paths, isBreach, (path) => this.code(path));
  }

  /** Every #include "…" of the C rooms: {from, to, place}. */
  includes() {
    return this.c.flatMap((from) =>
      this.text(from)
        .split('\n')
        .map((line, i) => ({ from, to: /^#include "(.*)"/.exec(line)?.[1], line: i + 1 }))
        .filter(({ to }) => to !== undefined)
        .map((one) => ({ ...one, place: `${from}:${one.line}: #include "${one.to}"` })),
    );
  }

  object(source) {
    return join(this.build, source.replace(/\.c$/, '.o'));
  }

  /** Runs a program in the tree: its status, and what it printed to both streams. */
  run(program, words) {
    return new Promise((done, failed) => {
      const child = spawn(program, words, { cwd: this.top, stdio: ['ignore', 'pipe', 'pipe'] });
      const output = { status: 0, out: '', err: '' };
      child.stdout.on('data', (data) => (output.out += data));
      child.stderr.on('data', (data) => (output.err += data));
      child.on('error', failed);
      child.on('close', (status) => done({ ...output, status: status ?? 1 }));
    });
  }
}

/** The lines of a text that are not empty. */
export const linesOf = (text) => text.split('\n').filter((line) => line.trim() !== '');
