"""What the program writes is read by other people's libraries: safetensors, the sqlite3 module,
pandas."""

import json
import pathlib
import sqlite3
import subprocess
import tempfile
import unittest

import numpy as np
import pandas
import torch
from torch.nn import functional as F

from common import BINARY, Export

SPEC = {
    "dataset": {"name": "moons", "n": 400},
    "hidden": [16],
    "epochs": 6,
    "repeats": 3,
    "sweep": {"dropout": [0, 0.5]},
}


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(cls.folder.name)
        cls.database = path / "results.db"
        done = subprocess.run(
            [BINARY, "run", "-", "--quiet", "--db", str(cls.database)],
            input=json.dumps(SPEC),
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        cls.connection = sqlite3.connect(f"file:{cls.database}?mode=ro", uri=True)

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        cls.folder.cleanup()

    def test_pandas_reads_results_by_hyperparameter(self):
        frame = pandas.read_sql("SELECT * FROM run_results", self.connection)
        self.assertEqual(len(frame), 6)
        means = frame.groupby("dropout")["val_loss"].mean()
        self.assertEqual(list(means.index), [0, 0.5])
        configs = pandas.read_sql(
            "SELECT dropout, n, mean_val_loss, std_val_loss FROM config_results ORDER BY dropout",
            self.connection,
        )
        np.testing.assert_allclose(configs["mean_val_loss"], means, rtol=1e-12)
        np.testing.assert_allclose(
            configs["std_val_loss"], frame.groupby("dropout")["val_loss"].std(), rtol=1e-9
        )
        self.assertEqual(list(configs["n"]), [3, 3])

    def test_pandas_reads_curves(self):
        frame = pandas.read_sql(
            "SELECT run_id, epoch, train_loss, val_loss FROM epochs ORDER BY run_id, epoch",
            self.connection,
        )
        self.assertEqual(frame.groupby("run_id").size().tolist(), [7] * 6)
        self.assertTrue(np.isfinite(frame["val_loss"]).all())

    def test_the_exported_model_gives_the_recorded_losses(self):
        export = Export(
            {"dataset": {"name": "glyphs", "n": 600}, "hidden": [32], "epochs": 3, "dropout": 0.5}
        )
        weight = {name: torch.from_numpy(value).double() for name, value in export.final.items()}
        for part, name in (("val", "val_loss"), ("test", "test_loss")):
            x = torch.from_numpy(export.data["x_" + part]).double()
            hidden = torch.relu(x @ weight["layers.0.weight"].T + weight["layers.0.bias"])
            out = hidden @ weight["layers.1.weight"].T + weight["layers.1.bias"]
            loss = F.cross_entropy(out, torch.from_numpy(export.data["y_" + part])).item()
            metrics = export.result.get("metrics", export.result)
            self.assertAlmostEqual(metrics[name] / loss, 1, delta=1e-5)

    def test_scores_are_those_of_numpy(self):
        export = Export({"dataset": {"name": "glyphs", "n": 1200}, "hidden": [32], "epochs": 10})
        weight = {name: value.astype(np.float64) for name, value in export.final.items()}
        x, y = export.data["x_test"].astype(np.float64), export.data["y_test"]
        out = (
            np.maximum(x @ weight["layers.0.weight"].T + weight["layers.0.bias"], 0)
            @ weight["layers.1.weight"].T
            + weight["layers.1.bias"]
        )
        p = np.exp(out - out.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        metrics = export.result.get("metrics", export.result)
        confidence, right = p.max(axis=1), p.argmax(axis=1) == y
        self.assertAlmostEqual(metrics["test_accuracy"], right.mean(), delta=1e-9)
        self.assertAlmostEqual(
            metrics["test_brier"], ((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1).mean(), delta=1e-6
        )
        bins = np.minimum((confidence * 15).astype(int), 14)
        ece = sum(
            abs(right[bins == b].sum() - confidence[bins == b].sum()) for b in range(15)
        ) / len(y)
        self.assertAlmostEqual(metrics["test_ece"], ece, delta=2e-3)

    def test_labels_are_changed_by_label_noise_as_often_as_asked_and_only_in_training(self):
        clean = Export({"dataset": {"name": "glyphs", "n": 1000}, "hidden": [4], "epochs": 1})
        noisy = Export(
            {
                "dataset": {"name": "glyphs", "n": 1000},
                "hidden": [4],
                "epochs": 1,
                "label_noise": 0.3,
            }
        )
        changed = (clean.data["y_train"] != noisy.data["y_train"]).mean()
        self.assertAlmostEqual(changed, 0.3, delta=0.001)
        for name in ("y_val", "y_test", "x_train", "x_val", "x_test"):
            np.testing.assert_array_equal(clean.data[name], noisy.data[name])
