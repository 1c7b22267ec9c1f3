#!/usr/bin/env python3
"""Writes fairness.json.

Decisions row by row for groups of people, and what the definitions of fairness say of each group beside the first: rates by
counting rows; Newcombe's hybrid score intervals from scipy.stats.binomtest's Wilson intervals; Katz's interval of a ratio;
p-values by scipy.stats.norm; q-values by scipy.stats.false_discovery_control. fairlearn has to find the same measures.
"""
import json
import math
import pathlib
import sys

import numpy as np
from fairlearn import metrics as fair
from scipy import stats

OUT = pathlib.Path(sys.argv[1])
CONFIDENCE = 0.99


def wilson(k, n, confidence):
    interval = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
    return interval.low, interval.high


def difference(a, b, confidence=CONFIDENCE):
    (k, n), (j, m) = a, b
    p, q = k / n, j / m
    (l1, u1), (l2, u2) = wilson(k, n, confidence), wilson(j, m, confidence)
    return [p - q, p - q - math.hypot(p - l1, u2 - q), p - q + math.hypot(u1 - p, q - l2)]


def ratio(a, b):
    (k, n), (j, m) = a, b
    r = (k / n) / (j / m)
    margin = stats.norm.ppf((1 + CONFIDENCE) / 2) * math.sqrt(1 / k - 1 / n + 1 / j - 1 / m)
    return [r, r * math.exp(-margin), r * math.exp(margin)]


def difference_p(a, b, side, limit):
    def spread(k, n):
        p = (k + 0.5) / (n + 1)
        return p * (1 - p) / (n + 1)

    d = a[0] / a[1] - b[0] / b[1]
    s = math.sqrt(spread(*a) + spread(*b))
    if side == "above":
        return stats.norm.sf((d - limit) / s)
    if side == "below":
        return stats.norm.cdf((d - limit) / s)
    return min(1, stats.norm.sf((abs(d) - limit) / s) + stats.norm.sf((abs(d) + limit) / s))


def ratio_p(a, b, limit):
    (x, n), (y, m) = [(k + 0.5, t + 0.5) for k, t in (a, b)]
    s = math.sqrt(1 / x - 1 / n + 1 / y - 1 / m)
    return stats.norm.cdf((math.log(x / n / (y / m)) - math.log(limit)) / s)


def rates(decision, label, favourable):
    """Of the good decision: among all, those who deserve it, and those who do not; each (successes, trials)."""
    good, deserved = decision == favourable, label == favourable
    out = []
    for among in (np.ones(len(good), bool), deserved, ~deserved):
        out.append((int(good[among].sum()), int(among.sum())))
    return out


FAIRLEARN = {
    "demographic_parity_difference": fair.demographic_parity_difference, "disparate_impact": fair.demographic_parity_ratio,
    "equal_opportunity_difference": fair.equal_opportunity_difference, "equalised_odds_difference": fair.equalized_odds_difference,
}


def checked(measures, group, reference, favourable):
    """fairlearn takes no side: of a difference it has the size, of a ratio the one below 1."""
    label, decision = (np.concatenate(pair) == favourable for pair in zip(group, reference))
    side = np.repeat(["group", "reference"], [len(group[0]), len(reference[0])])
    for name, (value, *_) in measures.items():
        found = FAIRLEARN[name](label, decision, sensitive_features=side)
        assert math.isclose(min(value, 1 / value) if name == "disparate_impact" else abs(value), found, rel_tol=1e-12), (name, value, found)
    return measures


rng = np.random.default_rng(20)
cases = []
for favourable in (1, 0):
    for shift in (0.0, 0.08, 0.2):
        groups = []
        for g, rows in enumerate((900, 400, 150, 2500)):
            label = (rng.random(rows) < 0.45).astype(int)
            chance = np.where(label == 1, 0.8, 0.25) - shift * g / 2
            groups.append((label, (rng.random(rows) < chance).astype(int)))
        confusions = [
            [int(((l == y) & (d == z)).sum()) for y, z in ((1, 1), (0, 1), (1, 0), (0, 0))] for l, d in groups
        ]
        reference = rates(groups[0][1], groups[0][0], favourable)
        measures, p = [], []
        for label, decision in groups[1:]:
            own = rates(decision, label, favourable)
            joint = (1 + CONFIDENCE) / 2
            odds = [difference(a, b, joint) for a, b in zip(own[1:], reference[1:])]
            least = [0 if lo <= 0 <= hi else min(abs(lo), abs(hi)) for _, lo, hi in odds]
            most = [min(1, max(abs(lo), abs(hi))) for _, lo, hi in odds]
            measures.append(checked({
                "demographic_parity_difference": difference(own[0], reference[0]),
                "disparate_impact": ratio(own[0], reference[0]),
                "equal_opportunity_difference": difference(own[1], reference[1]),
                "equalised_odds_difference": [max(abs(e) for e, _, _ in odds), max(least), max(most)],
            }, (label, decision), groups[0], favourable))
            p.append({
                "demographic_parity_difference": difference_p(own[0], reference[0], "either", 0.1),
                "demographic_parity_below": difference_p(own[0], reference[0], "below", -0.05),
                "disparate_impact": ratio_p(own[0], reference[0], 0.8),
                "equal_opportunity_difference": difference_p(own[1], reference[1], "either", 0.1),
                "equalised_odds_difference": min(
                    1, 2 * min(difference_p(a, b, "either", 0.1) for a, b in zip(own[1:], reference[1:]))),
            })
        q = {name: [float(x) for x in stats.false_discovery_control([float(row[name]) for row in p])] for name in p[0]}
        cases.append({
            "favourable": favourable, "confusions": confusions, "measures": measures,
            "p": [{k: float(v) for k, v in row.items()} for row in p], "q": q,
        })
(OUT / "fairness.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
