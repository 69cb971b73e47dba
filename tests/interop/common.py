"""What the interoperability tests share: running the binary, reading its export, and Philox in
NumPy.

Nothing here is taken from the program: the random numbers follow what core/math/rng.h documents,
the files are read by the safetensors and json packages.
"""

import csv
import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np
from safetensors.numpy import load_file

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("REGULAB", str(TOP / "build" / "regulab"))

# Purposes of core/math/rng.h.
WEIGHTS, ORDER, DROPOUT, INPUT_NOISE, ACTIVATION_NOISE, WEIGHT_NOISE, GRADIENT_NOISE = range(7)
ABLATION = 14
MASK32 = np.uint64(0xFFFFFFFF)


class Export:
    """Trains `spec` and holds what `--export` wrote."""

    def __init__(self, spec):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "spec.json").write_text(json.dumps(spec))
            out = path / "out"
            done = subprocess.run(
                [
                    BINARY,
                    "run",
                    str(path / "spec.json"),
                    "--quiet",
                    "--threads",
                    "1",
                    "--export",
                    str(out),
                ],
                capture_output=True,
                text=True,
            )
            if done.returncode != 0:
                raise RuntimeError(f"{spec}: {done.stdout}{done.stderr}")
            self.spec = json.loads((out / "spec.json").read_text())
            self.result = json.loads((out / "result.json").read_text())
            self.data = load_file(out / "data.safetensors")
            self.initial = load_file(out / "initial.safetensors")
            self.final = load_file(out / "final.safetensors")
            with open(out / "curves.csv", newline="") as file:
                rows = list(csv.DictReader(file))
            self.curves = {
                name: np.array([float(row[name]) if row[name] else np.nan for row in rows])
                for name in rows[0]
            }


def philox(counter, key):
    """Philox4x32-10 of Salmon et al. 2011: counter (..., 4) and key (2,), uint32 -> (..., 4)."""
    c = [np.asarray(counter[..., i], dtype=np.uint64) for i in range(4)]
    k = [np.uint64(key[0]), np.uint64(key[1])]
    for _ in range(10):
        p0 = c[0] * np.uint64(0xD2511F53)
        p1 = c[2] * np.uint64(0xCD9E8D57)
        c = [
            (p1 >> np.uint64(32)) ^ c[1] ^ k[0],
            p1 & MASK32,
            (p0 >> np.uint64(32)) ^ c[3] ^ k[1],
            p0 & MASK32,
        ]
        k = [(k[0] + np.uint64(0x9E3779B9)) & MASK32, (k[1] + np.uint64(0xBB67AE85)) & MASK32]
    return np.stack([x.astype(np.uint32) for x in c], axis=-1)


def words(seed, purpose, rows, step, layer, n_words):
    """The first n_words words of each row's address: (len(rows), n_words)."""
    rows = np.atleast_1d(np.asarray(rows, dtype=np.uint32))
    n_blocks = -(-n_words // 4)
    counter = np.zeros((len(rows), n_blocks, 4), dtype=np.uint32)
    counter[..., 0] = np.arange(n_blocks, dtype=np.uint32)
    counter[..., 1] = rows[:, None]
    counter[..., 2] = step
    counter[..., 3] = layer
    key = (seed & 0xFFFFFFFF, (seed >> 32) | (purpose << 21))
    return philox(counter, key).reshape(len(rows), -1)[:, :n_words]


def quantized(rate):
    """The rate that masks really have."""
    return np.floor(65536 * rate + 0.5) / 65536


def keeps(seed, purpose, rows, step, layer, n, rate):
    """True where a unit survives: (len(rows), n)."""
    w = words(seed, purpose, rows, step, layer, -(-n // 2))
    halves = np.stack([w & np.uint32(0xFFFF), w >> np.uint32(16)], axis=-1).reshape(len(w), -1)[
        :, :n
    ]
    return halves >= np.uint32(round(65536 * quantized(rate)))


def normals(seed, purpose, rows, step, layer, n):
    """Standard normals by Box and Muller: (len(rows), n)."""
    w = words(seed, purpose, rows, step, layer, 4 * -(-n // 4)).astype(np.float64)
    r = np.sqrt(-2 * np.log((w[:, 0::2] + 0.5) / 2**32))
    angle = 2 * np.pi * w[:, 1::2] / 2**32
    return np.stack([r * np.cos(angle), r * np.sin(angle)], axis=-1).reshape(len(w), -1)[:, :n]


def uniforms(seed, purpose, rows, step, layer, n):
    """Uniform numbers in (0, 1): (len(rows), n)."""
    return (words(seed, purpose, rows, step, layer, n).astype(np.float64) + 0.5) / 2**32


def permutation(seed, purpose, step, n, layer=0):
    """Fisher and Yates, from the top."""
    w = words(seed, purpose, 0, step, layer, n)[0].astype(np.uint64)
    items = np.arange(n)
    for word, i in zip(w, range(n - 1, 0, -1)):
        j = int(word * np.uint64(i + 1) >> np.uint64(32))
        items[i], items[j] = items[j], items[i]
    return items
