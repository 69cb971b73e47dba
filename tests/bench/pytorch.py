"""The training loop that one writes in PyTorch for an exported specification, and how fast it is.

    pytorch.py EXPORT THREADS [--compile]

Prints samples per second, the first epoch not counted. Knows what the workloads of bench.mjs use:
dense layers with ReLU, dropout, l2, max_norm, sgd and adam.
"""
import json
import pathlib
import sys
import time

import torch
from safetensors.torch import load_file
from torch import nn


def network(spec, inputs, outputs):
    rates = spec.get("dropout", 0)
    rates = rates if isinstance(rates, list) else [rates] * len(spec["hidden"])
    layers = [nn.Dropout(spec["input_dropout"])] if spec.get("input_dropout") else []
    for width, rate in zip(spec["hidden"], rates):
        layers += [nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(rate)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def optimizer(spec, net):
    weights = [p for p in net.parameters() if p.dim() == 2]
    biases = [p for p in net.parameters() if p.dim() == 1]
    groups = [
        {"params": weights, "weight_decay": spec.get("l2", 0)},
        {"params": biases, "weight_decay": 0},
    ]
    if spec["optimizer"] == "sgd":
        return torch.optim.SGD(groups, spec["learning_rate"], momentum=spec["momentum"])
    return torch.optim.Adam(groups, spec["learning_rate"])


def project(net, most):
    with torch.no_grad():
        for layer in [module for module in net if isinstance(module, nn.Linear)][:-1]:
            layer.weight.mul_((most / layer.weight.norm(dim=1, keepdim=True)).clamp(max=1))


def main(export, threads, compiled):
    torch.set_num_threads(threads)
    spec = json.loads((export / "spec.json").read_text())
    data = load_file(export / "data.safetensors")
    x, y = data["x_train"], data["y_train"]
    net = network(spec, x.shape[1], int(y.max()) + 1)
    model = torch.compile(net) if compiled else net
    update, loss_of = optimizer(spec, net), nn.CrossEntropyLoss()
    seconds = []
    for _ in range(max(2, spec["epochs"])):
        began = time.perf_counter()
        for index in torch.randperm(len(x)).split(spec["batch_size"]):
            update.zero_grad(set_to_none=True)
            loss_of(model(x[index]), y[index]).backward()
            update.step()
            if spec.get("max_norm"):
                project(net, spec["max_norm"])
        seconds.append(time.perf_counter() - began)
    print(len(x) * (len(seconds) - 1) / sum(seconds[1:]))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]), "--compile" in sys.argv[3:])
