"""What repeats say of a mean, with SciPy: estimates, Holm's adjustment, what matters, budgets."""

import itertools
import math

import numpy as np
from scipy import optimize, stats

LEVEL, LEAST_PAIRS, FLIPS = 0.05, 3, 20


def known(x):
    return x is not None and math.isfinite(x)


def mean(values):
    """Rounded once, so that equal means are equal in whatever order they are summed."""
    values = list(values)
    return math.fsum(values) / len(values)


def none_if_nan(x):
    return float(x) if known(x) else None


# ---- one mean ----


def detectable_delta(df, cache={}):
    """Noncentrality that the two-sided 5 % t test finds with 80 % power, both tails counted."""
    if df not in cache:
        critical = stats.t.ppf(0.975, df)

        def excess(delta):
            return (
                stats.nct.sf(critical, df, delta)
                + np.nan_to_num(stats.nct.cdf(-critical, df, delta))
                - 0.8
            )

        cache[df] = optimize.brentq(excess, 1e-3, 20, xtol=1e-14, rtol=1e-14)
    return cache[df]


class Estimate:
    """Values by repeat; the largest magnitude behind them; share of rows; first stage."""

    def __init__(self, values, largest, share, n_first):
        self.values = np.array(values, dtype=float)
        self.n = len(values)
        self.mean = mean(self.values) if self.n else None
        self.std = self.error = self.low = self.high = self.p = self.df = self.spread = None
        if self.n < 2:
            return
        self.std = self._deviation(self.values, largest)
        self.spread, self.df = self.std, self.n - 1
        if 2 <= n_first < self.n and self._deviation(self.values[:n_first], largest) > 0:
            self.spread, self.df = self._deviation(self.values[:n_first], largest), n_first - 1
        if share is None:
            return
        self.error = self.spread * math.sqrt(1 / self.n + share)
        half = stats.t.ppf(0.975, self.df) * self.error
        self.low, self.high = self.mean - half, self.mean + half
        if self.error > 0:
            self.p = 2 * stats.t.sf(abs(self.mean) / self.error, self.df)

    @staticmethod
    def _deviation(values, largest):
        deviation = values.std(ddof=1)
        return 0.0 if deviation <= 8 * np.finfo(float).eps * largest else deviation

    def equivalence_p(self, margin):
        if self.error is None or margin is None or not margin > 0:
            return None
        if self.error == 0:
            return 0.0 if abs(self.mean) < margin else 1.0
        return max(
            stats.t.sf((self.mean + margin) / self.error, self.df),
            stats.t.cdf((self.mean - margin) / self.error, self.df),
        )

    def minimum_detectable(self):
        return None if self.error is None else detectable_delta(self.df) * self.error

    def sign_flip_p(self):
        if not 2 <= self.n <= FLIPS:
            return None
        sums = np.array([0.0])
        for d in self.values:
            sums = np.concatenate([sums + d, sums - d])
        return float(
            np.mean(np.abs(sums) >= abs(self.values.sum()) - 1e-12 * np.abs(self.values).sum())
        )

    def answer(self):
        return {
            "n": self.n,
            "mean": self.mean,
            "std": self.std,
            "ci_low": self.low,
            "ci_high": self.high,
            "p_value": self.p,
        }


def holm(p, counts):
    """Adjusted p; `counts`: what belongs to the family, with or without a p."""
    adjusted, running, m = [None] * len(p), 0.0, sum(counts)
    for rank, i in enumerate(
        sorted((i for i in range(len(p)) if counts[i] and p[i] is not None), key=lambda i: p[i])
    ):
        running = max(running, min(1.0, (m - rank) * p[i]))
        adjusted[i] = running
    return adjusted


def smallest_effect(metric, level):
    if level is None:
        return None
    value = None
    if metric.endswith(("_loss", "_rmse", "_ece", "_brier")):
        value = 0.01 * level
    elif metric.endswith("_r2"):
        value = 0.01 * (1 - level)
    elif metric.endswith("_accuracy"):
        value = min(0.05 * (1 - level), 0.005)
    return value if value is not None and value > 0 else None


def expected_best(means, lower):
    """Mean over all subsets of k, for every k."""
    best = min if lower else max
    return [
        float(np.mean([best(subset) for subset in itertools.combinations(means, k)]))
        for k in range(1, len(means) + 1)
    ]
