// A small house of files in which every law holds: what the breaches are planted in.
const header = (path, words, text) => {
  const guard = path.toUpperCase().replace(/[/.]/g, '_');
  return `/* ${words} */\n#ifndef ${guard}\n#define ${guard}\n\n${text}\n#endif\n`;
};

const FIELDS = {
  items: [
    { name: 'dropout', is_regularizer: true },
    { name: 'early_stopping.patience', is_regularizer: true },
    { name: 'gradient_noise', is_regularizer: true },
    { name: 'epochs', is_regularizer: false },
  ],
  metrics: [{ name: 'gradient_noise' }],
};

/** path → text; build/regulab is a program that prints its fields. */
export const HOUSE = {
  Makefile:
    '# Never -Ofast.\nWARNINGS = -Wall \\\n    -Wcast-qual -Werror\nCFLAGS = -O2 $(WARNINGS)\n',
  'README.md': 'Read `core/base/fail.h`, then `server/events/`.\n',
  'build/regulab': `#!/bin/sh\necho '${JSON.stringify(FIELDS)}'\n`,
  'core/base/fail.h': header(
    'core/base/fail.h',
    'fail — what went wrong.',
    'typedef struct fail {\n    int code;\n} fail;\n\nint fail_code(const fail *f);\n',
  ),
  'core/base/fail.c':
    '#include "core/base/fail.h"\n\n#include <stddef.h>\n\n' +
    'static const char *const NAMES[] = {"none", "syntax"};\n\n' +
    'int fail_code(const fail *f)\n{\n    return f && NAMES[0] ? f->code : 0;\n}\n',
  'core/base/sum.h': header('core/base/sum.h', 'sum — a sum.', 'int sum_of(int a, int b);\n'),
  'core/base/sum.c':
    '#include "core/base/sum.h"\n\nint sum_of(int a, int b)\n{\n    return a + b;\n}\n',
  'core/math/mat.h': header('core/math/mat.h', 'mat — matrices.', 'int mat_rows(void);\n'),
  'core/math/internal.h': header(
    'core/math/internal.h',
    'internal — what the files of math share.',
    '#include "core/base/fail.h"\n',
  ),
  'core/math/mat.c':
    '/* mat: the rows. */\n#include "core/math/mat.h"\n\n#include "core/math/internal.h"\n\n' +
    'int mat_rows(void)\n{\n    return 0;\n}\n',
  'server/study/words.c':
    '/* The words of a verdict, which no early_stopping decides. */\n' +
    'const char *study_words(void);\n\n' +
    'const char *study_words(void)\n{\n    return "SELECTED";\n}\n',
  'server/events/feed.h': header('server/events/feed.h', 'feed — a feed.', 'int feed_of(int a);\n'),
  'static/main.js': "/* main — says hello. */\ndocument.title = 'gradient_noise';\n",
  'tests/lint.sh': '#!/usr/bin/env bash\nset -e\necho hello\n',
};
