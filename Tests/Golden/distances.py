#!/usr/bin/env python3
"""Writes drift_numeric.json and drift_categorical.json: samples, and what SciPy says of the distance between them.

Bins of numbers are (-∞, c₁], (c₁, c₂], …, (cₖ, ∞) with the cuts cᵢ at order statistics of the baseline, the inverse of its
distribution function at j/10. Missing values are one more bin, categories without a count in the baseline share one. Bins that
are empty on both sides are left out.
"""

import numpy as np
from scipy import stats
from scipy.spatial import distance

from golden import write

random = np.random.default_rng(20260301)
FLOOR = 1e-4  # a share's least value in PSI


def homogeneity(baseline, window):
    """Pearson's test that two rows of counts come from one distribution: χ², its degrees of freedom, p."""
    if len(baseline) < 2:
        return 0.0, 0, 1.0
    found = stats.chi2_contingency([baseline, window], correction=False)
    return found.statistic, found.dof, found.pvalue


def pooled_p_value(baseline, window):
    """The same after the bins with an expected count under 5 in the smaller sample are put together."""
    n, m = baseline.sum(), window.sum()
    expected = (baseline + window) * (min(n, m) / (n + m))
    is_small = expected < 5
    rows = [np.concatenate([side[~is_small], [side[is_small].sum()]]) for side in (baseline, window)]
    is_used = rows[0] + rows[1] > 0
    return homogeneity(rows[0][is_used], rows[1][is_used])[2]


def of_counts(baseline, window):
    baseline, window = np.asarray(baseline), np.asarray(window)
    is_used = baseline + window > 0
    baseline, window = baseline[is_used], window[is_used]
    p, q = baseline / baseline.sum(), window / window.sum()
    floored = [np.clip(shares, FLOOR, None) for shares in (p, q)]
    chi2, freedom, p_value = homogeneity(baseline, window)
    is_same = np.array_equal(p, q)
    return {
        "psi": np.sum((floored[1] - floored[0]) * (np.log(floored[1]) - np.log(floored[0]))),
        "jensen_shannon": 0.0 if is_same else distance.jensenshannon(p, q, base=2),
        "hellinger": distance.euclidean(np.sqrt(p), np.sqrt(q)) / np.sqrt(2),
        "total_variation": distance.cityblock(p, q) / 2,
        "l_infinity": distance.chebyshev(p, q),
        "chi2": chi2, "chi2_dof": freedom, "chi2_p_value": p_value, "pooled_p_value": pooled_p_value(baseline, window),
        "psi_noise": (len(p) - 1) * (1 / baseline.sum() + 1 / window.sum()),
    }


def numbers(name, baseline, window, missing=(0, 0)):
    baseline, window = np.asarray(baseline, float), np.asarray(window, float)
    cuts = np.unique(np.quantile(baseline, np.arange(1, 10) / 10, method="inverted_cdf"))
    edges = np.concatenate([cuts, [np.inf]])
    counts = [np.bincount(np.searchsorted(edges, side, side="left"), minlength=len(edges)) for side in (baseline, window)]
    if any(missing):
        counts = [np.append(side, count) for side, count in zip(counts, missing)]
    test = stats.ks_2samp(baseline, window, method="asymp")
    wasserstein, deviation = stats.wasserstein_distance(baseline, window), baseline.std()
    return {
        "name": name, "baseline": baseline, "window": window, "baseline_missing": missing[0], "window_missing": missing[1],
        "cuts": cuts, "baseline_counts": counts[0], "window_counts": counts[1],
        "expected": {
            "ks": test.statistic, "ks_p_value": test.pvalue, "wasserstein": wasserstein,
            "wasserstein_normalised": wasserstein / deviation if deviation > 0 else None, **of_counts(*counts),
        },
    }


def categories(name, baseline, window):
    known = [key for key in baseline if key != "__missing__"]
    unseen = sum(count for key, count in window.items() if key not in baseline and key != "__missing__")
    return {
        "name": name, "baseline": baseline, "window": window,
        "expected": of_counts(
            [baseline[key] for key in known] + [0, baseline.get("__missing__", 0)],
            [window.get(key, 0) for key in known] + [unseen, window.get("__missing__", 0)]),
    }


def rare(exponent):
    return {f"k{i}": int(count) for i, count in enumerate(random.zipf(exponent, 60))}


def normal(count, mean=0.0, deviation=1.0):
    return random.normal(mean, deviation, count).round(6)


training = normal(400)
write("drift_numeric.json", [
    numbers("same sample", training, training),
    numbers("no drift", training, normal(250)),
    numbers("mean shift of half a deviation", training, normal(300, mean=0.5)),
    numbers("scale doubled", training, normal(300, deviation=2)),
    numbers("disjoint supports", training, normal(100, mean=50)),
    numbers("ties: integers 0 to 5", random.integers(0, 6, 500), random.binomial(5, 0.7, 300)),
    numbers("constant baseline", [3] * 50, [3] * 40 + [4] * 10),
    numbers("heavy tail", random.pareto(1.5, 600).round(6), random.pareto(1.2, 600).round(6)),
    numbers("five rows", training, (training[:5] + 0.1).round(6)),
    numbers("missing values on one side", training, training[:200], missing=(0, 50)),
    numbers("missing values on both sides", training, normal(200, mean=0.2), missing=(40, 60)),
    numbers("large", random.gamma(2, 3, 3000).round(4), random.gamma(2.2, 3, 2000).round(4)),
])
abc = {"a": 500, "b": 300, "c": 200}
write("drift_categorical.json", [
    categories("ten times as many", {"a": 50, "b": 30, "c": 20}, abc),
    categories("shift", abc, {"a": 300, "b": 350, "c": 350}),
    categories("category gone", abc, {"a": 300, "b": 200}),
    categories("unseen categories", {"a": 500, "b": 300}, {"a": 280, "b": 190, "z": 30, "y": 3}),
    categories("missing values appear", {"a": 500, "b": 300}, {"a": 280, "b": 190, "__missing__": 40}),
    categories("many rare ones", rare(1.6), rare(1.5)),
    categories("truth values", {"false": 900, "true": 100}, {"false": 420, "true": 80}),
])
