"""What follows from arms, for arms_reference.py: effects, repeats wanted, checks."""

import collections
import itertools
import math

from scipy import stats

from arms_statistics import LEAST_PAIRS, LEVEL, holm, mean


def effects(comparison):
    names = [
        i
        for i, factor in enumerate(comparison.factors)
        if factor["role"] != "tune"
        and len({config["levels"][i]["text"] for config in comparison.configs}) > 1
    ]
    levels = {
        i: list(dict.fromkeys(config["levels"][i]["text"] for config in comparison.configs))
        for i in names
    }
    numbers = {
        i: {
            config["levels"][i]["text"]: config["levels"][i]["number"]
            for config in comparison.configs
        }
        for i in names
    }
    for i in names:
        if all(number is not None for number in numbers[i].values()):
            levels[i].sort(key=numbers[i].get)
    cells = {
        tuple(comparison.configs[arm["configs"][0]]["levels"][i]["text"] for i in names): arm[
            "index"
        ]
        for arm in comparison.arms
    }
    if len(names) < 2 or len(cells) != math.prod(len(levels[i]) for i in names):
        return None
    baseline = next(arm for arm in comparison.arms if arm["context"] == 0 and arm["is_baseline"])
    reference = {i: comparison.configs[baseline["configs"][0]]["levels"][i]["text"] for i in names}

    def mean_cell(fixed):
        """{arm: weight} of the mean over all cells with these levels."""
        matching = [
            index
            for cell, index in cells.items()
            if all(cell[names.index(i)] == level for i, level in fixed.items())
        ]
        return {index: 1 / len(matching) for index in matching}

    def combine(*signed):
        total = collections.Counter()
        for sign, fixed in signed:
            for index, weight in mean_cell(fixed).items():
                total[index] += sign * weight
        return comparison.contrast(
            {index: weight for index, weight in total.items() if abs(weight) > 1e-12}
        )

    items = []
    for i in names:
        for level in levels[i]:
            if level != reference[i]:
                items.append(
                    {
                        "factor": i,
                        "level": level,
                        "change": combine((1, {i: level}), (-1, {i: reference[i]})),
                    }
                )
    for i, k in itertools.combinations(names, 2):
        for a, b in itertools.product(levels[i], levels[k]):
            if a != reference[i] and b != reference[k]:
                both, one, other, none = (
                    {i: a, k: b},
                    {i: a, k: reference[k]},
                    {i: reference[i], k: b},
                    {i: reference[i], k: reference[k]},
                )
                items.append(
                    {
                        "factor": i,
                        "level": a,
                        "other_factor": k,
                        "other_level": b,
                        "change": combine((1, both), (-1, one), (-1, other), (1, none)),
                        "together": combine((1, both), (-1, none)),
                    }
                )
    adjusted = holm([x["change"].p for x in items], [x["change"].n >= 2 for x in items])
    return [_effect(comparison, x, p) for x, p in zip(items, adjusted)]


def _effect(comparison, x, p):
    answer = {
        "factor": comparison.factors[x["factor"]]["name"],
        "level": x["level"],
        "change": x["change"].answer(),
        "p_adjusted": p,
    }
    if "together" in x:
        sure = x["change"].n >= LEAST_PAIRS and p is not None and p < LEVEL
        gains = sure and (x["change"].mean < 0) == comparison.lower
        verdict = "more_than_sum" if gains else "less_than_sum" if sure else "no_evidence"
        answer.update(
            other_factor=comparison.factors[x["other_factor"]]["name"],
            other_level=x["other_level"],
            together=x["together"].answer(),
            verdict=None if comparison.options["direction"] == "none" else verdict,
        )
    return answer


def repeats_wanted(comparison, half_width, least, most):
    wanted = least
    for arm in comparison.arms:
        d = arm["d"]
        if d is None or d.spread is None or not d.spread > 0:
            continue
        shares = [
            comparison.configs[x["configs"][0]]["share"]
            for x in (arm, comparison.arms[arm["baseline"]])
        ]
        if None in shares:
            continue
        share, ts = max(shares), stats.t.ppf(0.975, d.df) * d.spread
        room = (half_width / ts) ** 2 - share
        n = (
            math.ceil((ts / half_width) ** 2)
            if share == 0
            else math.ceil(1 / room) if room > 0 else least
        )
        wanted = max(wanted, min(max(n, least), most))
    return wanted


# ---- checks ----


def _is_improving(arm):
    finished = [run for run in arm["runs"] if run["is_finished"]]
    return sum(run["progress"] == "improving" for run in finished) > len(finished) / 2


def _is_at_edge(comparison, arm, i):
    """Is the tuned choice of factor i the least or the greatest of the numbers tried, and not 0?"""
    tried = [comparison.configs[config]["levels"][i]["number"] for config in arm["configs"]]
    tried = {number for number in tried if number is not None}
    own = comparison.configs[arm["tuned"]]["levels"][i]["number"]
    return len(tried) > 1 and own not in (None, 0) and own in (min(tried), max(tried))


def _has_edge(comparison, arm):
    tuned = [i for i, factor in enumerate(comparison.factors) if factor["role"] == "tune"]
    return arm["tuned"] is not None and any(_is_at_edge(comparison, arm, i) for i in tuned)


def _is_skewed(arm):
    d = arm["d"]
    if d is None or d.n < 6 or d.p is None or arm["flip"] is None:
        return False
    return (d.p < LEVEL) != (arm["flip"] < LEVEL)


def _is_useless(comparison, context):
    verdicts = []
    for arm in comparison.arms:
        trivial = comparison.configs[arm["configs"][0]]["trivial"]
        if arm["context"] != context or not arm["values"]:
            continue
        level, r2 = arm["summary"].mean, [run["r2"] for run in arm["runs"]]
        if None not in r2:
            verdicts.append(mean(r2) > 0)
        elif trivial is not None:
            verdicts.append(level < trivial if comparison.lower else level > trivial)
    directed = comparison.options["direction"] != "none"
    return directed and bool(verdicts) and not any(verdicts)


def _of_arms(comparison):
    """{code: configs} of the checks that name arms."""
    arms = comparison.arms
    tests = {
        "by_construction": lambda arm: arm["verdict"] == "void",
        "still_improving": _is_improving,
        "unequal_tuning": lambda arm: len(arm["configs"]) != len(arms[arm["baseline"]]["configs"]),
        "no_better_than_trivial": lambda arm: _is_useless(comparison, arm["context"]),
        "skewed": _is_skewed,
    }
    return {
        code: sorted(config for arm in arms if test(arm) for config in arm["configs"])
        for code, test in tests.items()
    }


def checks(comparison):
    """{code: configs} of what is found."""
    options, arms, configs = comparison.options, comparison.arms, comparison.configs
    judged = options["metric"].startswith("val_") or options["metric"] == "generalization_gap"
    baselines = [arm["configs"][0] for arm in arms if arm["is_baseline"]]
    names = {factor["name"] for factor in comparison.factors}
    of_all = {
        "untuned": len(arms) > len(comparison.contexts) and "learning_rate" not in names,
        "chosen_by_validation": len(configs) > len(arms) and judged,
        "one_split": any(configs[config]["about"] == "split" for config in baselines),
        "adaptive": options["was_extended"],
        "exploratory": options["metric"] != options["primary"],
        "test_seen": options["n_test_asked"] > 0,
    }
    found = {code: [] for code, is_found in of_all.items() if is_found}
    found.update({code: named for code, named in _of_arms(comparison).items() if named})
    edges = sorted(arm["tuned"] for arm in arms if _has_edge(comparison, arm))
    if edges:
        found["edge_of_grid"] = edges
    return found
