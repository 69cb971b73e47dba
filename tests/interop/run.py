#!/usr/bin/env python3
"""Runs every tests/interop/test_*.py and ends with one line, "N passed, N failed".

    REGULAB=build/regulab python tests/interop/run.py [test_name ...]

A file is a unittest module. What it tests with was not written by us: PyTorch, NumPy, SciPy, pandas
and the sqlite3 module look at what the binary exports; generated clients and schemathesis ask the
running service.
"""

import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class LineResult(unittest.TestResult):
    """One line per test, in the words of the other test programs."""

    def __init__(self):
        super().__init__()
        self.n_passed = 0

    def _say(self, word, test, more=""):
        print(f"{word} {test.id()}{more}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.n_passed += 1
        self._say("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._say("not ok", test, "\n" + self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._say("not ok", test, "\n" + self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._say("skip", test, f": {reason}")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is None:
            self.n_passed += 1
            self._say("ok", subtest)
        else:
            self._say("not ok", subtest)


def main(names):
    sys.path.insert(0, str(HERE))
    names = names or sorted(path.stem for path in HERE.glob("test_*.py"))
    started = time.monotonic()
    result = LineResult()
    unittest.TestLoader().loadTestsFromNames(names).run(result)
    failed = len(result.failures) + len(result.errors)
    if result.n_passed + failed == 0:
        print("nothing was tested")
        failed = 1
    print(f"interop took {time.monotonic() - started:.0f} s")
    print(f"{result.n_passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
