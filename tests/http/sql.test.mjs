// The SQL console: what it answers, and every way to hurt the service through it.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { patience, QUICK, Server, sqlite, within } from '../harness.mjs';

const server = await Server.start();
after(() => server.stop());
const { experiment, runs } = await server.train({
  ...QUICK,
  repeats: 3,
  sweep: { dropout: [0, 0.5] },
});

const ask = (query, more = {}) => server.request('POST', '/sql', { query, ...more });

test('a query answers columns and rows', async () => {
  const answer = await ask("SELECT 1 AS one, 2.5 AS x, NULL AS empty, 'é' AS text");
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json.columns, ['one', 'x', 'empty', 'text']);
  assert.deepEqual(answer.json.rows, [[1, 2.5, null, 'é']]);
  assert.equal(answer.json.truncated, false);
  assert.ok(answer.json.elapsed_ms >= 0);
});

test('parameters are bound by name', async () => {
  const answer = await ask('SELECT :a + :b AS sum, :text AS text, :none AS none', {
    parameters: { a: 2, b: 0.5, text: "'; DROP TABLE runs; --", none: null },
  });
  assert.deepEqual(answer.json.rows, [[2.5, "'; DROP TABLE runs; --", null]]);
  assert.equal((await ask('SELECT :a', { parameters: { b: 1 } })).status, 400);
  assert.equal((await ask('SELECT :a', { parameters: { a: [1] } })).status, 400);
});

test('an integer of a parameter is exactly it, or is refused', async () => {
  const raw = (x) => `{"query": "SELECT CAST(:x AS TEXT) AS x", "parameters": {"x": ${x}}}`;
  const post = async (x) =>
    server.request('POST', '/sql', raw(x), { 'Content-Type': 'application/json' });
  const get = async (x) =>
    server.request(
      'GET',
      `/sql?query=${encodeURIComponent('SELECT CAST(:x AS TEXT) AS x')}&x=${x}`,
    );
  for (const via of [post, get]) {
    for (const exact of ['9007199254740993', '-9223372036854775808'])
      assert.deepEqual((await via(exact)).json.rows, [[exact]]);
    const refused = await via('9223372036854775808');
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.text, /9223372036854775808 is beyond the 64 bits/);
  }
});

test('GET makes a query a link; CSV on request', async () => {
  const query = encodeURIComponent('SELECT 1 AS a, \'x,"y"\' AS b');
  const get = await server.request('GET', `/sql?query=${query}`);
  assert.deepEqual(get.json.rows, [[1, 'x,"y"']]);
  const csv = await server.request('GET', `/sql?query=${query}`, undefined, { Accept: 'text/csv' });
  assert.match(csv.headers.get('content-type'), /^text\/csv/);
  assert.equal(csv.text, 'a,b\r\n1,"x,""y"""\r\n', 'lines end as RFC 4180 says');
});

test('a row that is too large is refused, whatever follows it', async () => {
  const patient = await Server.start({ args: ['--sql-time-limit-ms', '60000'] });
  after(() => patient.stop());
  const columns = Array.from({ length: 20 }, (_, i) => `a AS c${i}`).join(', ');
  for (const rows of ['[1]', '[1,2]', '[1,2,3]']) {
    const answer = await patient.request('POST', '/sql', {
      query: `SELECT ${columns} FROM (SELECT :long AS a), json_each('${rows}')`,
      parameters: { long: 'x'.repeat(900_000) },
    });
    assert.equal(answer.status, 400, `${rows}: ${answer.text.slice(0, 200)}`);
    assert.match(answer.json.detail, /too large/);
  }
});

test('more rows than the limit are cut off and said', async () => {
  const answer = await ask("SELECT value FROM json_each('[1,2,3,4,5]')", { limit: 3 });
  if (answer.status === 200) {
    assert.equal(answer.json.rows.length, 3);
    assert.equal(answer.json.truncated, true);
  }
  const many = await ask(
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) ' +
      'SELECT i FROM n',
  );
  assert.equal(many.status, 200, many.text);
  assert.equal(many.json.rows.length, 1000);
  assert.equal(many.json.truncated, true);
  const few = await ask('SELECT run_id, epoch FROM epochs LIMIT 2', { limit: 2 });
  assert.equal(few.json.truncated, false, 'as many rows as the limit are not too many');
});

test('the views have every hyperparameter and metric as a column', async () => {
  const { rows, columns } = await server.sql(
    'SELECT * FROM run_results WHERE experiment_id = :e ORDER BY run_id',
    { e: experiment.id },
  );
  assert.equal(rows.length, 6);
  for (const name of [
    'run_id',
    'experiment_id',
    'config_id',
    'status',
    'seed',
    'dropout',
    'l2',
    'learning_rate',
    'optimizer',
    'hidden',
    'epochs',
    'early_stopping_patience',
    'val_loss',
    'test_accuracy',
    'generalization_gap',
  ])
    assert.ok(columns.includes(name), `no ${name} in ${columns}`);
  const { items: fields } = await server.get('/fields');
  for (const { name } of fields.filter((field) => field.type !== 'object'))
    assert.ok(columns.includes(name.replaceAll('.', '_')), `no column for ${name}`);
  const { metrics } = await server.get('/fields');
  for (const { name, scope } of metrics.filter((metric) => metric.scope !== 'layer')) {
    const wanted = scope === 'epoch' ? [name, `last_${name}`, `best_${name}`] : [name];
    for (const column of wanted.filter((one) => !columns.includes(one)))
      assert.ok(scope === 'epoch' && column === name, `no column ${column}`);
  }
  const at = columns.indexOf('dropout');
  assert.deepEqual(rows.map((row) => row[at]).sort(), [0, 0, 0, 0.5, 0.5, 0.5]);
  const loss = columns.indexOf('val_loss');
  const id = columns.indexOf('run_id');
  for (const row of rows)
    assert.equal(row[loss], runs.find((run) => run.id === row[id]).metrics.val_loss);
  const configs = await server.sql('SELECT * FROM config_results WHERE experiment_id = :e', {
    e: experiment.id,
  });
  assert.equal(configs.rows.length, 2);
  assert.deepEqual(
    configs.rows.map((row) => row[configs.columns.indexOf('n')]),
    [3, 3],
  );
});

test('the statistical functions', async () => {
  const { rows } = await server.sql(
    'SELECT stddev(value), median(value), ci95_low(value), ci95_high(value) FROM ' +
      '(SELECT 1 AS value UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4)',
  );
  const [deviation, median, low, high] = rows[0];
  assert.ok(Math.abs(deviation - 1.2909944487358056) < 1e-12);
  assert.equal(median, 2.5);
  const half = (3.182446305284263 * 1.2909944487358056) / 2;
  assert.ok(Math.abs(low - (2.5 - half)) < 1e-9, `${low}`);
  assert.ok(Math.abs(high - (2.5 + half)) < 1e-9, `${high}`);
});

test('the schema can be read', async () => {
  for (const query of [
    'SELECT name FROM sqlite_master',
    'PRAGMA table_info(runs)',
    "SELECT name FROM pragma_table_info('runs')",
  ]) {
    const answer = await ask(query);
    assert.ok([200, 400, 403].includes(answer.status), query);
  }
  for (const name of ['user_version', 'encoding', 'page_count'])
    assert.equal((await server.sql(`PRAGMA ${name}`)).rows.length, 1, name);
  const tables = await ask('PRAGMA table_info(epochs)');
  assert.equal(tables.status, 200, tables.text);
  assert.match(tables.text, /val_loss/);
});

test('a mistake is told with its place', async () => {
  const answer = await ask('SELEC 1');
  assert.equal(answer.status, 400);
  assert.match(answer.json.detail, /SELEC/);
  assert.match((await ask('SELECT val_los FROM epochs')).json.detail, /val_los/);
  for (const query of ['', '   ', '-- nothing', ';'])
    assert.equal((await ask(query)).status, 400, JSON.stringify(query));
  assert.equal((await server.request('POST', '/sql', {})).status, 400);
  assert.equal((await server.request('POST', '/sql', { query: 5 })).status, 400);
  const other = await server.request('POST', '/sql', { sql: 'SELECT 1' });
  assert.deepEqual(
    other.json.errors.map((one) => one.pointer),
    ['/sql', '/query'],
    'what is wrong and what is wanted',
  );
  assert.equal((await server.request('GET', '/sql')).status, 400);
});

const REFUSED = {
  insert: "INSERT INTO experiments (name) VALUES ('x')",
  update: 'UPDATE runs SET seed = 9 RETURNING *',
  delete: 'DELETE FROM epochs',
  drop: 'DROP TABLE runs',
  'write in a CTE': 'WITH x AS (SELECT 1) DELETE FROM runs',
  replace: 'REPLACE INTO runs (id) VALUES (1)',
  'create table': 'CREATE TABLE t (a)',
  'create temporary table': 'CREATE TEMP TABLE t AS SELECT 1',
  'create temporary trigger': 'CREATE TEMP TRIGGER t AFTER INSERT ON runs BEGIN SELECT 1; END',
  alter: 'ALTER TABLE runs RENAME TO walks',
  reindex: 'REINDEX',
  analyze: 'ANALYZE',
  'second statement': 'SELECT 1; DROP TABLE runs',
  'second select': 'SELECT 1; SELECT 2',
  'query_only off': 'PRAGMA query_only = OFF',
  writable_schema: 'PRAGMA writable_schema = ON',
  'schema write': "UPDATE sqlite_master SET sql = 'x'",
  journal_mode: 'PRAGMA journal_mode = DELETE',
  'journal_mode in brackets': 'PRAGMA journal_mode(DELETE)',
  synchronous: 'PRAGMA synchronous = OFF',
  hard_heap_limit: 'PRAGMA hard_heap_limit = 1',
  temp_store_directory: "PRAGMA temp_store_directory = '/tmp'",
  wal_checkpoint: 'PRAGMA wal_checkpoint(TRUNCATE)',
  user_version: 'PRAGMA user_version = 7',
  attach: "ATTACH '/etc/passwd' AS p",
  'attach memory': "ATTACH ':memory:' AS m",
  'attach itself': "ATTACH 'regulab.db' AS again",
  detach: 'DETACH main',
  vacuum: 'VACUUM',
  'vacuum into': "VACUUM INTO '/tmp/regulab-stolen.db'",
  begin: 'BEGIN',
  'begin immediate': 'BEGIN IMMEDIATE',
  savepoint: 'SAVEPOINT s',
  load_extension: "SELECT load_extension('/tmp/x.so')",
  readfile: "SELECT readfile('/etc/passwd')",
  writefile: "SELECT writefile('/tmp/regulab-written', 'x')",
  edit: "SELECT edit('x')",
  fts3_tokenizer: "SELECT fts3_tokenizer('simple')",
  'fts3_tokenizer write': "SELECT fts3_tokenizer('x', x'4141414141414141')",
  'virtual table': 'CREATE VIRTUAL TABLE f USING fts3(a)',
  'database list': 'SELECT * FROM pragma_database_list',
  'database list pragma': 'PRAGMA database_list',
  dbstat: 'SELECT * FROM dbstat',
  sqlite_stmt: 'SELECT * FROM sqlite_stmt',
  randomblob: 'SELECT hex(randomblob(1000000000))',
  zeroblob: 'SELECT length(hex(zeroblob(1000000000)))',
  printf: "SELECT length(printf('%.*c', 1000000000, 'x'))",
  format: "SELECT length(format('%1000000000d', 1))",
  'replace bomb':
    'SELECT ' +
    "replace(replace(replace('aaaaaaaaaa','a','bbbbbbbbbb'),'b','cccccccccc'),'c','ddd" +
    "ddddddd')",
  instr: "SELECT instr('a', 'b')",
  'long SQL': `SELECT ${'1+'.repeat(40_000)}1`,
  'deep parentheses': `SELECT ${'('.repeat(3000)}1${')'.repeat(3000)}`,
  'long LIKE pattern': `SELECT 'a' LIKE '${'%_'.repeat(4000)}'`,
  'a compound of many': Array(400).fill('SELECT 1').join(' UNION ALL '),
};

for (const [what, query] of Object.entries(REFUSED)) {
  test(`refused: ${what}`, async () => {
    const answer = await ask(query);
    assert.ok(
      [400, 403, 413].includes(answer.status),
      `${answer.status} ${answer.text.slice(0, 300)}`,
    );
    assert.match(answer.headers.get('content-type'), /problem\+json/);
    assert.ok(answer.json.detail.length > 10, answer.text);
  });
}

const laughOf = (i) =>
  `a${i} AS (SELECT * FROM ${i ? `a${i - 1}, a${i - 1} AS b${i}` : '(SELECT 1)'})`;
const laughs =
  `WITH ${Array.from({ length: 20 }, (_, i) => laughOf(i)).join(', ')} ` +
  'SELECT count(*) FROM a19';
const BOMBS = {
  'endless recursion':
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n',
  'endless recursion with memory':
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT i FROM n ORDER ' +
    'BY i DESC LIMIT 1',
  'cross join':
    'SELECT count(*) FROM epochs a, epochs b, epochs c, epochs d, epochs e, epochs f, epochs g',
  'sorted cross join':
    'SELECT a.epoch FROM epochs a, epochs b, epochs c, epochs d, epochs e, epochs f ' +
    'ORDER BY a.val_loss + b.val_loss',
  group_concat:
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT ' +
    "group_concat('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' || i) FROM n",
  json_group_array:
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT ' +
    'json_group_array(i) FROM n',
  'string doubling':
    "WITH RECURSIVE d(s) AS (SELECT 'xxxxxxxxxxxxxxxx' UNION ALL SELECT s || s FROM d) " +
    'SELECT length(s) FROM d',
  'billion laughs': laughs,
  'LIKE over everything':
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) ' +
    "FROM n WHERE CAST(i AS TEXT) LIKE '%1%2%3%4%5%'",
};

const resident = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) * 1024;

for (const [what, query] of Object.entries(BOMBS)) {
  test(`bounded: ${what}`, async () => {
    const answer = await within(40_000, 'its end: unbounded, it would be for ever', ask(query));
    assert.ok(
      (answer.status >= 400 && answer.status < 600) || answer.json.truncated,
      `${answer.status} ${answer.text.slice(0, 200)}`,
    );
    assert.equal((await server.request('GET', '//healthz')).status, 200);
  });
}

test('while a bomb burns, the service answers and trains', async () => {
  const bombs = Array.from({ length: 4 }, () => ask(BOMBS['endless recursion with memory']));
  assert.equal((await server.request('GET', '//healthz')).status, 200);
  const {
    runs: [run],
  } = await server.train(QUICK);
  assert.equal(run.status, 'completed');
  for (const answer of await Promise.all(bombs))
    assert.ok(answer.status >= 400, `${answer.status}`);
});

test('after all attacks: the data stand, no file was written, memory is small', async () => {
  assert.deepEqual(sqlite(server.database, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
  assert.equal(sqlite(server.database, 'SELECT count(*) AS n FROM runs')[0].n, 7);
  assert.ok(!existsSync('/tmp/regulab-stolen.db') && !existsSync('/tmp/regulab-written'));
  const files = readdirSync(server.directory).filter(
    (name) => !/^(regulab\.db(-wal|-shm)?|data)$/.test(name),
  );
  assert.deepEqual(files, []);
  assert.equal(sqlite(server.database, 'PRAGMA journal_mode')[0].journal_mode, 'wal');
  if (patience === 1) assert.ok(resident() < 150e6, `${resident()} bytes`);
  assert.ok(!existsSync(join(server.directory, 'regulab.db-journal')));
});

test('the file can be read and held by others while training runs', async () => {
  const { id } = await server.submit({
    ...QUICK,
    dataset: { name: 'moons', n: 2000 },
    epochs: 100,
    repeats: 4,
  });
  for (let i = 0; i < 10; i++)
    assert.ok(sqlite(server.database, 'SELECT count(*) AS n FROM epochs')[0].n >= 0);
  assert.equal((await server.untilTerminal(id)).status, 'completed');
});
