"""Tables as people have them against scikit-learn and pandas: what their columns become, and what a
logistic regression (`hidden: []`) makes of it."""

import csv
import json
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np
import pandas as pd
from safetensors.numpy import load_file
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from common import BINARY

L2 = 0.01
PARTS = {"train": "train.csv", "val": "val.csv", "test": "test.csv"}


def run(*words):
    done = subprocess.run([BINARY, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{words}: {done.stdout}{done.stderr}")
    return done.stdout


class Table:
    """Three CSV files, registered and trained on; `options` are flags of `dataset add`."""

    def __init__(self, frames, **options):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            for part, name in PARTS.items():
                frames[part].to_csv(path / name, index=False, quoting=csv.QUOTE_MINIMAL)
            flags = [word for name, value in options.items() for word in (f"--{name}", value)]
            files = [path / name for name in PARTS.values()]
            data = ["--data-dir", path / "data"]
            self.answer = json.loads(run("dataset", "add", "set", *files, *flags, *data, "--json"))
            spec = {
                "dataset": "set",
                "hidden": [],
                "l2": L2,
                "optimizer": "adam",
                "learning_rate": 0.05,
                "learning_rate_schedule": "cosine",
                "epochs": 400,
                "evaluate_every": 400,
                "batch_size": min(65536, len(frames["train"])),
            }
            (path / "spec.json").write_text(json.dumps(spec))
            out = path / "out"
            run("run", path / "spec.json", "--quiet", "--export", out, *data)
            self.data = load_file(out / "data.safetensors")
            self.accuracy = json.loads((out / "result.json").read_text())["test_accuracy"]


def frames_of(frame):
    """The rows in three parts, one after the other."""
    n = len(frame)
    ends = {"train": (0, n // 2), "val": (n // 2, 3 * n // 4), "test": (3 * n // 4, n)}
    return {part: frame.iloc[a:b].reset_index(drop=True) for part, (a, b) in ends.items()}


def like_adult(n=4000):
    rng = np.random.default_rng(5)
    work = rng.choice(["Private", "State-gov", "Self-emp, inc", None], n, p=[0.6, 0.2, 0.1, 0.1])
    age = rng.integers(17, 90, n).astype(float)
    gain = np.round(rng.exponential(2000, n), 2)
    married = rng.random(n) < 0.5
    score = 0.04 * (age - 40) + 0.0004 * gain + 1.5 * married + rng.logistic(size=n)
    score += np.where(work == "Private", 0.8, 0)
    age[rng.random(n) < 0.05] = np.nan
    income = np.select([score < 0.5, score < 2], ["low", "middle"], "high")
    return pd.DataFrame(
        {"age": age, "work": work, "gain": gain, "married": married, "income": income}
    )


def encoder():
    """Of scikit-learn, in the order in which the columns stand in the file."""
    number = make_pipeline(SimpleImputer(), StandardScaler())
    category = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="~missing"),
        OneHotEncoder(sparse_output=False),
        StandardScaler(),
    )
    return ColumnTransformer(
        [
            ("age", number, ["age"]),
            ("work", category, ["work"]),
            ("gain", number, ["gain"]),
            ("married", number, ["married"]),
        ]
    )


class Encoding(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.frames = frames_of(like_adult())
        cls.table = Table(cls.frames)
        inputs = {part: frame.drop(columns="income") for part, frame in cls.frames.items()}
        for frame in inputs.values():
            frame["married"] = frame["married"].astype(float)
            frame["work"] = frame["work"].astype(object).where(frame["work"].notna(), np.nan)
        fitted = encoder().fit(inputs["train"])
        cls.encoded = {part: fitted.transform(frame) for part, frame in inputs.items()}

    def test_columns_become_what_scikit_learn_makes_of_them(self):
        kinds = [column["kind"] for column in self.table.answer["columns"]]
        self.assertEqual(kinds, ["number", "category", "number", "number", "label"])
        work = self.table.answer["columns"][1]
        self.assertEqual(
            work["categories"], ["Private", "Self-emp, inc", "State-gov", "missing"]
        )
        for part, expected in self.encoded.items():
            np.testing.assert_allclose(self.table.data[f"x_{part}"], expected, atol=2e-5)

    def test_labels_are_numbered_in_order(self):
        names = sorted(self.frames["train"]["income"].unique())
        for part, frame in self.frames.items():
            expected = [names.index(label) for label in frame["income"]]
            np.testing.assert_array_equal(self.table.data[f"y_{part}"], expected)

    def test_a_logistic_regression_agrees(self):
        n = len(self.frames["train"])
        model = LogisticRegression(C=1 / (L2 * n), tol=1e-8, max_iter=5000)
        model.fit(self.encoded["train"], self.frames["train"]["income"])
        accuracy = model.score(self.encoded["test"], self.frames["test"]["income"])
        self.assertGreater(accuracy, 0.55)
        self.assertAlmostEqual(self.table.accuracy, accuracy, delta=0.0011)


class FarFromZero(unittest.TestCase):
    """Seconds since 1970: float32 holds every 128th."""

    def check(self, step):
        order = np.random.default_rng(7).permutation(400)
        seconds = 1_700_000_000 + step * order
        frame = pd.DataFrame({"time": seconds, "y": np.where(order < 200, "before", "after")})
        frames = frames_of(frame)
        table = Table(frames)
        scaler = StandardScaler().fit(frames["train"][["time"]].astype(float))
        for part, rows in frames.items():
            expected = scaler.transform(rows[["time"]].astype(float))
            np.testing.assert_allclose(table.data[f"x_{part}"], expected, atol=2e-5)
            self.assertEqual(len(np.unique(table.data[f"x_{part}"])), len(rows))
        model = LogisticRegression(C=2 / (L2 * len(frames["train"])), tol=1e-8)
        model.fit(scaler.transform(frames["train"][["time"]].astype(float)), frames["train"]["y"])
        inputs = scaler.transform(frames["test"][["time"]].astype(float))
        accuracy = model.score(inputs, frames["test"]["y"])
        self.assertAlmostEqual(table.accuracy, accuracy, delta=0.011)

    def test_seconds(self):
        self.check(1)

    def test_two_minutes(self):
        self.check(120)


if __name__ == "__main__":
    unittest.main()
