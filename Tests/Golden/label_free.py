#!/usr/bin/env python3
"""Writes label_free.json and comparisons.json.

Isotonic maps and expected performance are scikit-learn's and NumPy's, row by row; rates are statsmodels' and SciPy's; DeLong is
the definition itself, over all pairs of rows.
"""
import json
import pathlib
import sys

import numpy as np
from scipy import special, stats
from sklearn import metrics as sk
from sklearn.isotonic import IsotonicRegression
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep

OUT = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(11)


def dump(name, value):
    def clean(v):
        if isinstance(v, dict):
            return {k: clean(x) for k, x in v.items()}
        if isinstance(v, (list, tuple, np.ndarray)):
            return [clean(x) for x in v]
        if isinstance(v, str):
            return v
        if isinstance(v, np.integer):
            return int(v)
        return None if v is None or not np.isfinite(v) else float(v)
    (OUT / name).write_text(json.dumps(clean(value), separators=(",", ":")) + "\n")


def expected(score, map_, threshold):
    """Every row's own probability; the AUC counts pairs of rows by the probability that they are of unlike classes."""
    p = map_.predict(score)
    hat = score >= threshold
    tp, fp, fn, tn = (p * hat).sum(), ((1 - p) * hat).sum(), (p * ~hat).sum(), ((1 - p) * ~hat).sum()
    wins = (score[:, None] > score[None, :]) + 0.5 * (score[:, None] == score[None, :])
    auc = (p[:, None] * (1 - p)[None, :] * wins).sum() / (p.sum() * (1 - p).sum())
    return {"true_positives": tp, "false_positives": fp, "false_negatives": fn, "true_negatives": tn, "auc": auc,
            "accuracy": (tp + tn) / len(p), "precision": tp / (tp + fp) if tp + fp else None,
            "recall": tp / (tp + fn), "f1": 2 * tp / (2 * tp + fp + fn), "positive_rate": p.mean(),
            "brier": (p * (1 - score) ** 2 + (1 - p) * score ** 2).mean()}


def case(name, score, label, window, threshold):
    """`window` is scored later and has no labels."""
    map_ = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(score, label)
    probes = np.concatenate([rng.random(30), [0, 1], score[:10]])
    return {"name": name, "scores": score, "labels": label.astype(int), "window": window, "threshold": threshold,
            "thresholds_x": map_.X_thresholds_, "thresholds_y": map_.y_thresholds_,
            "probes": probes, "predicted": map_.predict(probes), "expected": expected(window, map_, threshold)}


s = special.expit(rng.normal(-1, 1.5, 800)).round(3)
w = special.expit(rng.normal(-0.4, 1.2, 600)).round(3)
tied = rng.integers(0, 11, 500) / 10
cases = [
    case("calibrated", s, rng.random(800) < s, w, 0.5),
    case("over-confident", s, rng.random(800) < special.expit(0.4 * special.logit(np.clip(s, .001, .999)) - .5), w, 0.3),
    case("reversed: the map is flat", s, rng.random(800) < 1 - s, w, 0.5),
    case("ties: one decimal", tied, rng.random(500) < tied, rng.integers(0, 11, 300) / 10, 0.5),
    case("perfect", np.r_[np.full(30, .2), np.full(20, .8)], np.r_[np.zeros(30), np.ones(20)], np.array([.1, .2, .5, .8, .9]), 0.5),
]
# The plain mean of |error| by decile of the prediction, applied to other predictions.
h = rng.gamma(3, 20, 2000).round(2)
y = (h + rng.normal(0, 0.2 * h)).round(2)
cuts = np.unique(np.quantile(h, np.arange(1, 10) / 10, method="inverted_cdf"))
bins = np.searchsorted(cuts, h, side="left")
later = rng.gamma(4, 20, 700).round(2)
rows = np.bincount(np.searchsorted(cuts, later, side="left"), minlength=10)
baseline_rows = np.bincount(bins, minlength=10)
errors = np.bincount(bins, weights=np.abs(h - y), minlength=10)
dump("label_free.json", {"binary": cases, "regression": {
    "rows": rows, "baseline_rows": baseline_rows, "baseline_errors": errors,
    "expected": np.mean((errors / baseline_rows)[np.searchsorted(cuts, later, side="left")])}})


# Fairness and champion against challenger.
rates = []
for a, n, b, m in ((56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29), (0, 10, 0, 20), (10, 10, 0, 20), (300, 1000, 420, 1100)):
    low, high = confint_proportions_2indep(a, n, b, m, compare="diff", method="newcomb", alpha=0.01)
    ratio = stats.contingency.relative_risk(a, n, b, m) if b else None
    ci = ratio.confidence_interval(0.99) if ratio else None
    rates.append({"counts": [a, n, b, m], "difference": a / n - b / m, "lower": low, "upper": high,
                  "ratio": ratio.relative_risk if ratio else None, "ratio_lower": ci.low if ci else None,
                  "ratio_upper": ci.high if ci and np.isfinite(ci.high) else None})


def delong(y, *scores):
    """Placements of positives and negatives for every ranking."""
    v10, v01 = [], []
    for p in scores:
        pos, neg = p[y == 1], p[y == 0]
        v = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
        v10.append(v.mean(1)), v01.append(v.mean(0))
    return np.cov(v10) / (y == 1).sum() + np.cov(v01) / (y == 0).sum(), [a.mean() for a in v10]


label = rng.random(900) < 0.35
base = rng.normal(0, 1, 900)
a = special.expit(base + 1.0 * label + rng.normal(0, .7, 900)).round(4)
b = special.expit(base + 1.4 * label + rng.normal(0, .7, 900)).round(4)
binned = lambda p: np.minimum((p * 64).astype(int), 63)
cov, (auc_a, auc_b) = delong(label, binned(a), binned(b))
se = np.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
assert abs(auc_a - sk.roc_auc_score(label, binned(a))) < 1e-12
z = stats.norm.ppf(0.995)
paired = {"estimate": auc_b - auc_a, "lower": auc_b - auc_a - z * se, "upper": auc_b - auc_a + z * se,
          "p_value": 2 * stats.norm.sf(abs(auc_b - auc_a) / se)}
half = np.arange(900) < 450
ca, (aa,) = (lambda c: (c[0], c[1]))((lambda c, v: (np.atleast_2d(c), v))(*delong(label[half], a[half])))
cb, (bb,) = (lambda c: (c[0], c[1]))((lambda c, v: (np.atleast_2d(c), v))(*delong(label[~half], b[~half])))
se = np.sqrt(ca[0, 0] + cb[0, 0])
unpaired = {"estimate": bb - aa, "lower": bb - aa - z * se, "upper": bb - aa + z * se, "p_value": 2 * stats.norm.sf(abs(bb - aa) / se)}
d = (b - label) ** 2 - (a - label) ** 2
dse = d.std(ddof=1) / np.sqrt(len(d))
brier = {"estimate": d.mean(), "lower": d.mean() - z * dse, "upper": d.mean() + z * dse, "p_value": 2 * stats.norm.sf(abs(d.mean()) / dse)}
tables = [[[50, 10], [22, 18]], [[100, 0], [0, 5]], [[10, 3], [3, 4]], [[900, 60], [31, 9]]]
dump("comparisons.json", {
    "rates": rates, "champion": a, "challenger": b, "labels": label.astype(int), "paired_auc": paired, "unpaired_auc": unpaired,
    "paired_brier": brier, "mcnemar": [{"table": np.ravel(t), "p_value": mcnemar(t, exact=True).pvalue} for t in tables]})
