"""The real service on a free port, for the programs that other people's tools make for it."""

import contextlib
import json
import pathlib
import subprocess
import tempfile
import urllib.request

from common import BINARY

TERMINAL = ("completed", "failed", "cancelled")


class Service:
    """A context: `regulab serve` in a directory of its own; `url` is where it listens."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self.process = stack.enter_context(
                subprocess.Popen(
                    [
                        *(BINARY, "serve", "--listen", "127.0.0.1:0", "--workers", "1"),
                        *("--db", folder / "regulab.db", "--data-dir", folder / "data"),
                        *self.options,
                    ],
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(self.process.kill)
            self.url = self.process.stdout.readline().split()[-1]
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def ask(self, path, body=None, headers=()):
        """The JSON answer to GET, or to POST of a body."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json", **dict(headers)}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def train(self, spec):
        """Submits a specification and follows its events to the end."""
        made = self.ask("/api/v1/experiments", spec)
        path = f"/api/v1/experiments/{made['id']}/events?last_event_id=0"
        kind = b""
        with urllib.request.urlopen(self.url + path, timeout=60) as events:
            for line in events:
                name, _, value = line.strip().partition(b": ")
                kind = value if name == b"event" else kind
                if name == b"data" and kind == b"experiment":
                    if json.loads(value)["status"] in TERMINAL:
                        return made
        raise RuntimeError("the events ended before the experiment")
