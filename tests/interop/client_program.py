"""A client as a stranger writes it: submits a sweep and reads its comparison.

By the package that openapi-python-client has made of the service's own document; `mypy --strict`
checks it, then it runs.
"""

import json
import sys
import time

from regulab_client import Client
from regulab_client.api.experiments import (
    get_experiments_id,
    get_experiments_id_comparison,
    post_experiments,
)
from regulab_client.models import (
    Comparison,
    Experiment,
    GetExperimentsIdComparisonAt,
    Specification,
    SpecificationDatasetType1,
    SpecificationOptimizer,
    SpecificationSweep,
)

TERMINAL = ("completed", "failed", "cancelled")

client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)
spec = Specification(
    dataset=SpecificationDatasetType1(name="moons", n=200),
    hidden=[8],
    epochs=2,
    optimizer=SpecificationOptimizer.SGD,
    repeats=3,
    sweep=SpecificationSweep(dropout=[0, 0.5], l2=[0, 0.01]),
)
experiment = post_experiments.sync(client=client, body=spec)
assert isinstance(experiment, Experiment), experiment
while experiment.status.value not in TERMINAL:
    time.sleep(0.05)
    found = get_experiments_id.sync(experiment.id, client=client)
    assert isinstance(found, Experiment), found
    experiment = found

comparison = get_experiments_id_comparison.sync(
    experiment.id,
    client=client,
    metric="val_loss",
    at=GetExperimentsIdComparisonAt.LAST,
)
assert isinstance(comparison, Comparison), comparison
rows: list[tuple[str, int, float | None]] = [
    (config.config_id, config.n, config.difference.mean if config.difference else None)
    for config in comparison.configs
]
print(json.dumps({"metric": comparison.metric, "n_runs": experiment.n_runs, "rows": rows}))


def refused() -> object:
    """The types say no as well: each of these lines is an error, and it is one if it is none."""
    assert isinstance(comparison, Comparison)
    Specification(droput=0.5)  # type: ignore[call-arg]
    Specification(epochs="2")  # type: ignore[arg-type]
    Specification(optimizer="adagrad")  # type: ignore[arg-type]
    SpecificationSweep(seed=[1, 2])  # type: ignore[call-arg]
    get_experiments_id_comparison.sync(1, client=client, at="first")  # type: ignore[arg-type]
    return comparison.winner  # type: ignore[attr-defined]
