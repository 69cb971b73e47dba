"""Clients that other people's generators make of openapi.json type-check, and do what they say."""

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
NODE = HERE.parent / "node_modules" / ".bin"


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        document = cls.service.ask("/api/openapi.json")
        (cls.folder / "openapi.json").write_text(json.dumps(document))

    def do(self, *command):
        """Runs a program to its end: its output, where it has succeeded."""
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "MYPYPATH": str(self.folder)},
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def check(self, printed, n_configs):
        """What a client has read is what the service says."""
        found = json.loads(printed)
        experiment = self.service.ask("/api/v1/experiments?limit=1")["items"][0]
        self.assertEqual(experiment["n_runs"], found["n_runs"])
        address = f"/api/v1/experiments/{experiment['id']}/comparison?metric=val_loss&at=last"
        answer = self.service.ask(address)
        self.assertEqual(len(answer["configs"]), n_configs)
        for config, (config_id, n, mean) in zip(answer["configs"], found["rows"], strict=True):
            self.assertEqual(config["config_id"], config_id)
            self.assertEqual((config["n"], n), (3, 3))
            self.assertEqual(config["difference"] and config["difference"]["mean"], mean)

    def test_openapi_typescript(self):
        (self.folder / "client.ts").write_text((HERE / "client.ts").read_text())
        types = ("openapi.json", "--output", "openapi.ts", "--default-non-nullable=false")
        self.do(NODE / "openapi-typescript", *types)
        options = ("--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom")
        (self.folder / "package.json").write_text('{"type": "module"}')
        self.do(NODE / "tsc", "--strict", *options, "client.ts")
        self.check(self.do("node", "client.js", self.service.url), 4)

    def test_openapi_python_client(self):
        options = ("--config", HERE / "openapi_python_client.yaml", "--meta", "none")
        self.do(
            *(BIN / "openapi-python-client", "generate", "--path", "openapi.json"),
            *(*options, "--output-path", "regulab_client", "--fail-on-warning"),
        )
        program = HERE / "client_program.py"
        # What is checked is the program, by the package's types; not the generator's own code.
        self.do(BIN / "mypy", "--strict", "--follow-imports=silent", program)
        (self.folder / "program.py").write_text(program.read_text())
        self.check(self.do(sys.executable, "program.py", self.service.url), 4)
