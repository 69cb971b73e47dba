"""schemathesis, with all of its checks, finds nothing in the service but rules between fields.

What openapi.json allows the service takes, what it does not allow the service refuses, and every
answer is as it is described. tests/interop/schema_hooks.py says what is exempt, and why.
"""

import base64
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from service import Service

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(sys.executable).parent  # of the virtual environment
SMALL = {"dataset": {"name": "moons", "n": 200}, "hidden": [8], "record_layers": False}
SWEEP = SMALL | {"epochs": 3, "repeats": 3, "sweep": {"dropout": [0, 0.5]}}
# It holds the one worker as long as the rest is asked: what is submitted waits.
LONG = SMALL | {"epochs": 100000, "evaluate_every": 100000, "priority": 10}


def text_of(content):
    """The body of an answer as the report has it."""
    if isinstance(content, dict):
        return base64.b64decode(content["$base64"]).decode(errors="replace")
    return str(content)


class Report:
    """What was tried and found, by operation."""

    def __init__(self, path):
        self.n_cases = collections.Counter()
        self.phases = collections.defaultdict(set)
        self.found = collections.defaultdict(list)
        self.errors = []
        with open(path) as lines:
            for line in lines:
                ((kind, event),) = json.loads(line).items()
                if kind == "ScenarioFinished":
                    self.add(event["phase"], event["recorder"])
                elif kind in ("NonFatalError", "FatalError"):
                    self.errors.append(json.dumps(event)[:1000])

    def add(self, phase, recorder):
        for name, case in recorder.get("cases", {}).items():
            label = f"{case['value']['method']} {case['value']['path']}"
            label = label if phase == "stateful" else recorder["label"]
            self.n_cases[label] += 1
            self.phases[label].add(phase)
            for check in recorder.get("checks", {}).get(name, []):
                if check["status"] == "failure":
                    self.found[label].append(self.words(check, recorder["interactions"][name]))

    @staticmethod
    def words(check, interaction):
        asked, answer = interaction["request"], interaction.get("response") or {}
        return (
            f"{check['name']}: {asked['method']} {asked['uri'][:300]} "
            f"{text_of(asked.get('body'))[:500]} answers {answer.get('status_code')} "
            f"{text_of(answer.get('content'))[:500]}"
        )


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.service.train(SWEEP)
        cls.service.ask("/api/v1/experiments", LONG)
        cls.document = cls.service.ask("/api/openapi.json")

    def run_schemathesis(self, document, *options):
        report = self.folder / "report.ndjson"
        done = subprocess.run(
            [
                *(BIN / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run"),
                *(document, "--url", self.service.url, "--checks", "all", "--no-color"),
                *("--report", "ndjson", "--report-ndjson-path", report),
                *("--generation-deterministic", *options),
            ],
            cwd=self.folder,
            env=os.environ | {"SCHEMATHESIS_HOOKS": "schema_hooks", "PYTHONPATH": str(HERE)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.assertIn(done.returncode, (0, 1), done.stdout[-3000:])
        return Report(report), done

    def test_a_contradiction_is_found(self):
        """The check of the check: a document that promises too much, and too little."""
        planted = json.loads(json.dumps(self.document))
        path = "/api/v1/experiments/{id}"
        priority = planted["components"]["schemas"]["ExperimentPatch"]["properties"]["priority"]
        priority["maximum"] += 10
        planted["components"]["schemas"]["Experiment"]["properties"]["id"]["type"] = "string"
        (self.folder / "planted.json").write_text(json.dumps(planted))
        report, _ = self.run_schemathesis(
            *("planted.json", "--include-path", path, "--exclude-method", "DELETE"),
            *("--phases", "coverage"),
        )
        found = " ".join(report.found[f"PATCH {path}"])
        self.assertIn("positive_data_acceptance", found)
        self.assertIn("response_schema_conformance", found)
        self.assertIn("response_schema_conformance", " ".join(report.found[f"GET {path}"]))

    def test_schemathesis(self):
        (self.folder / "openapi.json").write_text(json.dumps(self.document))
        report, done = self.run_schemathesis("openapi.json", "--max-examples", "8")
        self.assertEqual(report.errors, [])
        for path, operations in self.document["paths"].items():
            for method in operations:
                label = f"{method.upper()} {path}"
                with self.subTest(label):
                    self.assertGreater(report.n_cases[label], 5)
                    self.assertIn("fuzzing", report.phases[label])
                    self.assertEqual(report.found[label], [])
        self.assertEqual(done.returncode, 0, done.stdout[-3000:])
