// Where a law does not hold yet: beginnings of paths, by law. A breach there is shown and does not
// fail; the list only ever gets shorter.
export const WAITING = {
  'nobody searches JSON text outside server/text/ and server/codec/': [
    'server/export/safetensors.c',
  ],
  'a file has at most 500 lines': ['server/api/openapi.c', 'tests/'],
  'a function of C has at most 60 lines': ['tests/'],
  'a line has at most 100 columns': ['server/api/', 'tests/'],
  'no type name stands for two things': ['server/api/datasets.c', 'server/store/'],
  'sibling files do not call each other in a circle': ['server/api/', 'server/study/'],
  'eslint finds nothing': ['tests/'],
};
