// Where a law does not hold yet: beginnings of paths, by law. A breach there is shown and does not
// fail; the list only ever gets shorter.
export const WAITING = {
  'a file has at most 500 lines': ['tests/'],
  'a function of C has at most 60 lines': ['tests/'],
  'a line has at most 100 columns': ['tests/'],
  'eslint finds nothing': ['tests/'],
};
