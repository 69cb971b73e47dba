"""Random numbers recomputed from their documented addresses, by a program that shares no line
with the engine."""

import unittest

import numpy as np

import common
from common import Export

BASE = {"dataset": {"name": "moons", "n": 200}, "hidden": [40, 24], "epochs": 1}
VECTORS = [  # Random123's kat_vectors, philox4x32 with 10 rounds: counter, key, answer
    ([0, 0, 0, 0], (0, 0), [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, (0xFFFFFFFF, 0xFFFFFFFF), [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        (0xA4093822, 0x299F31D0),
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


class Draws(unittest.TestCase):
    def test_the_reference_itself_knows_the_published_vectors(self):
        for counter, key, answer in VECTORS:
            self.assertEqual(list(common.philox(np.array(counter, dtype=np.uint32), key)), answer)

    def weights(self, initialization, seed):
        export = Export({**BASE, "initialization": initialization, "seed": seed})
        for layer in (1, 2):
            yield layer, export.initial[f"layers.{layer - 1}.weight"]

    def check(self, initialization, draw, seed=0):
        for layer, w in self.weights(initialization, seed):
            n_out, n_in = w.shape
            expected = draw(seed, layer, w.size, n_in, n_out).reshape(w.shape)
            np.testing.assert_allclose(w, expected, rtol=2e-5, atol=1e-6)

    def test_normal_initial_weights(self):
        def draw(variance):
            return lambda seed, layer, n, n_in, n_out: common.normals(
                seed, common.WEIGHTS, 0, 0, layer, n
            ) * np.sqrt(variance(n_in, n_out))

        self.check("he_normal", draw(lambda a, b: 2 / a))
        self.check("lecun_normal", draw(lambda a, b: 1 / a), seed=2**53 - 1)
        self.check("glorot_normal", draw(lambda a, b: 2 / (a + b)), seed=2**32)

    def test_uniform_initial_weights(self):
        def draw(limit):
            return lambda seed, layer, n, n_in, n_out: (
                2 * common.uniforms(seed, common.WEIGHTS, 0, 0, layer, n) - 1
            ) * np.sqrt(limit(n_in, n_out))

        self.check("he_uniform", draw(lambda a, b: 6 / a), seed=17)
        self.check("glorot_uniform", draw(lambda a, b: 6 / (a + b)), seed=18)

    def test_initial_biases_are_zero(self):
        export = Export(BASE)
        for layer in range(3):
            self.assertFalse(export.initial[f"layers.{layer}.bias"].any())

    def test_mask_rates_are_right(self):
        for rate in (0.1, 0.25, 0.5, 0.9):
            kept = common.keeps(3, common.DROPOUT, np.arange(500), 0, 1, 400, rate).mean()
            self.assertAlmostEqual(kept, 1 - rate, delta=0.005)
