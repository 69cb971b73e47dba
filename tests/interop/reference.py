"""A training loop in PyTorch (double precision) that follows the documented meaning of each field.

It starts from an export's initial weights and data and gives the curve of losses. Where a
regularizer is random, its masks and noise are recomputed by common.py from their addresses;
PyTorch does the rest.
"""

import math

import numpy as np
import torch
from torch.nn import functional as F

import common

ACTIVATIONS = {
    "relu": torch.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.01),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "identity": lambda x: x,
}
ALPHA = 1.6732632423543772 * 1.0507009873554805


def number(array):
    return torch.from_numpy(np.array(array, dtype=np.float64))


class Reference:
    def __init__(self, export):
        self.spec = export.spec
        self.classes = export.data["y_train"].dtype == np.int64
        self.x = {part: number(export.data["x_" + part]) for part in ("train", "val")}
        self.y = {
            part: (
                torch.from_numpy(export.data["y_" + part].astype(np.int64))
                if self.classes
                else number(export.data["y_" + part])
            )
            for part in ("train", "val")
        }
        self.rows = torch.from_numpy(export.data["train_evaluation_index"])
        self.n_hidden = len(self.spec["hidden"])
        self.w = [
            number(export.initial[f"layers.{i}.weight"]).requires_grad_()
            for i in range(self.n_hidden + 1)
        ]
        self.b = [
            (
                number(export.initial[f"layers.{i}.bias"]).requires_grad_()
                if f"layers.{i}.bias" in export.initial
                else None
            )
            for i in range(self.n_hidden + 1)
        ]
        self.norms = self._norms(export.initial)
        rates = self.spec.get("dropout", 0)
        self.rates = rates if isinstance(rates, list) else [rates] * self.n_hidden
        self.step = 0

    def _norms(self, initial):
        kind = {"batch": torch.nn.BatchNorm1d, "layer": torch.nn.LayerNorm}.get(
            self.spec.get("normalization", "none")
        )
        if kind is None:
            return None
        norms = [kind(width).double() for width in self.spec["hidden"]]
        for i, norm in enumerate(norms):
            norm.load_state_dict(
                {
                    name: number(initial[f"norms.{i}.{name}"])
                    for name in norm.state_dict()
                    if name != "num_batches_tracked"
                },
                strict=False,
            )
        return norms

    def parameters(self):
        norm = [p for n in self.norms or [] for p in n.parameters()]
        return self.w + [b for b in self.b if b is not None] + norm

    def penalized(self):
        return self.parameters() if self.spec.get("penalty_applies_to") == "all" else self.w

    # ---- what is random

    def scheduled(self, rate, epoch):
        kind = self.spec.get("dropout_schedule", "constant")
        span = self.spec.get("dropout_schedule_epochs", self.spec["epochs"])
        if kind == "linear":
            return rate * min(1, epoch / span)
        if kind == "early":
            return rate * (1 - epoch / span) if epoch < span else 0
        if kind == "late":
            return rate if epoch >= span else 0
        if kind == "curriculum":
            return rate * (1 - math.exp(-10 * epoch / span))
        return rate

    def _rows(self, n):
        return (
            np.zeros(1, dtype=np.uint32)
            if self.spec.get("dropout_scope") == "batch"
            else np.arange(n, dtype=np.uint32)
        )

    def drop(self, x, rate, layer, epoch):
        """`dropout` and `input_dropout` on what layer `layer` hands on (0: the inputs)."""
        rate = self.scheduled(rate, epoch)
        if rate == 0:
            return x
        seed, n, width = self.spec["seed"], x.shape[0], x.shape[1]
        kind = self.spec.get("dropout_kind", "bernoulli")
        if kind == "gaussian" and layer > 0:
            noise = common.normals(seed, common.DROPOUT, self._rows(n), self.step, layer, width)
            return x * number(1 + math.sqrt(rate / (1 - rate)) * noise)
        keep = number(
            common.keeps(seed, common.DROPOUT, self._rows(n), self.step, layer, width, rate)
        )
        rate = common.quantized(rate)
        if kind == "alpha" and layer > 0:
            a = 1 / math.sqrt((ALPHA**2 * rate + 1) * (1 - rate))
            return a * (x * keep - ALPHA * (1 - keep)) + ALPHA * a * rate
        return x * keep if self.spec.get("dropout_scaling") == "classic" else x * keep / (1 - rate)

    def noise(self, field, purpose, layer, shape):
        sigma = self.spec.get(field, 0)
        if not sigma:
            return 0
        return sigma * number(
            common.normals(
                self.spec["seed"], purpose, np.arange(shape[0]), self.step, layer, shape[1]
            )
        )

    def weight_noise(self, layer):
        sigma, w = self.spec.get("weight_noise", 0), self.w[layer - 1]
        if not sigma:
            return 0
        draws = common.normals(
            self.spec["seed"], common.WEIGHT_NOISE, 0, self.step, layer, w.numel()
        )
        return sigma * number(draws).reshape(w.shape)

    def dense(self, x, layer, epoch):
        w, b = self.w[layer - 1] + self.weight_noise(layer), self.b[layer - 1]
        hidden = layer <= self.n_hidden
        rate = (
            self.scheduled(self.rates[layer - 1], epoch)
            if hidden and self.spec.get("dropout_kind") == "dropconnect"
            else 0
        )
        if rate:
            keep = common.keeps(
                self.spec["seed"],
                common.DROPOUT,
                self._rows(len(x)),
                self.step,
                layer,
                w.numel(),
                rate,
            )
            masks = number(keep).reshape(-1, *w.shape) / (1 - common.quantized(rate))
            z = torch.einsum("noi,ni->no", w * masks.expand(len(x), -1, -1), x)
        else:
            z = x @ w.T
        return z if b is None else z + b

    # ---- the net

    def forward(self, x, epoch):
        spec = self.spec
        x = x + self.noise("input_noise", common.INPUT_NOISE, 0, x.shape)
        x = self.drop(x, spec.get("input_dropout", 0), 0, epoch)
        for layer in range(1, self.n_hidden + 1):
            x = self.dense(x, layer, epoch)
            if self.norms:
                x = self.norms[layer - 1].train()(x)
            x = ACTIVATIONS[spec["activation"]](x)
            x = x + self.noise("activation_noise", common.ACTIVATION_NOISE, layer, x.shape)
            if spec.get("dropout_kind") != "dropconnect":
                x = self.drop(x, self.rates[layer - 1], layer, epoch)
        return self.dense(x, self.n_hidden + 1, epoch)

    def infer(self, x):
        classic = self.spec.get("dropout_scaling") == "classic"
        if classic:
            x = x * (1 - self.spec.get("input_dropout", 0))
        for i in range(self.n_hidden + 1):
            x = x @ self.w[i].T + (0 if self.b[i] is None else self.b[i])
            if i == self.n_hidden:
                return x
            if self.norms:
                x = self.norms[i].eval()(x)
            x = ACTIVATIONS[self.spec["activation"]](x)
            if classic:
                x = x * (1 - self.rates[i])

    def loss(self, out, y, smoothing=0.0):
        if self.classes:
            return F.cross_entropy(out, y, label_smoothing=smoothing)
        return F.mse_loss(out.reshape(y.shape), y)

    def evaluate(self):
        with torch.no_grad():
            return (
                self.loss(
                    self.infer(self.x["train"][self.rows]), self.y["train"][self.rows]
                ).item(),
                self.loss(self.infer(self.x["val"]), self.y["val"]).item(),
            )

    # ---- training

    def optimizer(self):
        spec, penalized = self.spec, self.penalized()
        others = [p for p in self.parameters() if not any(p is q for q in penalized)]
        groups = [
            {"params": penalized, "weight_decay": spec.get("l2", 0)},
            {"params": others, "weight_decay": 0},
        ]
        rate = spec["learning_rate"]
        if spec["optimizer"] == "sgd":
            return torch.optim.SGD(
                groups, rate, momentum=spec["momentum"], nesterov=spec.get("nesterov", False)
            )
        if spec["optimizer"] == "rmsprop":
            return torch.optim.RMSprop(
                groups, rate, alpha=spec["rho"], eps=spec["epsilon"], momentum=spec["momentum"]
            )
        return torch.optim.Adam(
            groups, rate, betas=(spec["beta1"], spec["beta2"]), eps=spec["epsilon"]
        )

    def rate(self, epoch, steps):
        """Learning rate of the coming step; `steps`: of an epoch."""
        spec = self.spec
        rate, kind, factor = (
            spec["learning_rate"],
            spec.get("learning_rate_schedule", "constant"),
            spec.get("decay_factor", 0.1),
        )
        if kind == "step":
            rate *= factor ** (epoch // spec["decay_every"])
        elif kind == "exponential":
            rate *= factor**epoch
        elif kind == "cosine":
            rate *= (1 + math.cos(math.pi * epoch / spec["epochs"])) / 2
        elif kind == "one_cycle":
            return self.one_cycle[self.step]
        warm = spec.get("warmup_epochs", 0) * steps
        return rate * min(1, (self.step + 1) / warm) if warm else rate

    def _one_cycle(self, total):
        weight = torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.SGD([weight], self.spec["learning_rate"], momentum=0.9)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.spec["learning_rate"], total_steps=total, cycle_momentum=False
        )
        rates = []
        for _ in range(total):
            rates.append(schedule.get_last_lr()[0])
            optimizer.step()
            if len(rates) < total:
                schedule.step()
        return rates

    def add_gradient_noise(self):
        sigma = self.spec.get("gradient_noise", 0)
        for i in range(self.n_hidden + 1 if sigma else 0):
            for row, p in ((0, self.w[i]), (1, self.b[i])):
                if p is not None:
                    draws = common.normals(
                        self.spec["seed"], common.GRADIENT_NOISE, row, self.step, i + 1, p.numel()
                    )
                    p.grad += sigma * number(draws).reshape(p.shape)

    def project(self):
        limit = self.spec.get("max_norm", 0)
        with torch.no_grad():
            for w in self.w[:-1] if limit else []:
                w.mul_(torch.clamp(limit / w.norm(dim=1, keepdim=True), max=1.0))

    def minibatches(self, epoch):
        """The rows of an epoch's steps."""
        spec, n = self.spec, len(self.x["train"])
        order = (
            common.permutation(spec["seed"], common.ORDER, epoch, n)
            if spec["shuffle"]
            else np.arange(n)
        )
        return [
            torch.from_numpy(order[first : first + spec["batch_size"]])
            for first in range(0, n, spec["batch_size"])
        ]

    def trained_loss(self, rows, epoch):
        """The loss of a minibatch as trained, without penalties."""
        out = self.forward(self.x["train"][rows], epoch)
        return self.loss(out, self.y["train"][rows], self.spec.get("label_smoothing", 0))

    def gradient_noise_ratio(self, done):
        """Of the eight steps after `done` epochs, with the weights as they are; rates are those of
        the epoch before."""
        steps, gradients = len(self.minibatches(0)), []
        for self.step in range(done * steps, done * steps + 8):
            rows = self.minibatches(self.step // steps)[self.step % steps]
            loss = self.trained_loss(rows, max(done - 1, 0))
            parts = torch.autograd.grad(loss, self.parameters())
            gradients.append(torch.cat([part.reshape(-1) for part in parts]))
        g = torch.stack(gradients)
        noise = ((g - g.mean(0)) ** 2).sum() / 7
        signal = (g.mean(0) ** 2).sum() - noise / 8
        return (noise / signal).item() if signal > 0 else math.nan

    def train(self):
        """-> {"batch_loss", "batch_loss_std", "train_loss", "val_loss"}: lists from epoch 0."""
        spec, n = self.spec, len(self.x["train"])
        steps = len(self.minibatches(0))
        if spec.get("learning_rate_schedule") == "one_cycle":
            self.one_cycle = self._one_cycle(steps * spec["epochs"])
        optimizer, penalized = self.optimizer(), self.penalized()
        curve = {
            "batch_loss": [math.nan],
            "batch_loss_std": [math.nan],
            "train_loss": [],
            "val_loss": [],
        }
        self._record(curve)
        average = self._average()
        for epoch in range(spec["epochs"]):
            losses, total = [], 0.0
            for rows in self.minibatches(epoch):
                optimizer.zero_grad()
                loss = self.trained_loss(rows, epoch)
                losses.append(loss.item())
                total += loss.item() * len(rows)
                if spec.get("l1", 0):
                    loss = loss + spec["l1"] * sum(p.abs().sum() for p in penalized)
                loss.backward()
                self.add_gradient_noise()
                if spec.get("gradient_clip", 0):
                    torch.nn.utils.clip_grad_norm_(self.parameters(), spec["gradient_clip"])
                rate = self.rate(epoch, steps)
                for group in optimizer.param_groups:
                    group["lr"] = rate
                with torch.no_grad():
                    for p in penalized:
                        p.mul_(1 - rate * spec.get("weight_decay", 0))
                optimizer.step()
                self.project()
                if average:
                    average.update_parameters(self.module)
                self.step += 1
            curve["batch_loss"].append(total / n)
            curve["batch_loss_std"].append(np.std(losses))
            self._record(curve, average)
        return curve

    def _average(self):
        """PyTorch's moving average of all parameters, or None."""
        decay = self.spec.get("weight_average", 0)
        self.module = torch.nn.Module()
        for i, p in enumerate(self.parameters()):
            self.module.register_parameter(
                f"p{i}", p if isinstance(p, torch.nn.Parameter) else torch.nn.Parameter(p)
            )
        if not decay:
            return None
        for own, p in zip(self.module.parameters(), self.parameters()):
            own.data = p.data  # one memory: the optimizer's steps are seen here
        return torch.optim.swa_utils.AveragedModel(
            self.module, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(decay)
        )

    def _record(self, curve, average=None):
        own = [p.data.clone() for p in self.parameters()]
        for p, mean in zip(self.parameters(), average.module.parameters() if average else []):
            p.data.copy_(mean.data)
        train, val = self.evaluate()
        for p, value in zip(self.parameters(), own):
            p.data.copy_(value)
        curve["train_loss"].append(train)
        curve["val_loss"].append(val)
