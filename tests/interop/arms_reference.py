"""What a comparison of arms must answer, written a second time: by brute force, with SciPy.

`compare(table)` takes one JSON object:

    {"factors": [{"name", "role": "treatment" | "tune" | "context", "is_regularizer"}],
     "configs": [{"config_id", "levels": [{"text", "number", "is_default", "is_baseline"}],
                  "stopping", "about": "split" | "resplit" | "new_data", "share", "test_share",
                  "trivial"}],
     "runs": [{"config": index, "seed", "data_seed", "status", "is_finished", "metric", "select",
               "test", "r2", "progress"}],
     "options": {"metric", "direction", "select_direction": "lower" | "higher" | "none", "at",
                 "primary", "smallest_effect", "has_variants", "has_baseline", "n_first",
                 "was_extended", "n_test_asked"}}

Configs and runs stand in order of submission, levels in that of the factors. None stands for a
number that is not there.
"""

import collections

import numpy as np

import arms_findings
from arms_statistics import LEAST_PAIRS, LEVEL, Estimate, expected_best, holm, known, mean
from arms_statistics import none_if_nan, smallest_effect

# ---- the comparison ----


class Comparison:
    def __init__(self, table):
        self.factors, self.configs, self.runs, self.options = (
            table[key] for key in ("factors", "configs", "runs", "options")
        )
        self.lower = self.options["direction"] != "higher"
        self.select_lower = self.options["select_direction"] == "lower"
        self.n_first = self.options["n_first"]
        self._group()
        self._values()
        self._order()
        self._judge()

    # -- who is who

    def key(self, config, role):
        return tuple(
            level["text"]
            for factor, level in zip(self.factors, self.configs[config]["levels"])
            if factor["role"] == role
        )

    def all_treatments(self, config, flag):
        return all(
            level[flag]
            for factor, level in zip(self.factors, self.configs[config]["levels"])
            if factor["role"] == "treatment"
        )

    def _group(self):
        contexts = collections.OrderedDict()
        for config in range(len(self.configs)):
            arms = contexts.setdefault(self.key(config, "context"), collections.OrderedDict())
            arms.setdefault(self.key(config, "treatment"), []).append(config)
        self.contexts = [list(arms.values()) for arms in contexts.values()]

    def _baseline(self, arms):
        """Index of the baseline among the context's arms in order of submission."""
        wishes = (
            ["is_baseline", "is_default"]
            if self.options["has_baseline"]
            else [] if self.options["has_variants"] else ["is_default"]
        )
        for flag in wishes:
            for i, arm in enumerate(arms):
                if self.all_treatments(arm[0], flag):
                    return i
        return 0

    # -- values

    def completed(self, config):
        return [
            (i, run)
            for i, run in enumerate(self.runs)
            if run["config"] == config and run["status"] == "completed"
        ]

    def estimate(self, values, share):
        """values: {repeat: value}."""
        ordered = [values[repeat] for repeat in sorted(values)]
        return Estimate(ordered, max(map(abs, ordered), default=0), share, self.n_first)

    def of_config(self, config, name):
        return {
            (run["seed"], run["data_seed"]): run[name]
            for _, run in self.completed(config)
            if known(run[name])
        }

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
        return min(
            (config for config in arm if len(means[config]) == most),
            key=lambda config: (sign * mean(means[config]), config),
        )

    def _values(self):
        self.arms = []
        for c, context in enumerate(self.contexts):
            baseline = self._baseline(context)
            for i, configs in enumerate(context):
                runs = self.chosen(configs)
                values = {
                    repeat: run["metric"]
                    for repeat, (_, run) in runs.items()
                    if known(run["metric"])
                }
                all_runs = [run for run in self.runs if run["config"] in configs]
                means = [
                    mean(v.values())
                    for v in (self.of_config(config, "select") for config in configs)
                    if v
                ]
                self.arms.append(
                    {
                        "context": c,
                        "configs": configs,
                        "is_baseline": i == baseline,
                        "values": values,
                        "runs": [runs[repeat][1] for repeat in values],
                        "tuned": self.tuned(configs),
                        "n_failed": sum(run["status"] == "failed" for run in all_runs),
                        "n_unfinished": sum(
                            run["status"] in ("queued", "running", "paused") for run in all_runs
                        ),
                        "n_without": sum(
                            run["status"] == "completed" and not known(run["metric"])
                            for run in all_runs
                        ),
                        "summary": self.estimate(values, self.configs[configs[0]]["share"]),
                        "budget": expected_best(means, self.select_lower),
                    }
                )

    def rank(self, estimate):
        sign = -1 if self.options["direction"] == "higher" else 1
        return (0, sign * estimate.mean, -estimate.n) if estimate.n else (1, 0, 0)

    def _order(self):
        self.arms.sort(key=lambda arm: (arm["context"], self.rank(arm["summary"])))
        for i, arm in enumerate(self.arms):
            arm["baseline"] = next(
                k
                for k, other in enumerate(self.arms)
                if other["context"] == arm["context"] and other["is_baseline"]
            )
            arm["index"] = i

    # -- differences

    def contrast(self, weights):
        """weights: {arm: weight}."""
        arms = [self.arms[i] for i in weights]
        repeats = set.intersection(*(set(arm["values"]) for arm in arms))
        values = {
            repeat: sum(weight * self.arms[i]["values"][repeat] for i, weight in weights.items())
            for repeat in repeats
        }
        shares = [self.configs[arm["configs"][0]]["share"] for arm in arms]
        share = None if None in shares else max(shares)
        largest = max((abs(arm["values"][repeat]) for arm in arms for repeat in repeats), default=0)
        return Estimate(
            [values[repeat] for repeat in sorted(repeats)], largest, share, self.n_first
        )

    def margin(self, context):
        options = self.options
        if options["metric"] == options["primary"] and options["smallest_effect"] is not None:
            return options["smallest_effect"]
        baseline = next(
            arm for arm in self.arms if arm["context"] == context and arm["is_baseline"]
        )
        return smallest_effect(options["metric"], baseline["summary"].mean)

    def by_construction(self, arm):
        metric, baseline = self.options["metric"], self.arms[arm["baseline"]]
        judged = metric.startswith("val_") or metric == "generalization_gap"
        ways = [
            {self.configs[config]["stopping"] for config in x["configs"]} for x in (arm, baseline)
        ]
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
            exchangeable = (
                self.n_first == 0
                and not self.is_resplit(arm)
                and not self.is_resplit(self.arms[arm["baseline"]])
            )
            arm.update(
                d=d,
                p=d.p,
                eq=d.equivalence_p(self.margin(arm["context"])),
                counts=d.n >= 2,
                flip=d.sign_flip_p() if exchangeable else None,
                better=self.pairs_better(d.values),
            )
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
            return arm["verdict"] == "no_evidence" or (
                arm["verdict"] == "equivalent" and not little
            )

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
        baseline = next(arm for arm in self.arms if arm["context"] == 0 and arm["is_baseline"])[
            "tuned"
        ]
        candidates = [c for c in configs if select[c]]
        if not candidates:
            return {"config": None, "baseline": baseline, "optimism": None}
        sign = 1 if self.select_lower else -1
        config = min(
            candidates, key=lambda c: (sign * mean(select[c]), -len(select[c]), c != baseline, c)
        )
        gaps = {
            c: sign * (mean(test[c]) - mean(select[c])) for c in configs if test[c] and select[c]
        }
        optimism = gaps[config] - mean(gaps.values()) if config in gaps and len(gaps) > 1 else None
        answer = {"config": config, "baseline": baseline, "optimism": none_if_nan(optimism)}
        if baseline is not None and baseline != config:
            own, other = self.of_config(config, "test"), self.of_config(baseline, "test")
            repeats = sorted(own.keys() & other.keys())
            shares = [self.configs[c]["test_share"] for c in (config, baseline)]
            largest = max(
                [abs(x) for repeat in repeats for x in (own[repeat], other[repeat])], default=0
            )
            d = Estimate(
                [own[r] - other[r] for r in repeats],
                largest,
                None if None in shares else max(shares),
                self.n_first,
            )
            answer["test_difference"] = d.answer()
        return answer

    def answer(self):
        arms = []
        for arm in self.arms:
            x = {
                key: arm[key]
                for key in (
                    "context",
                    "configs",
                    "tuned",
                    "n_failed",
                    "n_unfinished",
                    "n_without",
                    "verdict",
                    "is_tied",
                    "budget",
                )
            }
            x["summary"] = arm["summary"].answer()
            if not arm["is_baseline"]:
                x.update(
                    difference=arm["d"].answer(),
                    p_adjusted=arm["p_adjusted"],
                    minimum_detectable=arm["d"].minimum_detectable(),
                    sign_flip_p=arm["flip"],
                    pairs_better=arm["better"],
                    equivalence_p=arm["eq"],
                    equivalence_p_adjusted=arm["eq_adjusted"],
                )
            arms.append(x)
        configs = []
        for c in range(len(self.configs)):
            means = [list(self.of_config(c, name).values()) for name in ("select", "test")]
            configs.append(
                {
                    "arm": next(arm["index"] for arm in self.arms if c in arm["configs"]),
                    "summary": self.estimate(
                        self.of_config(c, "metric"), self.configs[c]["share"]
                    ).answer(),
                    "select_mean": mean(means[0]) if means[0] else None,
                    "test_mean": mean(means[1]) if means[1] else None,
                }
            )
        order = sorted(
            range(len(self.configs)),
            key=lambda c: (self.rank(self.estimate(self.of_config(c, "metric"), 0)), c),
        )
        baselines = [
            next(arm for arm in self.arms if arm["context"] == c and arm["is_baseline"])
            for c in range(len(self.contexts))
        ]
        contexts = [
            {
                "baseline": arm["index"],
                "leader": leader,
                "about": self.configs[arm["configs"][0]]["about"],
                "smallest_effect": self.margin(arm["context"]),
            }
            for arm, leader in zip(baselines, self.leaders)
        ]
        return {
            "n_tests": sum(arm["counts"] for arm in self.arms),
            "arms": arms,
            "contexts": contexts,
            "configs": configs,
            "config_order": order,
            "selected": self.selected(),
            "effects": arms_findings.effects(self),
            "checks": arms_findings.checks(self),
            "wanted": arms_findings.repeats_wanted(self, 0.01, 10, 500),
        }


def compare(table):
    return Comparison(table).answer()
