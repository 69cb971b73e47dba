"""What a comparison of arms must answer, written a second time: from lists of runs, with NumPy and SciPy, by brute force.

`compare(table)` takes one JSON object:

    {"factors": [{"name", "role": "treatment" | "tune" | "context", "is_regularizer"}],
     "configs": [{"config_id", "levels": [{"text", "number", "is_default", "is_baseline"}, one per factor], "stopping",
                  "about": "split" | "resplit" | "new_data", "share", "test_share", "trivial"}],
     "runs": [{"config": index, "seed", "data_seed", "status", "is_finished", "metric", "select", "test", "r2", "progress"}],
     "options": {"metric", "direction", "select_direction": "lower" | "higher" | "none", "at", "primary", "smallest_effect",
                 "has_variants", "has_baseline", "n_first", "was_extended", "n_test_asked"}}

Configs and runs stand in order of submission. None stands for a number that is not there.
"""
import collections
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
            return stats.nct.sf(critical, df, delta) + np.nan_to_num(stats.nct.cdf(-critical, df, delta)) - 0.8

        cache[df] = optimize.brentq(excess, 1e-3, 20, xtol=1e-14, rtol=1e-14)
    return cache[df]


class Estimate:
    """Values in the order of their repeats; the largest magnitude behind them; share of rows; first stage."""

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
        return max(stats.t.sf((self.mean + margin) / self.error, self.df), stats.t.cdf((self.mean - margin) / self.error, self.df))

    def minimum_detectable(self):
        return None if self.error is None else detectable_delta(self.df) * self.error

    def sign_flip_p(self):
        if not 2 <= self.n <= FLIPS:
            return None
        sums = np.array([0.0])
        for d in self.values:
            sums = np.concatenate([sums + d, sums - d])
        return float(np.mean(np.abs(sums) >= abs(self.values.sum()) - 1e-12 * np.abs(self.values).sum()))

    def answer(self):
        return {"n": self.n, "mean": self.mean, "std": self.std, "ci_low": self.low, "ci_high": self.high, "p_value": self.p}


def holm(p, counts):
    """Adjusted p; `counts`: the comparisons of two pairs or more, which belong to the family with or without a p."""
    adjusted, running, m = [None] * len(p), 0.0, sum(counts)
    for rank, i in enumerate(sorted((i for i in range(len(p)) if counts[i] and p[i] is not None), key=lambda i: p[i])):
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
    return [float(np.mean([best(subset) for subset in itertools.combinations(means, k)])) for k in range(1, len(means) + 1)]


# ---- the comparison ----

class Comparison:
    def __init__(self, table):
        self.factors, self.configs, self.runs, self.options = (table[key] for key in ("factors", "configs", "runs", "options"))
        self.lower = self.options["direction"] != "higher"
        self.select_lower = self.options["select_direction"] == "lower"
        self.n_first = self.options["n_first"]
        self._group()
        self._values()
        self._order()
        self._judge()

    # -- who is who

    def key(self, config, role):
        return tuple(level["text"] for factor, level in zip(self.factors, self.configs[config]["levels"]) if factor["role"] == role)

    def all_treatments(self, config, flag):
        return all(level[flag] for factor, level in zip(self.factors, self.configs[config]["levels"]) if factor["role"] == "treatment")

    def _group(self):
        contexts = collections.OrderedDict()
        for config in range(len(self.configs)):
            arms = contexts.setdefault(self.key(config, "context"), collections.OrderedDict())
            arms.setdefault(self.key(config, "treatment"), []).append(config)
        self.contexts = [list(arms.values()) for arms in contexts.values()]

    def _baseline(self, arms):
        """Index of the baseline among the context's arms in order of submission."""
        wishes = (["is_baseline", "is_default"] if self.options["has_baseline"] else [] if self.options["has_variants"] else ["is_default"])
        for flag in wishes:
            for i, arm in enumerate(arms):
                if self.all_treatments(arm[0], flag):
                    return i
        return 0

    # -- values

    def completed(self, config):
        return [(i, run) for i, run in enumerate(self.runs) if run["config"] == config and run["status"] == "completed"]

    def estimate(self, values, share):
        """values: {repeat: value}."""
        ordered = [values[repeat] for repeat in sorted(values)]
        return Estimate(ordered, max(map(abs, ordered), default=0), share, self.n_first)

    def of_config(self, config, name):
        return {(run["seed"], run["data_seed"]): run[name] for _, run in self.completed(config) if known(run[name])}

    def chosen(self, arm):
        """{repeat: (index, run)}: the run that the arm takes there."""
        runs = [pair for config in arm for pair in self.completed(config)]
        if len(arm) > 1:
            runs = [pair for pair in runs if known(pair[1]["select"])]
        chosen = {}
        for index, run in sorted(runs, key=lambda pair: pair[0]):
            repeat = run["seed"], run["data_seed"]
            if repeat in chosen and len(arm) > 1:
                other = chosen[repeat][1]["select"]
                if not (run["select"] < other if self.select_lower else run["select"] > other):
                    continue
            elif repeat in chosen:
                continue
            chosen[repeat] = index, run
        return chosen

    def tuned(self, arm):
        if len(arm) == 1:
            return arm[0]
        means = {config: list(self.of_config(config, "select").values()) for config in arm}
        most = max(len(values) for values in means.values())
        if most == 0:
            return None
        sign = 1 if self.select_lower else -1
        return min((config for config in arm if len(means[config]) == most), key=lambda config: (sign * mean(means[config]), config))

    def _values(self):
        self.arms = []
        for c, context in enumerate(self.contexts):
            baseline = self._baseline(context)
            for i, configs in enumerate(context):
                runs = self.chosen(configs)
                values = {repeat: run["metric"] for repeat, (_, run) in runs.items() if known(run["metric"])}
                all_runs = [run for run in self.runs if run["config"] in configs]
                means = [mean(v.values()) for v in (self.of_config(config, "select") for config in configs) if v]
                self.arms.append({
                    "context": c, "configs": configs, "is_baseline": i == baseline, "values": values,
                    "runs": [runs[repeat][1] for repeat in values], "tuned": self.tuned(configs),
                    "n_failed": sum(run["status"] == "failed" for run in all_runs),
                    "n_unfinished": sum(run["status"] in ("queued", "running", "paused") for run in all_runs),
                    "n_without": sum(run["status"] == "completed" and not known(run["metric"]) for run in all_runs),
                    "summary": self.estimate(values, self.configs[configs[0]]["share"]),
                    "budget": expected_best(means, self.select_lower)})

    def rank(self, estimate):
        sign = -1 if self.options["direction"] == "higher" else 1
        return (0, sign * estimate.mean, -estimate.n) if estimate.n else (1, 0, 0)

    def _order(self):
        self.arms.sort(key=lambda arm: (arm["context"], self.rank(arm["summary"])))
        for i, arm in enumerate(self.arms):
            arm["baseline"] = next(k for k, other in enumerate(self.arms) if other["context"] == arm["context"] and other["is_baseline"])
            arm["index"] = i

    # -- differences

    def contrast(self, weights):
        """weights: {arm: weight}."""
        arms = [self.arms[i] for i in weights]
        repeats = set.intersection(*(set(arm["values"]) for arm in arms))
        values = {repeat: sum(weight * self.arms[i]["values"][repeat] for i, weight in weights.items()) for repeat in repeats}
        shares = [self.configs[arm["configs"][0]]["share"] for arm in arms]
        share = None if None in shares else max(shares)
        largest = max((abs(arm["values"][repeat]) for arm in arms for repeat in repeats), default=0)
        return Estimate([values[repeat] for repeat in sorted(repeats)], largest, share, self.n_first)

    def margin(self, context):
        options = self.options
        if options["metric"] == options["primary"] and options["smallest_effect"] is not None:
            return options["smallest_effect"]
        baseline = next(arm for arm in self.arms if arm["context"] == context and arm["is_baseline"])
        return smallest_effect(options["metric"], baseline["summary"].mean)

    def by_construction(self, arm):
        metric, baseline = self.options["metric"], self.arms[arm["baseline"]]
        judged = metric.startswith("val_") or metric == "generalization_gap"
        ways = [{self.configs[config]["stopping"] for config in x["configs"]} for x in (arm, baseline)]
        return judged and self.options["at"] != "last" and ways[0] != ways[1]

    def is_resplit(self, arm):
        return self.configs[arm["configs"][0]]["about"] == "resplit"

    def pairs_better(self, differences):
        if self.options["direction"] == "none" or not len(differences):
            return None
        better = differences < 0 if self.lower else differences > 0
        return float(np.mean(better + 0.5 * (differences == 0)))

    def _judge(self):
        for arm in self.arms:
            if arm["is_baseline"]:
                arm.update(d=None, p=None, eq=None, counts=False)
                continue
            d = self.contrast({arm["index"]: 1, arm["baseline"]: -1})
            exchangeable = self.n_first == 0 and not self.is_resplit(arm) and not self.is_resplit(self.arms[arm["baseline"]])
            arm.update(d=d, p=d.p, eq=d.equivalence_p(self.margin(arm["context"])), counts=d.n >= 2,
                       flip=d.sign_flip_p() if exchangeable else None, better=self.pairs_better(d.values))
        counts = [arm["counts"] for arm in self.arms]
        for name in ("p", "eq"):
            for arm, value in zip(self.arms, holm([arm[name] for arm in self.arms], counts)):
                arm[name + "_adjusted"] = value
        for arm in self.arms:
            arm["verdict"] = self.verdict(arm)
        self._lead()

    def verdict(self, arm):
        if arm["is_baseline"]:
            return "baseline"
        if self.options["direction"] == "none":
            return None
        if self.by_construction(arm):
            return "void"
        if arm["d"].n < LEAST_PAIRS:
            return "too_few_seeds"
        if arm["eq_adjusted"] is not None and arm["eq_adjusted"] < LEVEL:
            return "equivalent"
        if arm["p_adjusted"] is None or not arm["p_adjusted"] < LEVEL:
            return "no_evidence"
        return "better" if (arm["d"].mean < 0) == self.lower else "worse"

    # -- leaders and ties

    def _lead(self):
        self.leaders = []
        for c in range(len(self.contexts)):
            arms = [arm for arm in self.arms if arm["context"] == c]
            better = [arm for arm in arms if arm["verdict"] == "better"]
            valued = [arm for arm in arms if arm["values"] and arm["verdict"] != "void"]
            leader = (better or valued or [None])[0]
            self.leaders.append(leader["index"] if leader else None)
            self._tie(arms, leader)

    def _tie(self, arms, leader):
        def equal_to_baseline(arm):
            little = arm["p_adjusted"] is not None and arm["p_adjusted"] < LEVEL
            return arm["verdict"] == "no_evidence" or (arm["verdict"] == "equivalent" and not little)

        for arm in arms:
            arm["is_tied"] = False
        if leader is None:
            return
        others = [arm for arm in arms if arm is not leader and arm["verdict"] != "void"]
        ds = [self.contrast({arm["index"]: 1, leader["index"]: -1}) for arm in others]
        enough = [d.n >= LEAST_PAIRS for d in ds]
        adjusted = holm([d.p for d in ds], enough)
        for arm, d, p, comparable in zip(others, ds, adjusted, enough):
            if leader["is_baseline"]:
                arm["is_tied"] = equal_to_baseline(arm)
            elif arm["is_baseline"]:
                arm["is_tied"] = equal_to_baseline(leader)
            elif leader["verdict"] == "better" and arm["verdict"] == "worse":
                arm["is_tied"] = False
            else:
                constant = d.p is None and comparable and d.mean != 0
                arm["is_tied"] = comparable and not constant and not (p is not None and p < LEVEL)

    # -- what else is answered

    def selected(self):
        """Among the first context's configs."""
        configs = sorted(config for arm in self.contexts[0] for config in arm)
        select = {c: list(self.of_config(c, "select").values()) for c in configs}
        test = {c: list(self.of_config(c, "test").values()) for c in configs}
        baseline = next(arm for arm in self.arms if arm["context"] == 0 and arm["is_baseline"])["tuned"]
        candidates = [c for c in configs if select[c]]
        if not candidates:
            return {"config": None, "baseline": baseline, "optimism": None}
        sign = 1 if self.select_lower else -1
        config = min(candidates, key=lambda c: (sign * mean(select[c]), -len(select[c]), c != baseline, c))
        gaps = {c: sign * (mean(test[c]) - mean(select[c])) for c in configs if test[c] and select[c]}
        optimism = gaps[config] - mean(gaps.values()) if config in gaps and len(gaps) > 1 else None
        answer = {"config": config, "baseline": baseline, "optimism": none_if_nan(optimism)}
        if baseline is not None and baseline != config:
            own, other = self.of_config(config, "test"), self.of_config(baseline, "test")
            repeats = sorted(own.keys() & other.keys())
            shares = [self.configs[c]["test_share"] for c in (config, baseline)]
            largest = max([abs(x) for repeat in repeats for x in (own[repeat], other[repeat])], default=0)
            d = Estimate([own[r] - other[r] for r in repeats], largest, None if None in shares else max(shares), self.n_first)
            answer["test_difference"] = d.answer()
        return answer

    def effects(self):
        names = [i for i, factor in enumerate(self.factors) if factor["role"] != "tune" and
                 len({config["levels"][i]["text"] for config in self.configs}) > 1]
        levels = {i: list(dict.fromkeys(config["levels"][i]["text"] for config in self.configs)) for i in names}
        numbers = {i: {config["levels"][i]["text"]: config["levels"][i]["number"] for config in self.configs} for i in names}
        for i in names:
            if all(number is not None for number in numbers[i].values()):
                levels[i].sort(key=numbers[i].get)
        cells = {tuple(self.configs[arm["configs"][0]]["levels"][i]["text"] for i in names): arm["index"] for arm in self.arms}
        if len(names) < 2 or len(cells) != math.prod(len(levels[i]) for i in names):
            return None
        baseline = next(arm for arm in self.arms if arm["context"] == 0 and arm["is_baseline"])
        reference = {i: self.configs[baseline["configs"][0]]["levels"][i]["text"] for i in names}

        def mean_cell(fixed):
            """{arm: weight} of the mean over all cells with these levels."""
            matching = [index for cell, index in cells.items() if all(cell[names.index(i)] == level for i, level in fixed.items())]
            return {index: 1 / len(matching) for index in matching}

        def combine(*signed):
            total = collections.Counter()
            for sign, fixed in signed:
                for index, weight in mean_cell(fixed).items():
                    total[index] += sign * weight
            return self.contrast({index: weight for index, weight in total.items() if abs(weight) > 1e-12})

        items = []
        for i in names:
            for level in levels[i]:
                if level != reference[i]:
                    items.append({"factor": i, "level": level, "change": combine((1, {i: level}), (-1, {i: reference[i]}))})
        for i, k in itertools.combinations(names, 2):
            for a, b in itertools.product(levels[i], levels[k]):
                if a != reference[i] and b != reference[k]:
                    both, one, other, none = {i: a, k: b}, {i: a, k: reference[k]}, {i: reference[i], k: b}, {i: reference[i], k: reference[k]}
                    items.append({"factor": i, "level": a, "other_factor": k, "other_level": b,
                                  "change": combine((1, both), (-1, one), (-1, other), (1, none)), "together": combine((1, both), (-1, none))})
        adjusted = holm([x["change"].p for x in items], [x["change"].n >= 2 for x in items])
        return [self._effect(x, p) for x, p in zip(items, adjusted)]

    def _effect(self, x, p):
        answer = {"factor": self.factors[x["factor"]]["name"], "level": x["level"], "change": x["change"].answer(), "p_adjusted": p}
        if "together" in x:
            sure = x["change"].n >= LEAST_PAIRS and p is not None and p < LEVEL
            gains = sure and (x["change"].mean < 0) == self.lower
            verdict = "more_than_sum" if gains else "less_than_sum" if sure else "no_evidence"
            answer.update(other_factor=self.factors[x["other_factor"]]["name"], other_level=x["other_level"], together=x["together"].answer(),
                          verdict=None if self.options["direction"] == "none" else verdict)
        return answer

    def stein(self, half_width, least, most):
        wanted = least
        for arm in self.arms:
            d = arm["d"]
            if d is None or d.spread is None or not d.spread > 0:
                continue
            shares = [self.configs[x["configs"][0]]["share"] for x in (arm, self.arms[arm["baseline"]])]
            if None in shares:
                continue
            share, ts = max(shares), stats.t.ppf(0.975, d.df) * d.spread
            room = (half_width / ts) ** 2 - share
            n = math.ceil((ts / half_width) ** 2) if share == 0 else math.ceil(1 / room) if room > 0 else least
            wanted = max(wanted, min(max(n, least), most))
        return wanted

    # -- checks: {code: configs}

    def checks(self):
        found, options, arms = {}, self.options, self.arms
        names = {factor["name"] for factor in self.factors}
        metric = options["metric"]

        def of_arms(code, test):
            configs = sorted(config for arm in arms if test(arm) for config in arm["configs"])
            if configs:
                found[code] = configs

        def improving(arm):
            finished = [run for run in arm["runs"] if run["is_finished"]]
            return sum(run["progress"] == "improving" for run in finished) > len(finished) / 2

        def edges(arm):
            if arm["tuned"] is None:
                return False
            for i, factor in enumerate(self.factors):
                tried = [self.configs[config]["levels"][i]["number"] for config in arm["configs"]]
                tried = [number for number in tried if number is not None]
                own = self.configs[arm["tuned"]]["levels"][i]["number"]
                if factor["role"] == "tune" and len(set(tried)) > 1 and own is not None and own != 0 and own in (min(tried), max(tried)):
                    return True
            return False

        def skewed(arm):
            d = arm["d"]
            return d is not None and d.n >= 6 and d.p is not None and arm["flip"] is not None and (d.p < LEVEL) != (arm["flip"] < LEVEL)

        of_arms("by_construction", lambda arm: arm["verdict"] == "void")
        of_arms("still_improving", improving)
        if len(arms) > len(self.contexts) and "learning_rate" not in names:
            found["untuned"] = []
        of_arms("unequal_tuning", lambda arm: len(arm["configs"]) != len(arms[arm["baseline"]]["configs"]))
        chosen = sorted(arm["tuned"] for arm in arms if edges(arm))
        if chosen:
            found["edge_of_grid"] = chosen
        if len(self.configs) > len(arms) and (metric.startswith("val_") or metric == "generalization_gap"):
            found["chosen_by_validation"] = []
        useless = sorted(config for c in range(len(self.contexts)) if self._is_useless(c) for arm in self.contexts[c] for config in arm)
        if useless:
            found["no_better_than_trivial"] = useless
        if any(self.configs[arm["configs"][0]]["about"] == "split" for arm in arms if arm["is_baseline"]):
            found["one_split"] = []
        of_arms("skewed", skewed)
        if options["was_extended"]:
            found["adaptive"] = []
        if metric != options["primary"]:
            found["exploratory"] = []
        if options["n_test_asked"] > 0:
            found["test_seen"] = []
        return found

    def _is_useless(self, context):
        if self.options["direction"] == "none":
            return False
        verdicts = []
        for arm in self.arms:
            trivial = self.configs[arm["configs"][0]]["trivial"]
            if arm["context"] != context or not arm["values"]:
                continue
            r2 = [run["r2"] for run in arm["runs"]]
            if None not in r2:
                verdicts.append(mean(r2) > 0)
            elif trivial is not None:
                verdicts.append(arm["summary"].mean < trivial if self.lower else arm["summary"].mean > trivial)
        return bool(verdicts) and not any(verdicts)

    def answer(self):
        arms = []
        for arm in self.arms:
            x = {key: arm[key] for key in ("context", "configs", "tuned", "n_failed", "n_unfinished", "n_without", "verdict", "is_tied", "budget")}
            x["summary"] = arm["summary"].answer()
            if not arm["is_baseline"]:
                x.update(difference=arm["d"].answer(), p_adjusted=arm["p_adjusted"], minimum_detectable=arm["d"].minimum_detectable(),
                         sign_flip_p=arm["flip"], pairs_better=arm["better"], equivalence_p=arm["eq"], equivalence_p_adjusted=arm["eq_adjusted"])
            arms.append(x)
        configs = []
        for c in range(len(self.configs)):
            means = [list(self.of_config(c, name).values()) for name in ("select", "test")]
            configs.append({"arm": next(arm["index"] for arm in self.arms if c in arm["configs"]),
                            "summary": self.estimate(self.of_config(c, "metric"), self.configs[c]["share"]).answer(),
                            "select_mean": mean(means[0]) if means[0] else None, "test_mean": mean(means[1]) if means[1] else None})
        order = sorted(range(len(self.configs)), key=lambda c: (self.rank(self.estimate(self.of_config(c, "metric"), 0)), c))
        baselines = [next(arm for arm in self.arms if arm["context"] == c and arm["is_baseline"]) for c in range(len(self.contexts))]
        contexts = [{"baseline": arm["index"], "leader": leader, "about": self.configs[arm["configs"][0]]["about"],
                     "smallest_effect": self.margin(arm["context"])} for arm, leader in zip(baselines, self.leaders)]
        return {"n_tests": sum(arm["counts"] for arm in self.arms), "arms": arms, "contexts": contexts, "configs": configs,
                "config_order": order, "selected": self.selected(), "effects": self.effects(), "checks": self.checks(),
                "wanted": self.stein(0.01, 10, 500)}


def compare(table):
    return Comparison(table).answer()
