"""What the field table says that Keras and scikit-learn call a penalty, a bound or clipping is the
same thing there.

Keras (on PyTorch) and scikit-learn train from the exported initial weights on the exported data,
with the settings that the table names, and end in the same weights. PyTorch is in
test_parity.py; other rows of the table are not tested.
"""

import json
import os
import pathlib
import subprocess
import unittest
import warnings

os.environ["KERAS_BACKEND"] = "torch"
os.environ["KERAS_HOME"] = str(
    pathlib.Path(__file__).resolve().parents[2] / "build" / "keras"
)  # not the home directory
import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from common import BINARY, Export

BASE = {
    "dataset": {"name": "blobs", "n": 200},
    "hidden": [8],
    "epochs": 5,
    "batch_size": 40,
    "shuffle": False,
    "seed": 3,
}
SGD = {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9}
BOUND = 1e-4
STRENGTH = 0.03


def told(name):
    """The row of a field: what the product itself says."""
    table = json.loads(
        subprocess.run(
            [BINARY, "fields", "--json"], capture_output=True, text=True, check=True
        ).stdout
    )
    return next(row for row in table["items"] if row["name"] == name)


def keras_weights(export, optimizer, kernel=None):
    """Final weights, in the export's order and shapes, of the same training in Keras; kernel():
    what each Dense layer takes."""
    layers = [
        keras.layers.Dense(width, activation="relu", **(kernel() if kernel else {}))
        for width in export.spec["hidden"]
    ]
    classes = int(export.data["y_train"].max()) + 1
    # the bound is on hidden units only
    output = {
        key: value
        for key, value in (kernel() if kernel else {}).items()
        if key != "kernel_constraint"
    }
    model = keras.Sequential(
        [
            keras.Input((export.data["x_train"].shape[1],)),
            *layers,
            keras.layers.Dense(classes, **output),
        ]
    )
    for i, layer in enumerate(layer for layer in model.layers if layer.weights):
        layer.set_weights(
            [export.initial[f"layers.{i}.weight"].T, export.initial[f"layers.{i}.bias"]]
        )
    model.compile(
        optimizer=optimizer, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.fit(
        export.data["x_train"],
        export.data["y_train"],
        batch_size=export.spec["batch_size"],
        epochs=export.spec["epochs"],
        shuffle=False,
        verbose=0,
    )
    return [
        part
        for layer in model.layers
        for part in (layer.get_weights()[0].T, layer.get_weights()[1])
    ]


def scikit_weights(export, alpha):
    """The same of scikit-learn's MLPClassifier."""
    spec = export.spec
    net = MLPClassifier(
        hidden_layer_sizes=spec["hidden"],
        solver="sgd",
        alpha=alpha,
        batch_size=spec["batch_size"],
        learning_rate_init=spec["learning_rate"],
        momentum=spec["momentum"],
        nesterovs_momentum=False,
        shuffle=False,
    )
    x, y = export.data["x_train"].astype(np.float64), export.data["y_train"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a minibatch of one
        net.partial_fit(x[:1], y[:1], classes=np.unique(y))  # makes the arrays
    for i in range(len(net.coefs_)):
        net.coefs_[i][:] = export.initial[f"layers.{i}.weight"].T
        net.intercepts_[i][:] = export.initial[f"layers.{i}.bias"]
    for velocity in net._optimizer.velocities:
        velocity[:] = 0
    for _ in range(spec["epochs"]):
        net.partial_fit(x, y)
    return [part for weight, bias in zip(net.coefs_, net.intercepts_) for part in (weight.T, bias)]


def final_weights(export):
    return [
        export.final[f"layers.{i}.{part}"]
        for i in range(len(export.spec["hidden"]) + 1)
        for part in ("weight", "bias")
    ]


class Equivalents(unittest.TestCase):
    def check(self, mine, theirs):
        for a, b in zip(mine, theirs, strict=True):
            self.assertLess(np.abs(a - b).max(), BOUND * max(1.0, np.abs(b).max()))

    def test_the_table_names_what_is_tested_here(self):
        self.assertIn("L2(λ/2)", told("l2")["equivalents"]["keras"])
        self.assertIn("alpha=λ·batch_size", told("l2")["equivalents"]["scikit_learn"])
        self.assertIn("C=1/(n·λ)", told("l2")["equivalents"]["scikit_learn"])
        self.assertIn("L1(λ)", told("l1")["equivalents"]["keras"])
        self.assertIn(
            "l1_ratio=1, solver='saga', C=1/(n·λ)", told("l1")["equivalents"]["scikit_learn"]
        )
        self.assertIn("weight_decay=λ", told("weight_decay")["equivalents"]["keras"])
        self.assertIn("MaxNorm(c)", told("max_norm")["equivalents"]["keras"])
        self.assertIn("global_clipnorm=c", told("gradient_clip")["equivalents"]["keras"])

    def test_keras(self):
        sgd = lambda **more: keras.optimizers.SGD(0.05, momentum=0.9, **more)
        adam = lambda **more: keras.optimizers.Adam(1e-2, epsilon=1e-8, **more)
        cases = {
            "l2": (
                SGD | {"l2": STRENGTH},
                sgd,
                {},
                lambda: {"kernel_regularizer": keras.regularizers.L2(STRENGTH / 2)},
            ),
            "l1": (
                SGD | {"l1": STRENGTH},
                sgd,
                {},
                lambda: {"kernel_regularizer": keras.regularizers.L1(STRENGTH)},
            ),
            "weight_decay": (
                SGD | {"weight_decay": STRENGTH, "penalty_applies_to": "all"},
                sgd,
                {"weight_decay": STRENGTH},
                None,
            ),
            "weight_decay with adam": (
                {
                    "optimizer": "adam",
                    "learning_rate": 1e-2,
                    "weight_decay": STRENGTH,
                    "penalty_applies_to": "all",
                },
                adam,
                {"weight_decay": STRENGTH},
                None,
            ),
            "max_norm": (
                SGD | {"max_norm": 0.5},
                sgd,
                {},
                lambda: {"kernel_constraint": keras.constraints.MaxNorm(0.5)},
            ),
            "gradient_clip": (SGD | {"gradient_clip": 0.1}, sgd, {"global_clipnorm": 0.1}, None),
        }
        for name, (spec, optimizer, options, kernel) in cases.items():
            with self.subTest(name):
                export = Export(BASE | spec)
                self.check(
                    final_weights(export), keras_weights(export, optimizer(**options), kernel)
                )

    def test_scikit_learn_nets(self):
        export = Export(BASE | SGD | {"l2": STRENGTH})
        self.check(final_weights(export), scikit_weights(export, STRENGTH * BASE["batch_size"]))

    def test_scikit_learn_linear_models(self):
        long = {
            "hidden": [],
            "batch_size": 200,
            "epochs": 4000,
            "evaluate_every": 4000,
            "learning_rate": 0.03,
            "learning_rate_schedule": "cosine",
            "scaling": "standard",
        }
        for name, ratio in (("l2", 0), ("l1", 1)):
            with self.subTest(name), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                export = Export(BASE | long | {name: STRENGTH})
                x, y = export.data["x_train"].astype(np.float64), export.data["y_train"]
                model = LogisticRegression(
                    l1_ratio=ratio,
                    C=1 / (len(x) * STRENGTH),
                    solver="saga",
                    tol=1e-8,
                    max_iter=100_000,
                ).fit(x, y)
                weight = export.final["layers.0.weight"]
                self.assertLess(np.abs(weight - model.coef_).max(), 5e-3)
                self.assertGreater(np.abs(weight).max(), 0.1)


if __name__ == "__main__":
    unittest.main()
