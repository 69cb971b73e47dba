// What breaks each law: files that are put into the small house, or changes of those it has.

const lines = (n, line = '') => `${line}\n`.repeat(n);
const insert = (line) => (text) => text.replace(/\n#include/, `\n${line}\n#include`);
const guarded = (line) => (text) => text.replace(/#define \w+\n/, `$&\n${line}\n`);
const append = (more) => (text) => text + more;
const file = (text) => `/* A file. */\n${text}\n`;
const body = (text) => file(`int a(const char *t)\n{\n    ${text}\n}`);

/* A function of n lines: its brace, what it says, its brace. */
const functionOf = (n) => `\nvoid f(void);\n\nvoid f(void)\n{\n${lines(n - 2, '    f();')}}\n`;
const arrowOf = (n) => `window.f = () => {\n${lines(n - 2, "  document.title = '';")}};\n`;

const SUM = 'core/base/sum.c';
const FAIL = 'core/base/fail.c';
const MAIN = 'static/main.js';
const WORDS = 'server/study/words.c';

const ROOMS = [
  ['climbs', { [FAIL]: insert('#include "core/math/mat.h"') }],
  ['climbs', { [FAIL]: insert('#include "server/events/feed.h"') }],
  ['climbs', { [FAIL]: insert('#include "sum.h"') }],
  ['climbs', { 'server/export/csv.c': file('#include "server/events/feed.h"') }],
  ['climbs', { 'core/attic/old.c': file('#include "core/base/fail.h"') }],
  ['internal.h', { 'core/net/net.c': file('#include "core/math/internal.h"') }],
  [
    'includes itself',
    {
      'core/base/sum.h': guarded('#include "core/base/fail.h"'),
      'core/base/fail.h': guarded('#include "core/base/sum.h"'),
    },
  ],
  ['microhttpd', { 'server/api/a.c': file('#include <microhttpd.h>') }],
  ['SQLite', { 'server/jobs/a.c': file('#include <sqlite3.h>') }],
  ['cJSON', { 'server/api/a.c': file('#include <cjson/cJSON.h>') }],
  ['BLAS', { 'core/net/a.c': file('#include <cblas.h>') }],
  ['zlib', { 'server/http/a.c': file('#include <zlib.h>') }],
  ['libzip', { 'core/data/a.c': file('#include <zip.h>') }],
  ['libpng', { 'core/data/a.c': file('#include <png.h>') }],
  ['libjpeg', { 'core/data/a.c': file('#include <jpeglib.h>') }],
  ['nettle', { 'core/train/a.c': file('#include <nettle/sha2.h>') }],
  ['threads has its door', { 'core/train/a.c': file('#include <pthread.h>') }],
  ['are pure', { 'server/plan/a.c': file('#include <unistd.h>') }],
  ['are pure', { 'server/plan/a.c': file('#include <sys/stat.h>') }],
  ['are pure', { 'server/study/a.c': body('return fopen(t, "r") == NULL;') }],
  ['SQL is written', { 'server/api/a.c': body('return ask("SELECT id FROM runs");') }],
  ['SQL is written', { 'server/jobs/a.c': body('return ask("UPDATE runs SET a = 1");') }],
  ['searches JSON', { 'server/api/a.c': body('return strstr(t, "\\"until\\"") != NULL;') }],
  [
    'searches JSON',
    {
      'server/api/a.c': body(
        'snprintf(n, sizeof n, "\\"%s\\":", t);\n    return strstr(t, n) != NULL;',
      ),
    },
  ],
  ['is named in', { 'server/api/a.c': file('int early_stopping;') }],
  ['is named in', { 'core/net/a.c': file('int dropout_rate(void);') }],
  ['is named in', { [MAIN]: append("document.title = 'dropout';\n") }],
  ['is named in', { 'build/regulab': '#!/bin/sh\nexit 1\n' }],
];

const TEXT = [
  ['a file has', { [FAIL]: append(lines(500, '/* again */')) }],
  ['a file has', { [MAIN]: append(lines(500, '/* again */')) }],
  ['a header of a room has', { 'core/base/sum.h': append(lines(150, '/* again */')) }],
  ['a function of C has', { [FAIL]: append(functionOf(61)) }],
  ['a line has', { [FAIL]: append(`/* ${'é'.repeat(95)} */\n`) }],
  ['a line has', { [MAIN]: append(`/* ${'é'.repeat(95)} */\n`) }],
  ['a line has', { 'static/style.css': `/* style — ${'é'.repeat(95)}. */\n` }],
  ['no type name', { [SUM]: append('\nstruct fail {\n    int a;\n};\n') }],
  ['no type name', { [WORDS]: append('\ntypedef int (*fail)(int a);\n') }],
  ['no type name', { [WORDS]: append('\ntypedef int fail(int a);\n') }],
  ['no type name', { [WORDS]: append('\ntypedef enum { ONE } fail;\n') }],
  ['opens with', { [WORDS]: (text) => text.replace(/^.*\n/, '') }],
  ['opens with', { [MAIN]: (text) => text.replace(/^.*\n/, '') }],
  ['opens with', { [WORDS]: (text) => text.replace(/^.*\n/, '/* words */\n') }],
  ['nothing is left', { [FAIL]: append(`/* ${'TO'}DO: more. */\n`) }],
  ['no -Ofast', { Makefile: (text) => text.replace('-O2', '-Ofast') }],
  ['only core/base/', { 'core/net/a.c': body('return realloc(0, 1) == t;') }],
  ['only core/base/', { 'server/jobs/a.c': body('return time(NULL) > 0;') }],
  ['no style depends', { 'static/style.css': '/* style */\n.a:has(.b) { color: red; }\n' }],
  ['cast away', { Makefile: (text) => text.replace('-Wcast-qual', '') }],
];

const MENTIONS = [
  ['a path that', { 'README.md': append('Then `core/base/sums.h`.\n') }],
  ['a path that', { [FAIL]: append('/* See core/base/failures. */\n') }],
  ['a path that', { [MAIN]: append('// As server/events_*.c do.\n') }],
  ['a path that', { 'tests/lint.sh': append('# of static/lib/\n') }],
  ['a function that', { [FAIL]: append('/* As fail_text() says. */\n') }],
  ['a function that', { [MAIN]: append('// As hello() says.\n') }],
];

const OBJECTS = [
  [
    'call each other',
    {
      [SUM]: (text) => `#include "core/base/fail.h"\n${text.replace('a + b', 'fail_code(0)')}`,
      [FAIL]: (text) => `#include "core/base/sum.h"\n${text.replace(': 0', ': sum_of(1, 1)')}`,
    },
  ],
  [
    'mutable static',
    { [SUM]: (text) => text.replace('return', 'static int n;\n    return n++ +') },
  ],
  ['mutable static', { [SUM]: append('\nint sum_count = 1;\n') }],
  ['mutable static', { [SUM]: append('\nconst char *SUMS[] = {"a"};\n') }],
];

const TOOLS = [
  ['clang-format', { [SUM]: (text) => text.replace('a + b', 'a+b') }],
  ['prettier', { [MAIN]: (text) => text.replace(' = ', '=') }],
  ['eslint', { [MAIN]: append('const unused = 1;\n') }],
  ['eslint', { [MAIN]: append('missing();\n') }],
  ['eslint', { [MAIN]: append(arrowOf(61)) }],
  ['shellcheck', { 'tests/lint.sh': append('echo $1\n') }],
  ['clang-tidy', { [SUM]: (text) => text.replace('a + b', 'a == a ? a : b') }],
];

/** [words of the law, {path: text, or what becomes of the text that is there}] */
export const BREACHES = [...ROOMS, ...TEXT, ...MENTIONS, ...OBJECTS, ...TOOLS];

/** What is at the limit, or looks like a breach, and is none. */
export const FINE = {
  'a function of 60 lines': { [FAIL]: append(functionOf(60)) },
  'an arrow function of 60 lines': { [MAIN]: append(arrowOf(60)) },
  'a hundred columns that are more bytes': { [FAIL]: append(`/* ${'é'.repeat(94)} */\n`) },
  'an address that is longer': { [FAIL]: append(`/*\n * https://a.org/${'a'.repeat(99)}\n */\n`) },
  'a type that is announced elsewhere': {
    'core/base/sum.h': guarded('typedef struct fail fail;'),
  },
  'paths that are there': {
    [FAIL]: append('/* core/base/fail, core/math/*.h, tests/lint.sh, static/; axe-core/a.js. */\n'),
    [MAIN]: append("document.body.title = 'core/base/none.c';\n"),
  },
  'a function that is there': { [FAIL]: append('/* As fail_code() and sum_of(). */\n') },
  'a library in its room': { 'server/http/a.c': file('#include <microhttpd.h>') },
  'SQL where it belongs': { 'server/store/a.c': body('return ask("SELECT id FROM runs");') },
  'a search for something else': { 'server/api/a.c': body('return strstr(t, "://") != NULL;') },
  'the name of a metric': { 'server/api/a.c': file('int gradient_noise;') },
};
