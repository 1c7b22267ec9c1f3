#!/usr/bin/env python3
"""Writes performance.json: labelled outputs, and what scikit-learn, statsmodels and SciPy say of them.

Calibration is by ten bins (a, b] of equal width, the first closed at 0. The calibration line is statsmodels' binomial GLM of the label
on the logit of the score, clipped at 10⁻⁶ and 1 − 10⁻⁶. DeLong's standard error is the definition itself, over all pairs of rows.
"""

import math
from decimal import Decimal

import numpy as np
import statsmodels.api as sm
from scipy import special
from sklearn import metrics

from golden import write

random = np.random.default_rng(20260302)
THRESHOLD, TOP = 0.5, 0.1


def reliability(labels, scores):
    bins = np.digitize(scores, [j / 10 for j in range(1, 10)], right=True)
    return [[int(np.sum(bins == j)), scores[bins == j].mean(), labels[bins == j].mean()] for j in np.unique(bins)]


def calibration_line(labels, scores):
    logits = special.logit(np.clip(scores, 1e-6, 1 - 1e-6))
    fit = sm.GLM(labels, sm.add_constant(logits), family=sm.families.Binomial()).fit(tol=1e-14, maxiter=200)
    return fit.params


def delong_error(labels, scores):
    positive, negative = scores[labels == 1], scores[labels == 0]
    wins = np.heaviside(positive[:, None] - negative[None, :], 0.5)
    return math.sqrt(
        np.var(wins.mean(axis=1), ddof=1) / len(positive) + np.var(wins.mean(axis=0), ddof=1) / len(negative))


def precision_at_top(labels, scores):
    """Of the ⌈k n⌉ highest scores; rows that tie at the cut share the places that are left."""
    places = math.ceil(Decimal(str(TOP)) * len(scores))
    cut = np.sort(scores)[-places]
    sure, tied = labels[scores > cut], labels[scores == cut]
    return (sure.sum() + tied.mean() * (places - len(sure))) / places


def binary(name, labels, scores, has_line=True):
    labels, scores = np.asarray(labels, int), np.asarray(scores, float)
    decisions = (scores >= THRESHOLD).astype(int)
    has_both = 0 < labels.sum() < len(labels)
    intercept, slope = calibration_line(labels, scores) if has_both and has_line else (None, None)
    table = reliability(labels, scores)
    gaps = [(count, abs(mean - share)) for count, mean, share in table]
    spread = np.sum((1 - 2 * scores) ** 2 * scores * (1 - scores))
    return {
        "name": name, "scores": scores, "labels": labels, "threshold": THRESHOLD, "top_share": TOP,
        "expected": {
            "auc": metrics.roc_auc_score(labels, scores) if has_both else None,
            "average_precision": metrics.average_precision_score(labels, scores) if has_both else None,
            "auc_standard_error": delong_error(labels, scores) if has_both else None,
            "brier": metrics.brier_score_loss(labels, scores),
            # With what was given to the outcome taken as 10⁻¹⁵ at least.
            "log_loss": -np.mean(np.log(np.clip(np.where(labels == 1, scores, 1 - scores), 1e-15, 1))),
            "ece": sum(count * gap for count, gap in gaps) / len(labels), "mce": max(gap for _, gap in gaps),
            "reliability": table, "calibration_intercept": intercept, "calibration_slope": slope,
            "spiegelhalter_z": np.sum((labels - scores) * (1 - 2 * scores)) / math.sqrt(spread),
            "accuracy": metrics.accuracy_score(labels, decisions),
            "precision": metrics.precision_score(labels, decisions, zero_division=np.nan),
            "recall": metrics.recall_score(labels, decisions, zero_division=np.nan),
            "f1": metrics.f1_score(labels, decisions, zero_division=np.nan),
            "precision_at_top": precision_at_top(labels, scores),
            "positive_rate": labels.mean(), "predicted_positive_rate": decisions.mean(), "mean_score": scores.mean(),
        },
    }


def drawn(probabilities):
    return random.random(len(probabilities)) < probabilities


def regression(name, targets, predictions):
    errors = predictions - targets
    return {
        "name": name, "targets": targets, "predictions": predictions,
        "expected": {
            "mae": metrics.mean_absolute_error(targets, predictions), "rmse": metrics.root_mean_squared_error(targets, predictions),
            "bias": errors.mean(), "mape": metrics.mean_absolute_percentage_error(targets, predictions),
            "wape": np.abs(errors).sum() / np.abs(targets).sum(), "r2": metrics.r2_score(targets, predictions),
        },
    }


def multiclass(name, classes, probabilities, labels):
    predictions = probabilities.argmax(axis=1)
    return {
        "name": name, "classes": classes, "probabilities": probabilities, "labels": labels,
        "expected": {
            "accuracy": metrics.accuracy_score(labels, predictions),
            "macro_f1": metrics.f1_score(labels, predictions, average="macro"),
            "log_loss": -np.log(probabilities[np.arange(len(labels)), labels]).mean(),
            "confusion": metrics.confusion_matrix(labels, predictions),
        },
    }


scores = special.expit(random.normal(-1, 1.5, 1500)).round(6)
targets = random.normal(100, 20, 500).round(4)
shares = random.dirichlet([2, 1, 1], 600)
write("performance.json", {
    "binary": [
        binary("calibrated", drawn(scores), scores),
        binary("over-confident", drawn(special.expit(special.logit(scores) / 2)), scores),
        binary("shifted", drawn(special.expit(special.logit(scores) + 1)), scores),
        binary("ties: one decimal", random.random(800) < 0.4, random.random(800).round(1)),
        binary("one class only", [0] * 50, random.random(50).round(4)),
        # The likelihood has no maximum.
        binary("perfect", [0] * 30 + [1] * 20, [0.1] * 30 + [0.9] * 20, has_line=False),
    ],
    "regression": [regression("biased", targets, (targets + random.normal(2, 5, 500)).round(4))],
    "multiclass": [
        multiclass("three classes", ["a", "b", "c"], shares, np.array([random.choice(3, p=row) for row in shares]))
    ],
})
