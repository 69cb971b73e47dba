"""Every recorded loss of the first five epochs, and its spread over minibatches, agrees with
PyTorch within 1e-4, relative."""

import unittest

import numpy as np
import torch

from common import Export
from reference import Reference

torch.set_num_threads(1)
BASE = {
    "dataset": {"name": "glyphs", "n": 1000},
    "hidden": [48, 32],
    "epochs": 5,
    "batch_size": 50,
    "shuffle": False,
    "seed": 5,
}
SGD = {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9}
REGRESSION = {"dataset": {"name": "sine"}, "activation": "tanh"}

PLAIN = {
    "adam": {},
    "sgd with momentum": SGD,
    "sgd without momentum": {**SGD, "momentum": 0},
    "sgd, nesterov": {**SGD, "nesterov": True},
    "sgd, nesterov by the default momentum": {"optimizer": "sgd", "nesterov": True},
    "rmsprop": {"optimizer": "rmsprop", "learning_rate": 3e-4},
    "rmsprop with momentum": {
        "optimizer": "rmsprop",
        "learning_rate": 1e-4,
        "momentum": 0.5,
        "rho": 0.9,
    },
    "adam, other betas": {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-6},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.1},
    "sgd, l2": {**SGD, "l2": 1e-3},
    "adam, l2": {"l2": 1e-2},
    "sgd, weight_decay": {**SGD, "weight_decay": 1e-2},
    "rmsprop, weight_decay": {"optimizer": "rmsprop", "learning_rate": 3e-4, "weight_decay": 0.1},
    "sgd, l1": {**SGD, "l1": 1e-4},
    "adam, l1 and l2": {"l1": 1e-4, "l2": 1e-3},
    "all penalties on all parameters": {
        **SGD,
        "l1": 1e-4,
        "l2": 1e-3,
        "weight_decay": 1e-3,
        "penalty_applies_to": "all",
    },
    "max_norm": {**SGD, "max_norm": 1.0},
    "gradient_clip": {**SGD, "gradient_clip": 0.2},
    "gradient_clip with l1 and l2": {**SGD, "gradient_clip": 0.2, "l1": 1e-4, "l2": 1e-2},
    "label_smoothing": {"label_smoothing": 0.1},
    "label_noise": {"label_noise": 0.3},
    "step schedule": {**SGD, "learning_rate_schedule": "step", "decay_every": 2},
    "exponential schedule": {"learning_rate_schedule": "exponential", "decay_factor": 0.7},
    "cosine schedule with warm-up": {**SGD, "learning_rate_schedule": "cosine", "warmup_epochs": 2},
    "one_cycle": {**SGD, "learning_rate_schedule": "one_cycle"},
    "batch normalization": {"normalization": "batch"},
    "layer normalization": {"normalization": "layer"},
    "batch normalization, sgd, everything penalized": {
        **SGD,
        "normalization": "batch",
        "l2": 1e-3,
        "penalty_applies_to": "all",
    },
    "leaky_relu": {"activation": "leaky_relu"},
    "elu": {"activation": "elu"},
    "selu": {"activation": "selu"},
    "gelu": {"activation": "gelu"},
    "silu": {"activation": "silu"},
    "tanh": {"activation": "tanh"},
    "sigmoid": {"activation": "sigmoid"},
    "identity": {"activation": "identity"},
    "no hidden layer": {"hidden": []},
    "three hidden layers, a short last batch": {"hidden": [32, 24, 16], "batch_size": 64},
    "regression": REGRESSION,
    "regression, sgd, l2": {**REGRESSION, **SGD, "learning_rate": 0.01, "l2": 1e-3},
    "regression, scaled targets": {**REGRESSION, "target_scaling": "standard"},
    "weight_average": {**SGD, "weight_average": 0.95},
    "weight_average with layer normalization": {"weight_average": 0.9, "normalization": "layer"},
    "standard scaling": {"scaling": "standard"},
    "spirals, shuffled": {"dataset": "spirals", "shuffle": True},
    "shuffled": {"shuffle": True, "seed": 2**40 + 7},
}

RANDOM = {
    "dropout": {"dropout": 0.5},
    "dropout, another rate each layer": {"dropout": [0.2, 0.6], "seed": 2**45 + 3},
    "input dropout": {"input_dropout": 0.2},
    "both, sgd, max_norm": {**SGD, "dropout": 0.5, "input_dropout": 0.2, "max_norm": 2},
    "dropout, shuffled": {"dropout": 0.5, "shuffle": True},
    "dropout, scope batch": {"dropout": 0.5, "input_dropout": 0.2, "dropout_scope": "batch"},
    "dropout, classic": {"dropout": 0.5, "input_dropout": 0.2, "dropout_scaling": "classic"},
    "dropout, linear schedule": {"dropout": 0.5, "dropout_schedule": "linear"},
    "dropout, early": {"dropout": 0.5, "dropout_schedule": "early", "dropout_schedule_epochs": 3},
    "dropout, late": {"dropout": 0.5, "dropout_schedule": "late", "dropout_schedule_epochs": 2},
    "dropout, curriculum": {"dropout": 0.5, "dropout_schedule": "curriculum"},
    "gaussian": {"dropout": 0.4, "dropout_kind": "gaussian"},
    "alpha": {"dropout": 0.3, "dropout_kind": "alpha", "activation": "selu"},
    "dropconnect": {
        "dropout": 0.5,
        "dropout_kind": "dropconnect",
        "dataset": {"name": "glyphs", "n": 300},
    },
    "dropconnect, scope batch": {
        "dropout": 0.5,
        "dropout_kind": "dropconnect",
        "dropout_scope": "batch",
    },
    "dropout with batch normalization": {"dropout": 0.3, "normalization": "batch"},
    "input noise": {"input_noise": 0.3},
    "activation noise": {"activation_noise": 0.2},
    "weight noise": {"weight_noise": 0.02},
    "gradient noise": {**SGD, "gradient_noise": 0.01},
}


class Parity(unittest.TestCase):
    def compare(self, change):
        export = Export({**BASE, **change})
        expected = Reference(export).train()
        for name, values in expected.items():
            first = 1 if name.startswith("batch_loss") else 0
            actual = export.curves[name][first:6]
            self.assertEqual(len(actual), len(values[first:6]))
            worst = np.max(np.abs(actual / values[first:6] - 1))
            self.assertLess(
                worst, 1e-4, f"{name}\n  actual   {actual}\n  expected {values[first:6]}"
            )


def add_cases(group, cases):
    for name, change in cases.items():
        method = f"test_{group}_" + "".join(c if c.isalnum() else "_" for c in name)
        setattr(Parity, method, lambda self, change=change: self.compare(change))


add_cases("plain", PLAIN)
add_cases("random", RANDOM)
