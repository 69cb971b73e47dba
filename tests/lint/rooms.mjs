// The laws of the rooms: what may be included where, which library has its door where, and what
// is said in one room alone.
import { circlesOf } from './circle.mjs';
import { folderOf } from './tree.mjs';

/* Lowest first; the rooms of one floor, with commas between, do not see each other. */
const FLOORS =
  'core: base < math < spec < stats < data < data/import < net < regularizer < train; ' +
  'server: text < model < study < codec < plan < store < console, export, events < jobs ' +
  '< lesson < api < http < cli';

/* "core/base" → its height; all of core/ lies below server/. */
const HEIGHTS = new Map(
  FLOORS.split(/; /).flatMap((half, storey) => {
    const [name, floors] = half.split(': ');
    return floors
      .split(' < ')
      .flatMap((rooms, i) =>
        rooms.split(', ').map((room) => [`${name}/${room}`, storey * 100 + i]),
      );
  }),
);

function climbs({ from, to }) {
  const [room, other] = [folderOf(from), folderOf(to)];
  if (!HEIGHTS.has(room) || !HEIGHTS.has(other)) return true;
  return room !== other && HEIGHTS.get(other) >= HEIGHTS.get(room);
}

/* A library's headers, and the only rooms that may include them. */
const DOORS = [
  ['microhttpd', /^microhttpd\.h$/, ['server/http']],
  ['SQLite', /^sqlite3\.h$/, ['server/store', 'server/console']],
  ['cJSON', /^(cjson\/)?cJSON\.h$/, ['server/codec']],
  ['BLAS', /^(cblas|f77blas|lapacke?)\.h$|^openblas/, ['core/math']],
  ['zlib', /^zlib\.h$/, ['core/data/import']],
  ['libzip', /^zip\.h$/, ['core/data/import']],
  ['libpng', /^(libpng\d*\/)?png\.h$/, ['core/data/import']],
  ['libjpeg', /^(jpeglib|turbojpeg)\.h$/, ['core/data/import']],
  ['nettle', /^nettle\//, ['core/base']],
  [
    'threads',
    /^(pthread|threads)\.h$/,
    ['core/math', 'server/store', 'server/events', 'server/jobs', 'server/http'],
  ],
];

function doorLaw([library, headers, rooms]) {
  const isBreach = (line, path) =>
    headers.test(/^#include <(.*)>/.exec(line)?.[1] ?? '') && !rooms.includes(folderOf(path));
  return {
    law: `${library} has its door in ${rooms.map((room) => `${room}/`).join(', ')}`,
    breaches: (tree) => tree.grep(tree.c, isBreach),
  };
}

const PURE = /^server\/(plan|study)\//;
const IMPURE_HEADER = new RegExp(
  '^#include (<(pthread|threads|fcntl|dirent|unistd|spawn|signal|poll|sys/.*)\\.h>|' +
    '"core/data/import/|"server/store/)',
);
const IMPURE_CALL = new RegExp(
  '\\b(f?open(at|dir)?|f(re|d|mem)open|popen|fread|fwrite|fputs|fputc|fprintf|printf|puts|' +
    'putchar|remove|rename|unlink|mkdir|rmdir|f?stat|system|fork|getenv|' +
    'pthread_\\w+|thrd_\\w+|mtx_\\w+)\\s*\\(',
);

/* A statement at the beginning of a string; \" is a quotation in a sentence. */
const STATEMENT = new RegExp(
  '(^|[^\\\\])"\\s*(SELECT|INSERT (INTO|OR)|REPLACE INTO|UPDATE \\w+ SET|DELETE FROM|' +
    'WITH \\w+ AS|CREATE (TABLE|VIEW|TRIGGER|(UNIQUE )?INDEX)|DROP|ALTER TABLE|PRAGMA|' +
    'BEGIN|COMMIT|ROLLBACK|SAVEPOINT|ATTACH|VACUUM)\\b',
);

/* A needle with a quotation mark in it, written there or formatted before, looks for JSON. */
const SEARCH = /\b(?:strstr|strcasestr|memmem)\s*\(.*,\s*(?:"((?:[^"\\]|\\.)*)"|(\w+))/;
const FORMATTED = /\bsnprintf\((\w+),[^"]*"(?:[^"\\]|\\[^"])*\\"/g;

function jsonSearches(tree, path) {
  const needles = new Set([...tree.code(path).matchAll(FORMATTED)].map((match) => match[1]));
  return tree.grepCode([path], (line) => {
    const [, literal = '', name] = SEARCH.exec(line) ?? [];
    return literal.includes('\\"') || needles.has(name);
  });
}

function includeCircle(tree) {
  const edges = new Map();
  for (const { from, to } of tree.includes()) {
    if (from.endsWith('.h')) edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  return circlesOf(edges).map((circle) => circle.join(' → '));
}

/* A regularizer's name is a row's alone; the words of metrics are no regularizers' names. */
const NAMING = /^(core\/(regularizer|spec)\/|static\/(view|part)\/explain)/;

async function namesOf(tree) {
  const { out, status } = await tree.run(`${tree.build}/regulab`, ['fields', '--json']);
  if (status !== 0) return [];
  const { items, metrics } = JSON.parse(out);
  const measured = new Set(metrics.map(({ name }) => name));
  const rows = items.filter(({ is_regularizer }) => is_regularizer);
  return [...new Set(rows.map(({ name }) => name.split('.')[0]))].filter((n) => !measured.has(n));
}

async function namedRegularizers(tree) {
  const names = await namesOf(tree);
  if (names.length === 0) return [`${tree.build}/regulab fields --json names no regularizer`];
  const pattern = new RegExp(`\\b(${names.join('|')})(\\b|_)`);
  const places = [...tree.c, ...tree.select(/^static\/.*\.js$/)];
  return tree.grepCode(
    places.filter((path) => !NAMING.test(path)),
    (line) => pattern.test(line),
  );
}

export const LAWS = [
  {
    law: 'an include never climbs the floors',
    breaches: (tree) =>
      tree
        .includes()
        .filter(climbs)
        .map(({ place }) => place),
  },
  {
    law: 'internal.h stays inside its room',
    breaches: (tree) =>
      tree
        .includes()
        .filter(({ from, to }) => /\/internal\.h$/.test(to) && !from.startsWith(`${folderOf(to)}/`))
        .map(({ place }) => place),
  },
  { law: 'no header includes itself in a circle', breaches: includeCircle },
  ...DOORS.map(doorLaw),
  {
    law: 'plan/ and study/ are pure: no threads, no files, no store',
    breaches: (tree) => {
      const pure = tree.c.filter((path) => PURE.test(path));
      return tree.grepCode(pure, (line) => IMPURE_HEADER.test(line) || IMPURE_CALL.test(line));
    },
  },
  {
    law: 'SQL is written in server/store/, server/console/ and migrations/',
    breaches: (tree) => {
      const others = tree.c.filter((path) => !/^server\/(store|console)\//.test(path));
      return tree.grepCode(others, (line) => STATEMENT.test(line));
    },
  },
  {
    law: 'nobody searches JSON text outside server/text/ and server/codec/',
    breaches: (tree) => {
      const others = tree.c.filter((path) => !/^server\/(text|codec)\//.test(path));
      return others.flatMap((path) => jsonSearches(tree, path));
    },
  },
  {
    law: 'a regularizer is named in core/regularizer/, core/spec/ and the view that explains it',
    breaches: namedRegularizers,
  },
];
