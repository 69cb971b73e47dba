"""Reads one CSV file with pandas.read_csv and with `regulab dataset add --dry-run`, in turns, and
prints JSON: seconds (wall, of the best round), processor seconds and peak megabytes of each.

    python tables.py REGULAB FILE FOLDER ROUNDS

Python's own start and import are not counted; the program's are, and so is all that it does
besides: it finds out kinds, writes what it has read, reads it again and takes its digest twice.
"""

import json
import os
import subprocess
import sys

PANDAS = """
import json, resource, sys, time
import pandas
wall, processor = time.perf_counter(), time.process_time()
pandas.read_csv(sys.argv[1])
print(json.dumps({
    "seconds": time.perf_counter() - wall,
    "processor": time.process_time() - processor,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
}))
"""

PROGRAM = """
import json, os, sys, time
started = time.perf_counter()
child = os.fork()
if child == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(json.dumps({
    "seconds": time.perf_counter() - started,
    "processor": usage.ru_utime + usage.ru_stime,
    "megabytes": usage.ru_maxrss / 1000,
}))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def measure(script, *words):
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def main(program, path, folder, rounds):
    words = ["dataset", "add", "table", path, "--dry-run", "--data-dir", folder]
    found = {"pandas": [], "regulab": []}
    for _ in range(int(rounds)):
        found["pandas"].append(measure(PANDAS, path))
        found["regulab"].append(measure(PROGRAM, program, *words))
    best = {
        name: {key: min(row[key] for row in rows) for key in rows[0]}
        for name, rows in found.items()
    }
    print(json.dumps({**best, "bytes": os.path.getsize(path)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
