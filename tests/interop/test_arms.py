"""Arms, verdicts, effects and checks against the second implementation, over random experiments.

Contexts, tuned fields, failed, unfinished and missing runs, equal differences, ties, resplits and
two-stage stops are among them. The pure functions are asked through tests/interop/arms_dump.c.
"""

import json
import os
import pathlib
import re
import subprocess
import unittest

import numpy as np

import arms_reference

TOP = pathlib.Path(__file__).resolve().parents[2]
EXPERIMENTS = int(os.environ.get("ARMS_EXPERIMENTS", 200))
METRICS = [
    ("val_loss", "lower"),
    ("val_accuracy", "higher"),
    ("test_loss", "lower"),
    ("test_accuracy", "higher"),
    ("val_r2", "higher"),
    ("generalization_gap", "lower"),
    ("weight_norm", "none"),
    ("test_brier", "lower"),
]
ABOUT = [("split", 0), ("resplit", None), ("new_data", 0)]


def dump_program():
    """The driver, built from this tree."""
    build = pathlib.Path(os.environ["REGULAB"]).resolve().parent
    program = build / "tests/interop/arms_dump"
    subprocess.run(
        [
            "make",
            "--silent",
            "-C",
            str(TOP),
            f"BUILD={os.path.relpath(build, TOP)}",
            os.path.relpath(program, TOP),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return str(program)


class Experiment:
    """A random table of runs."""

    FIELDS = [
        ("dropout", "treatment", [0, 0.25, 0.5, 0.7]),
        ("weight_decay", "treatment", [0, 0.01, 0.1]),
        ("learning_rate", "tune", [0.001, 0.002, 0.004, 0]),
        ("batch_size", "tune", [32, 64]),
        ("train_size", "context", [100, 300, 1000]),
        ("label_noise", "context", [0.2, 0]),
    ]

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        n_fields = rng.integers(1, 5)
        places = sorted(rng.choice(len(self.FIELDS), n_fields, replace=False))
        if self.chance(0.25):  # two factors that are no tuned ones, so that there are effects
            places = [0, int(rng.choice([1, 4]))]
        self.fields = [
            (
                *self.FIELDS[i][:2],
                list(
                    rng.permutation(self.FIELDS[i][2])[
                        : rng.integers(1, len(self.FIELDS[i][2]) + 1)
                    ]
                ),
            )
            for i in places
        ]
        metric, direction = METRICS[rng.integers(len(METRICS))]
        about, share = ABOUT[rng.integers(3)]
        self.about, self.share = about, (
            float(rng.choice([0.05, 0.25, 0.34])) if share is None else 0.0
        )
        self.table = {
            "factors": [
                {"name": name, "role": role, "is_regularizer": role == "treatment"}
                for name, role, _ in self.fields
            ],
            "configs": [],
            "runs": [],
            "options": self.options(metric, direction),
        }
        self.add_configs()
        self.add_runs()

    def chance(self, p):
        return bool(self.rng.random() < p)

    def options(self, metric, direction):
        return {
            "metric": metric,
            "direction": direction,
            "select_direction": str(self.rng.choice(["lower", "higher"])),
            "at": str(self.rng.choice(["selected", "best", "last"])),
            "primary": metric if self.chance(0.8) else "test_loss",
            "smallest_effect": 0.02 if self.chance(0.3) else None,
            "has_variants": self.chance(0.2),
            "has_baseline": self.chance(0.3),
            "n_first": int(self.rng.choice([0, 0, 0, 3, 5])),
            "was_extended": self.chance(0.2),
            "n_test_asked": int(self.rng.integers(0, 3)),
        }

    def level(self, name, value):
        return {
            "text": repr(float(value)),
            "number": None if name == "batch_size" and self.words else float(value),
            "is_default": bool(
                value == {"learning_rate": 0.001, "batch_size": 64, "train_size": 1000}.get(name, 0)
            ),
            "is_baseline": bool(value == self.baseline.get(name, 0)),
        }

    def add_configs(self):
        rng = self.rng
        self.words = self.chance(0.3)
        self.baseline = {name: values[rng.integers(len(values))] for name, _, values in self.fields}
        cells = [[]]
        for _, _, values in self.fields:
            cells = [cell + [value] for cell in cells for value in values]
        rng.shuffle(cells)
        if self.chance(0.5):  # nested loops, the usual order
            cells.sort(
                key=lambda cell: [
                    values.index(value) for value, (_, _, values) in zip(cell, self.fields)
                ]
            )
        if self.chance(0.2):
            cells = cells[: max(1, int(len(cells) * 0.7))]
        stops, differ = self.chance(0.4), self.chance(0.6)
        for c, cell in enumerate(cells[:60]):
            stopping = "null" if not stops else str(cell[0] if differ else cell[-1])
            self.table["configs"].append(
                {
                    "config_id": f"config{c}",
                    "levels": [
                        self.level(name, value) for (name, _, _), value in zip(self.fields, cell)
                    ],
                    "stopping": stopping,
                    "about": self.about,
                    "share": self.share if not self.chance(0.01) else None,
                    "test_share": self.share,
                    "trivial": float(rng.choice([0.5, 1.0, 1.5])) if self.chance(0.7) else None,
                }
            )

    def add_runs(self):
        rng = self.rng
        n_repeats, noise = int(rng.choice([1, 2, 3, 5, 6, 8, 12])), float(
            rng.choice([0.001, 0.01, 0.1, 0])
        )
        varies = self.chance(0.5)
        shared = rng.normal(0, 0.05, n_repeats)
        grid = float(rng.choice([0, 0, 0.01, 0.05]))  # coarse values make ties
        has_r2 = self.chance(0.2)
        effect = rng.normal(0, float(rng.choice([0, 0.005, 0.1])), len(self.table["configs"]))
        keys = [(k, k if varies else 0) for k in range(n_repeats)]
        order = [(c, k) for k in range(n_repeats) for c in range(len(self.table["configs"]))]
        if self.chance(0.5):
            order.sort()
        for c, k in order:
            if self.chance(0.05):
                continue
            values = (
                1 + shared[k] + effect[c] + rng.normal(0, noise, 3)
                if noise
                else np.full(3, 1 + shared[k] + effect[c])
            )
            if grid:
                values = np.round(values / grid) * grid
            metric, select, test = (None if self.chance(0.03) else float(x) for x in values)
            self.table["runs"].append(
                {
                    "config": c,
                    "seed": keys[k][0],
                    "data_seed": keys[k][1],
                    "status": str(
                        rng.choice(
                            ["completed", "failed", "running", "cancelled"],
                            p=[0.9, 0.05, 0.03, 0.02],
                        )
                    ),
                    "is_finished": self.chance(0.8),
                    "metric": metric,
                    "select": select,
                    "test": test,
                    "r2": float(rng.normal(0, 0.1)) if has_r2 else None,
                    "progress": str(rng.choice(["unknown", "settled", "improving"])),
                }
            )


def answers(tables):
    lines = "".join(json.dumps(table) + "\n" for table in tables)
    done = subprocess.run([dump_program()], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Arms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tables = [Experiment(seed).table for seed in range(EXPERIMENTS)]
        cls.answers = answers(cls.tables)

    def near(self, got, expected, path):
        if isinstance(expected, dict):
            self.assertEqual(set(got), set(expected), path)
            for key in expected:
                self.near(got[key], expected[key], f"{path}.{key}")
        elif isinstance(expected, (list, tuple)):
            self.assertEqual(len(got), len(expected), path)
            for i, (one, other) in enumerate(zip(got, expected)):
                self.near(one, other, f"{path}[{i}]")
        elif isinstance(expected, (float, np.floating)) and got is not None:
            self.assertLessEqual(
                abs(got - expected), 1e-9 * max(1, abs(expected)), f"{path}: {got} {expected}"
            )
        else:
            self.assertEqual(got, expected, path)

    def test_random_experiments_agree(self):
        self.assertEqual(len(self.answers), len(self.tables))
        for seed, (table, answer) in enumerate(zip(self.tables, self.answers)):
            with self.subTest(seed=seed):
                words = {key: answer.pop(key) for key in ("headline", "summary") if key in answer}
                self.near(answer, arms_reference.compare(table), f"experiment {seed}")
                self.check_words(words, table)

    def check_words(self, words, table):
        if not words:
            return
        headline = words["headline"]
        self.assertRegex(headline, r"^[A-Z].*\.$")
        self.assertNotRegex(headline, r"[=_<>\[\]{}]|\bp\b|\. [A-Z]")
        if not headline.startswith(("There is no run", "No finished run")):
            begin = {
                "split": "On these rows",
                "resplit": "On other splits of this set",
                "new_data": "On new data of this kind",
            }
            for text in words.values():
                self.assertTrue(text.startswith(begin[table["configs"][0]["about"]]), text)
        for low, high in re.findall(r"interval (−?[\d.e−+]+) to (−?[\d.e−+]+)", words["summary"]):
            low, high = (float(x.replace("−", "-").rstrip(".")) for x in (low, high))
            self.assertLessEqual(low, high, words["summary"])

    def test_the_experiments_are_of_every_kind(self):
        verdicts = [arm["verdict"] for answer in self.answers for arm in answer["arms"]]
        for verdict in (
            "baseline",
            "void",
            "too_few_seeds",
            "equivalent",
            "better",
            "worse",
            "no_evidence",
            None,
        ):
            self.assertGreater(verdicts.count(verdict), 5, verdict)
        interactions = [
            x["verdict"]
            for answer in self.answers
            for x in answer["effects"] or []
            if "verdict" in x
        ]
        for verdict in ("more_than_sum", "less_than_sum", "no_evidence"):
            self.assertGreater(interactions.count(verdict), 1, verdict)
        codes = {code for answer in self.answers for code in answer["checks"]}
        self.assertEqual(len(codes), 12, codes)
        self.assertGreater(
            sum(len(arm["configs"]) > 1 for answer in self.answers for arm in answer["arms"]), 50
        )
        self.assertGreater(sum(len(answer["contexts"]) > 1 for answer in self.answers), 20)
        self.assertGreater(
            sum(arm["is_tied"] for answer in self.answers for arm in answer["arms"]), 20
        )
        self.assertGreater(len({answer["wanted"] for answer in self.answers}), 10)


if __name__ == "__main__":
    unittest.main()
