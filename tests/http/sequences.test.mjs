// Copies, restores, two servers, moved directories and `run --db` beside `serve`, in any order: at
// the end every store answers the weights that were trained in it or in what it is a copy of.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, QUICK, removeDirectory, Server, temporaryDirectory } from '../harness.mjs';

// SEQUENCES=50 for the long form, SEQUENCES_SEED to repeat one.
const n_sequences = Number(process.env.SEQUENCES ?? (process.env.REGULAB_SANITIZER ? 1 : 3));
const first_seed = Number(process.env.SEQUENCES_SEED ?? Date.now() % 1_000_000);

const SPEC = { ...QUICK, hidden: [96, 96], epochs: 1 }; /* its model is a file */
const N_SEEDS = 5;
const N_STEPS = 14;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

function generator(seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (n) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % n;
  };
}

/** What each seed gives in a store that nobody disturbs. */
async function references() {
  const server = await Server.start();
  const found = [];
  for (let seed = 0; seed < N_SEEDS; seed++) {
    const {
      runs: [run],
    } = await server.train({ ...SPEC, seed });
    found.push(sha256(await server.model(run.id)));
  }
  await server.stop();
  return found;
}

/** Stores in folders of their own, which share data directories or not. */
class World {
  constructor(seed) {
    this.place = temporaryDirectory();
    this.draw = generator(seed);
    this.stores = [];
    this.n_folders = 0;
    this.told = [];
    this.addStore(this.newFolder('data'), new Map());
  }

  newFolder(name) {
    const folder = join(this.place, `${name}-${this.n_folders++}`);
    mkdirSync(folder);
    return folder;
  }

  addStore(data, runs) {
    const folder = this.newFolder('store');
    const store = { folder, database: join(folder, 'regulab.db'), data, runs, owner: folder };
    this.stores.push(store);
    return store;
  }

  pick(those = this.stores) {
    return those[this.draw(those.length)];
  }

  isLive(store) {
    return this.live?.store === store;
  }

  /** One that no process has open. */
  pickIdle() {
    return this.pick(this.stores.filter((one) => !this.isLive(one)));
  }

  args(store) {
    return ['--db', store.database, '--data-dir', store.data];
  }

  /** Trained by the command line; beside a live original of the same identity it is refused. */
  train(store) {
    const seed = this.draw(N_SEEDS);
    const spec = join(this.place, 'spec.json');
    writeFileSync(spec, JSON.stringify({ ...SPEC, seed }));
    const { status, stderr } = cli(['run', spec, '--quiet', ...this.args(store)]);
    if (status !== 0) {
      assert.ok(this.live && /in use by/.test(stderr), stderr);
      return;
    }
    this.opened(store);
    store.n_runs = (store.n_runs ?? 0) + 1;
    store.runs.set(store.n_runs, seed);
  }

  /** Whoever opens a copy gives it files of its own. */
  opened(store) {
    if (store.isCopy) store.owner = store.folder;
    store.isCopy = false;
  }

  async trainServed() {
    const { server, store } = this.live;
    const seed = this.draw(N_SEEDS);
    const { runs } = await server.train({ ...SPEC, seed });
    store.n_runs = runs[0].id;
    store.runs.set(runs[0].id, seed);
  }

  async serve(store) {
    this.live = {
      store,
      server: await Server.start({ directory: store.folder, data_directory: store.data }),
    };
    this.opened(store);
  }

  async stop() {
    await this.live.server.kill(this.draw(2) ? 'SIGTERM' : 'SIGKILL');
    this.live = undefined;
  }

  /** The database alone, beside its original's files; whole, since nobody has it open. */
  copyDatabase(from) {
    const to = this.addStore(from.data, new Map(from.runs));
    for (const end of ['', '-wal'])
      try {
        copyFileSync(from.database + end, to.database + end);
      } catch (error) {
        if (end === '' || error.code !== 'ENOENT') throw error;
      }
    Object.assign(to, { n_runs: from.n_runs, owner: from.owner, isCopy: true });
  }

  /** An older content in the place of a newer one, which is kept elsewhere. */
  putBack(store) {
    const others = this.stores.filter((one) => one !== store && one.data === store.data);
    if (others.length === 0 || this.isLive(store)) return;
    const older = this.pick(others.filter((one) => !this.isLive(one)).concat(store));
    if (older === store) return;
    this.copyDatabase(store);
    rmSync(`${store.database}-wal`, { force: true });
    rmSync(`${store.database}-shm`, { force: true });
    for (const end of ['', '-wal'])
      try {
        copyFileSync(older.database + end, store.database + end);
      } catch (error) {
        if (end === '' || error.code !== 'ENOENT') throw error;
      }
    store.runs = new Map(older.runs);
    Object.assign(store, { n_runs: older.n_runs, owner: older.owner });
  }

  backup(from) {
    const kept = join(this.place, `backup-${this.n_folders++}`);
    const made = cli(['backup', kept, ...this.args(from)]);
    assert.equal(made.status, 0, made.stderr);
    const data = this.draw(2) ? from.data : this.newFolder('data');
    const to = this.addStore(data, new Map(from.runs));
    to.n_runs = from.n_runs;
    const restored = cli(['restore', kept, ...this.args(to)]);
    assert.equal(restored.status, 0, restored.stdout + restored.stderr);
  }

  moveDirectory(store) {
    if (this.live?.store.data === store.data) return;
    const to = `${store.data}-moved-${this.n_folders++}`;
    const before = store.data;
    renameSync(before, to);
    for (const one of this.stores) if (one.data === before) one.data = to;
  }

  /** Deletes the first experiment that is left, in this store alone. A copy that nobody has opened
   * has no files but those of its original, which knows nothing of it: what that deletes is lost to
   * the copy, too. */
  async remove() {
    const { server, store } = this.live;
    if (this.stores.some((one) => one !== store && one.owner === store.owner)) return;
    const { items } = await server.get('/experiments?limit=500');
    const [oldest] = items.sort((a, b) => a.id - b.id);
    if (!oldest) return;
    const { items: runs } = await server.get(`/experiments/${oldest.id}/runs`);
    assert.equal((await server.request('DELETE', `/experiments/${oldest.id}`)).status, 204);
    for (const { id } of runs) store.runs.delete(id);
  }

  async step() {
    const idle = this.stores.some((one) => !this.isLive(one)) ? this.pickIdle() : undefined;
    const steps = {
      train: () => this.train(idle ?? this.pick()),
      trainAgain: () => this.train(idle ?? this.pick()),
      serve: () => (this.live ? undefined : this.serve(this.pick())),
      trainServed: () => this.live && this.trainServed(),
      remove: () => this.live && this.remove(),
      stop: () => this.live && this.stop(),
      copy: () => idle?.n_runs && this.copyDatabase(idle),
      putBack: () => idle?.n_runs && this.putBack(idle),
      backup: () => {
        const from = this.pick();
        return from.n_runs && this.backup(from);
      },
      move: () => this.moveDirectory(this.pick()),
    };
    const name = this.pick(Object.keys(steps));
    this.told.push(name);
    await steps[name]();
  }

  async check(expected) {
    if (this.live) await this.stop();
    this.train(this.pick()); /* whatever was drawn, there is a model to look at */
    let n = 0;
    for (const store of this.stores.filter((one) => one.n_runs)) {
      await this.serve(store);
      for (const [run, seed] of store.runs) {
        const bytes = await this.live.server.model(run);
        assert.equal(sha256(bytes), expected[seed], `${store.folder}, run ${run}`);
        n++;
      }
      await this.stop();
      const looked = cli(['check-data', ...this.args(store)]);
      assert.equal(looked.status, 0, looked.stdout + looked.stderr);
    }
    return n;
  }

  async close() {
    if (this.live) await this.live.server.kill();
    removeDirectory(this.place);
  }
}

test(
  `${n_sequences} random sequences (SEQUENCES_SEED=${first_seed})`,
  { timeout: 1_800_000 },
  async () => {
    const expected = await references();
    let n = 0;
    for (let i = 0; i < n_sequences; i++) {
      const world = new World(first_seed + i);
      try {
        for (let k = 0; k < N_STEPS; k++) await world.step();
        n += await world.check(expected);
      } catch (error) {
        error.message += ` (SEQUENCES_SEED=${first_seed + i}: ${world.told.join(', ')})`;
        throw error;
      } finally {
        await world.close();
      }
    }
    assert.ok(n > 0, 'some model was looked at');
    if (n_sequences > 3) console.log(`${n_sequences} sequences, ${n} models, every digest right`);
  },
);
