// What eslint holds: faults, and the limits of a function and of a file; prettier has the format.
import globals from 'globals';

const limits = {
  'max-lines': ['error', { max: 500 }],
  'max-lines-per-function': ['error', { max: 60, IIFEs: true }],
};
const faults = {
  'array-callback-return': 'error',
  'no-const-assign': 'error',
  'no-constant-condition': 'error',
  'no-dupe-args': 'error',
  'no-dupe-class-members': 'error',
  'no-dupe-else-if': 'error',
  'no-dupe-keys': 'error',
  'no-duplicate-case': 'error',
  'no-duplicate-imports': 'error',
  'no-empty': 'error',
  'no-empty-pattern': 'error',
  'no-eval': 'error',
  'no-fallthrough': 'error',
  'no-func-assign': 'error',
  'no-implied-eval': 'error',
  'no-import-assign': 'error',
  'no-irregular-whitespace': 'error',
  'no-new-func': 'error',
  'no-redeclare': 'error',
  'no-self-assign': 'error',
  'no-self-compare': 'error',
  'no-shadow-restricted-names': 'error',
  'no-sparse-arrays': 'error',
  'no-undef': 'error',
  'no-unreachable': 'error',
  'no-unreachable-loop': 'error',
  'no-unsafe-finally': 'error',
  'no-unsafe-negation': 'error',
  'no-unsafe-optional-chaining': 'error',
  'no-unused-expressions': ['error', { allowShortCircuit: true }],
  'no-unused-vars': 'error',
  'no-useless-escape': 'error',
  'no-useless-return': 'error',
  'no-var': 'error',
  'prefer-const': ['error', { destructuring: 'all' }],
  'use-isnan': 'error',
  'valid-typeof': 'error',
  eqeqeq: 'error',
};

export default [
  { ignores: ['**/node_modules/**', 'build/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' }, rules: { ...limits, ...faults } },
  { files: ['static/**/*.js'], languageOptions: { globals: globals.browser } },
  { files: ['tests/**/*.mjs'], languageOptions: { globals: globals.node } },
  /* A browser test has pieces that run in the page. */
  {
    files: ['tests/browser/*.mjs', 'tests/bench/dashboard.mjs'],
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
  },
];
