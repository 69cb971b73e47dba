"""Penalties, objective and ablation recomputed in NumPy, and the noise of the gradient in PyTorch,
from the exported weights, data and documented addresses."""

import unittest

import numpy as np

import common
from common import Export
from reference import Reference

N_MASKS = 20


def infer(export, x, masks):
    """Outputs (logits) in double precision; each hidden layer's activations times its mask."""
    weights = {name: value.astype(np.float64) for name, value in export.final.items()}
    n_hidden = len(export.spec["hidden"])
    for i in range(n_hidden + 1):
        x = x @ weights[f"layers.{i}.weight"].T + weights.get(f"layers.{i}.bias", 0)
        if i == n_hidden:
            return x
        if export.spec["normalization"] == "batch":
            deviation = np.sqrt(weights[f"norms.{i}.running_var"] + 1e-5)
            x = (x - weights[f"norms.{i}.running_mean"]) / deviation * weights[
                f"norms.{i}.weight"
            ] + weights[f"norms.{i}.bias"]
        x = np.maximum(x, 0) * masks[i]


def mask(seed, number, layer, n, percent):
    order = common.permutation(seed, common.ABLATION, number, n, layer=layer)
    factors = np.full(n, 100 / (100 - percent))
    factors[order[: (n * percent + 50) // 100]] = 0
    return factors


def ablation(export, percent):
    x = export.data["x_val"].astype(np.float64).reshape(len(export.data["x_val"]), -1)
    y = export.data["y_val"]
    scores = []
    for number in range(N_MASKS):
        masks = [
            mask(export.spec["seed"], number, i + 1, n, percent)
            for i, n in enumerate(export.spec["hidden"])
        ]
        out = infer(export, x, masks)
        if y.dtype.kind == "f":
            y2 = y.reshape(len(y), -1)
            scores.append(1 - ((out - y2) ** 2).sum() / ((y2 - y2.mean(axis=0)) ** 2).sum())
        else:
            scores.append((out.argmax(axis=1) == y).mean())
    return np.mean(scores)


class Measures(unittest.TestCase):
    def check_ablation(self, spec, tolerance):
        export = Export({"hidden": [24, 17], "epochs": 8, "seed": 5, **spec})
        for percent in (25, 50, 75):
            found = export.result[f"ablation_{percent}"]
            self.assertAlmostEqual(
                found, ablation(export, percent), delta=tolerance * max(1, abs(found))
            )

    def test_ablation_is_of_documented_masks(self):
        glyphs = {"dataset": {"name": "glyphs", "n": 600}}
        self.check_ablation(glyphs, 1e-3)  # a near tie may fall otherwise in single precision
        self.check_ablation({**glyphs, "normalization": "batch", "dropout": 0.5}, 1e-3)
        self.check_ablation({"dataset": {"name": "sine", "n": 200}}, 1e-4)

    def check_gradient_noise_ratio(self, spec):
        export = Export({"hidden": [24, 17], "epochs": 3, "seed": 5, **spec})
        found = export.curves["gradient_noise_ratio"]
        first = Reference(export).gradient_noise_ratio(0)
        export.initial = export.final
        last = Reference(export).gradient_noise_ratio(3)
        np.testing.assert_allclose(found[[0, -1]], [first, last], rtol=1e-3)
        return last

    def test_gradient_noise_ratio_is_of_the_next_eight_steps(self):
        glyphs = {"dataset": {"name": "glyphs", "n": 600}}
        ratios = [
            self.check_gradient_noise_ratio({**glyphs, **spec})
            for spec in (
                {},
                {"l1": 1e-3, "l2": 1e-2, "gradient_clip": 0.1, "gradient_noise": 0.1},
                {"dropout": 0.5, "input_dropout": 0.2, "dropout_schedule": "linear"},
                {"dropout": 0.5, "dropout_scope": "batch", "label_smoothing": 0.1},
                {"normalization": "batch", "input_noise": 0.3, "weight_noise": 0.02},
                {"batch_size": 100, "shuffle": False},  # epochs of fewer than eight steps
            )
        ]
        ratios.append(self.check_gradient_noise_ratio({"dataset": "sine", "activation": "tanh"}))
        self.assertEqual(len(set(ratios)), len(ratios))
        self.assertGreater(np.sum(np.isfinite(ratios)), 4)

    def test_objective_is_loss_and_penalties(self):
        export = Export(
            {
                "dataset": {"name": "moons", "n": 200},
                "hidden": [16],
                "epochs": 5,
                "l1": 1e-3,
                "l2": 1e-2,
            }
        )
        weights = [
            w.astype(np.float64)
            for name, w in export.final.items()
            if name.startswith("layers.") and name.endswith(".weight")
        ]
        c = export.curves
        self.assertAlmostEqual(
            c["l1_penalty"][-1], 1e-3 * sum(np.abs(w).sum() for w in weights), places=6
        )
        self.assertAlmostEqual(
            c["l2_penalty"][-1], 1e-2 / 2 * sum((w**2).sum() for w in weights), places=6
        )
        np.testing.assert_allclose(c["penalty"], c["l1_penalty"] + c["l2_penalty"], rtol=1e-12)
        np.testing.assert_allclose(
            c["objective"][1:], (c["batch_loss"] + c["penalty"])[1:], rtol=1e-12
        )
        self.assertTrue(np.isnan(c["objective"][0]))
        self.assertTrue((c["l2_penalty"] > 0).all())


if __name__ == "__main__":
    unittest.main()
