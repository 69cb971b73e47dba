"""Comparisons and the statistical SQL functions of the real service, against SciPy.

Runs are trained (tiny ones), then their metrics are overwritten with random numbers in the
database, so that the statistics see values of every kind; failed runs, single pairs and equal
differences are among them.
"""

import json
import pathlib
import sqlite3
import subprocess
import tempfile
import unittest
import urllib.parse
import urllib.request

import numpy as np
from scipy import optimize, stats

from common import BINARY

TINY = {"dataset": {"name": "moons", "n": 60}, "hidden": [2], "epochs": 1, "record_layers": False}
RATES = [0, 0.1, 0.2, 0.3, 0.4, 0.5]
SEEDS = 12
METRICS = [
    "val_loss",
    "test_loss",
    "val_accuracy",
    "test_accuracy",
    "last_val_loss",
    "best_val_loss",
]


def run(spec, database):
    done = subprocess.run(
        [BINARY, "run", "-", "--quiet", "--db", str(database)],
        input=json.dumps(spec),
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)


class Service:
    """The binary, serving a database on a port of its own choice."""

    def __init__(self, folder, database):
        self.process = subprocess.Popen(
            [
                BINARY,
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--db",
                str(database),
                "--data-dir",
                str(folder / "data"),
                "--static",
                str(folder / "none"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"the service said {line!r}")
        self.base = line.split()[-1] + "/api/v1"

    def get(self, path, **query):
        with urllib.request.urlopen(f"{self.base}{path}?{urllib.parse.urlencode(query)}") as answer:
            return json.load(answer)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def detectable(n):
    """Effect in deviations that n pairs find with 80 % power at 5 %, both tails counted."""
    df, critical = n - 1, stats.t.ppf(0.975, n - 1)

    def excess(delta):
        return (
            stats.nct.sf(critical, df, delta)
            + np.nan_to_num(stats.nct.cdf(-critical, df, delta))
            - 0.8
        )

    return optimize.brentq(excess, 1e-3, 20, xtol=1e-14, rtol=1e-14) / np.sqrt(n)


def holm(p, pairs):
    """Holm 1979 over all comparisons of two pairs or more: those whose differences are all equal
    have no p, but belong to the family."""
    adjusted = np.full(len(p), np.nan)
    m = (np.asarray(pairs) >= 2).sum()
    running = 0.0
    for rank, i in enumerate(i for i in np.argsort(p) if not np.isnan(p[i])):
        running = max(running, min(1.0, (m - rank) * p[i]))
        adjusted[i] = running
    return adjusted


class Comparison(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(cls.folder.name)
        database = path / "results.db"
        run({**TINY, "repeats": SEEDS, "sweep": {"dropout": RATES}}, database)
        cls.write_random_metrics(database)
        run(
            {**TINY, "repeats": 6, "sweep": {"dropout": [0, 0.3, 0.5], "weight_decay": [0, 0.01]}},
            database,
        )
        cls.service = Service(path, database)

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.folder.cleanup()

    @classmethod
    def write_random_metrics(cls, database):
        """cls.values[metric][rate, seed]; NaN for a run that failed."""
        rng = np.random.default_rng(7)
        base = rng.normal(0.5, 0.05, SEEDS)
        shift = np.array([0, 0.001, -0.05, 0.08, 0, -0.01])[:, None]
        cls.values = {
            name: base + shift + rng.normal(0, 0.02, (len(RATES), SEEDS)) for name in METRICS
        }
        for values in cls.values.values():
            values[4] = values[0] + 0.25  # exactly equal differences, but for rounding
            values[3, [1, 5, 6]] = np.nan
            values[5, 1:] = np.nan  # a single pair
        with sqlite3.connect(database) as connection:
            cells = connection.execute(
                "SELECT id, json_extract(config, '$.dropout'), seed FROM runs"
            ).fetchall()
            for run_id, rate, seed in cells:
                place = RATES.index(rate), seed
                if np.isnan(cls.values["val_loss"][place]):
                    connection.execute(
                        "UPDATE runs SET status = 'failed', stop_reason = 'diverged' WHERE id = ?",
                        (run_id,),
                    )
                for name in METRICS:
                    value = cls.values[name][place]
                    connection.execute(
                        f"UPDATE runs SET {name} = ? WHERE id = ?",
                        (None if np.isnan(value) else value, run_id),
                    )
        connection.close()

    def near(self, got, expected):
        if expected is None or np.isnan(expected):
            self.assertIsNone(got)
        else:
            self.assertIsNotNone(got)
            self.assertLessEqual(
                abs(got - expected), 1e-9 * max(1, abs(expected)), f"{got} {expected}"
            )

    def check_config(self, config, values, base):
        own = values[~np.isnan(values)]
        self.assertEqual(config["n"], len(own))
        self.assertEqual(config["n_failed"], SEEDS - len(own))
        self.near(config["mean"], own.mean())
        self.near(config["std"], own.std(ddof=1) if len(own) > 1 else None)
        if len(own) > 1:
            low, high = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
            self.near(config["ci_low"], low)
            self.near(config["ci_high"], high)
        pair = ~np.isnan(values) & ~np.isnan(base)
        n, difference = pair.sum(), config["difference"]
        differences = values[pair] - base[pair]
        self.near(difference["mean"], differences.mean())
        if n < 2:
            self.assertIsNone(difference["p_value"])
            self.assertIsNone(difference["ci_low"])
            self.assertIsNone(difference["minimum_detectable"])
            return np.nan
        if np.ptp(differences) < 1e-12:
            self.assertIsNone(difference["p_value"])
            self.assertLess(abs(difference["ci_high"] - difference["ci_low"]), 1e-9)
            return np.nan
        test = stats.ttest_rel(values[pair], base[pair])
        interval = test.confidence_interval(0.95)
        self.near(difference["ci_low"], interval.low)
        self.near(difference["ci_high"], interval.high)
        self.near(difference["p_value"], test.pvalue)
        self.near(difference["minimum_detectable"], detectable(n) * differences.std(ddof=1))
        return test.pvalue

    def check_comparison(self, metric, at, values, sign):
        answer = self.service.get("/experiments/1/comparison", metric=metric, at=at)
        configs = {config["values"]["dropout"]: config for config in answer["configs"]}
        self.assertEqual(sorted(configs), RATES)
        self.assertEqual(configs[0]["config_id"], answer["baseline"])
        self.assertEqual(configs[0]["verdict"], "baseline")
        p = np.array(
            [
                self.check_config(configs[rate], values[i], values[0]) if i else np.nan
                for i, rate in enumerate(RATES)
            ]
        )
        n_pairs = [
            (~np.isnan(values[i]) & ~np.isnan(values[0])).sum() if i else 0
            for i in range(len(RATES))
        ]
        for i, expected in enumerate(holm(p, n_pairs)):
            if i:
                config = configs[RATES[i]]
                self.near(config["difference"]["p_adjusted"], expected)
                pairs = n_pairs[i]
                gain = sign * np.nanmean(values[i] - values[0])
                verdict = (
                    "too_few_seeds"
                    if pairs < 3
                    else "no_evidence" if not expected < 0.05 else "better" if gain > 0 else "worse"
                )
                self.assertEqual(config["verdict"], verdict)
        means = [sign * config["mean"] for config in answer["configs"]]
        self.assertEqual(means, sorted(means, reverse=True))
        return answer

    def test_losses_agree_with_scipy(self):
        for at, name in (
            ("selected", "val_loss"),
            ("last", "last_val_loss"),
            ("best", "best_val_loss"),
        ):
            with self.subTest(at=at):
                self.check_comparison("val_loss", at, self.values[name], -1)

    def test_accuracies_agree_with_scipy(self):
        self.check_comparison("val_accuracy", "selected", self.values["val_accuracy"], 1)

    def test_a_test_metric_is_said_in_the_method(self):
        answer = self.check_comparison("test_accuracy", "selected", self.values["test_accuracy"], 1)
        self.assertIn("test split", json.dumps(answer["method"]))

    def test_the_selected_config_is_the_best_by_validation(self):
        for name, test, sign in (
            ("val_loss", "test_loss", -1),
            ("val_accuracy", "test_accuracy", 1),
        ):
            answer = self.service.get("/experiments/1/comparison", select_by=name)["selected"]
            means = np.nanmean(self.values[name], axis=1)
            best = np.argmax(sign * means)
            tests = np.nanmean(self.values[test], axis=1)
            self.assertEqual(answer["values"]["dropout"], RATES[best])
            self.near(answer["test_value"], tests[best])
            self.near(answer["baseline_test_value"], tests[0])
            gaps = sign * (means - tests)
            self.near(answer["optimism"], gaps[best] - gaps.mean())

    def check_effect(self, effect, contrast):
        test = stats.ttest_1samp(contrast, 0)
        interval = test.confidence_interval(0.95)
        for name, expected in (
            ("n", len(contrast)),
            ("mean", contrast.mean()),
            ("std", contrast.std(ddof=1)),
            ("ci_low", interval.low),
            ("ci_high", interval.high),
            ("p_value", test.pvalue),
        ):
            self.near(effect[name], expected)
        return test.pvalue

    def test_effects_of_a_factorial_sweep_agree_with_scipy(self):
        answer = self.service.get("/experiments/2/comparison", metric="train_loss")
        query = """SELECT dropout, weight_decay, seed, train_loss
            FROM run_results WHERE experiment_id = 2"""
        value = {tuple(row[:3]): row[3] for row in self.service.get("/sql", query=query)["rows"]}
        table = np.array(
            [[[value[d, w, seed] for seed in range(6)] for w in (0, 0.01)] for d in (0, 0.3, 0.5)]
        )
        effects = answer["effects"]
        self.assertEqual(
            {
                factor["field"]: (factor["levels"], factor["reference"])
                for factor in effects["factors"]
            },
            {"dropout": ([0, 0.3, 0.5], 0), "weight_decay": ([0, 0.01], 0)},
        )
        expected = {
            ("dropout", 0.3, None): (table[1] - table[0]).mean(axis=0),
            ("dropout", 0.5, None): (table[2] - table[0]).mean(axis=0),
            ("weight_decay", 0.01, None): (table[:, 1] - table[:, 0]).mean(axis=0),
            ("dropout", 0.3, 0.01): table[1, 1] - table[0, 1] - table[1, 0] + table[0, 0],
            ("dropout", 0.5, 0.01): table[2, 1] - table[0, 1] - table[2, 0] + table[0, 0],
        }
        self.assertEqual(len(effects["items"]), len(expected))
        p = np.array(
            [
                self.check_effect(
                    effect,
                    expected[effect["field"], effect["level"], (effect["with"] or {}).get("level")],
                )
                for effect in effects["items"]
            ]
        )
        for effect, adjusted in zip(
            effects["items"], holm(p, [effect["n"] for effect in effects["items"]])
        ):
            self.near(effect["p_adjusted"], adjusted)

    def test_sql_functions_agree_with_scipy(self):
        query = """SELECT dropout, stddev(val_loss), median(val_loss),
                ci95_low(val_loss), ci95_high(val_loss)
                   FROM run_results WHERE experiment_id = 1 GROUP BY dropout ORDER BY dropout"""
        rows = self.service.get("/sql", query=query)["rows"]
        self.assertEqual(len(rows), len(RATES))
        for row, values in zip(rows, self.values["val_loss"]):
            own = values[~np.isnan(values)]
            self.near(row[2], np.median(own))
            if len(own) > 1:
                low, high = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
                for got, expected in zip(row[1:], (own.std(ddof=1), np.median(own), low, high)):
                    self.near(got, expected)
            else:
                self.assertEqual([row[1], row[3], row[4]], [None, None, None])


class NoDifference(unittest.TestCase):
    """40 runs of one config, split at random into two arms: a difference must be seen in 5 % of
    the splits."""

    SPLITS = 1000

    def test_false_positives_are_as_many_as_the_level_says(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            database = path / "results.db"
            run(
                {
                    "dataset": {"name": "moons", "n": 600},
                    "hidden": [8],
                    "epochs": 3,
                    "record_layers": False,
                    "repeats": 40,
                },
                database,
            )
            run({**TINY, "repeats": 20, "sweep": {"dropout": [0, 0.5]}}, database)
            service = Service(path, database)
            try:
                rejected = self.count_rejected(service, database)
            finally:
                service.close()
        self.assertLess(abs(rejected / self.SPLITS - 0.05), 0.03, rejected)

    def count_rejected(self, service, database):
        connection = sqlite3.connect(database, timeout=10)
        values = [
            value
            for (value,) in connection.execute(
                "SELECT test_accuracy FROM runs WHERE experiment_id = 1"
            )
        ]
        arms = [
            run_id
            for (run_id,) in connection.execute("SELECT id FROM runs WHERE experiment_id = 2")
        ]
        self.assertEqual((len(values), len(arms)), (40, 40))
        self.assertGreater(len(set(values)), 3)
        rng, rejected = np.random.default_rng(11), 0
        for _ in range(self.SPLITS):
            with connection:
                connection.executemany(
                    "UPDATE runs SET test_accuracy = ? WHERE id = ?",
                    zip(rng.permutation(values).tolist(), arms),
                )
            configs = service.get("/experiments/2/comparison", metric="test_accuracy")["configs"]
            rejected += any(config["verdict"] in ("better", "worse") for config in configs)
        connection.close()
        return rejected


if __name__ == "__main__":
    unittest.main()
