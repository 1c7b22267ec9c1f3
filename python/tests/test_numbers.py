"""The numbers of a replay beside those that NumPy, SciPy and scikit-learn make of the same frames.

Bins are those of docs/drift.md: between the deciles of the baseline, open at both ends; what is missing is a bin of its own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import leeway

from .conftest import START, logs, rows, training, write_monitor

scipy_stats = pytest.importorskip("scipy.stats")
metrics = pytest.importorskip("sklearn.metrics")

FLOOR = 1e-4


def shares(values: pd.Series[float], cuts: np.ndarray) -> np.ndarray:
    kept = values.dropna().to_numpy()
    counts = np.bincount(np.searchsorted(cuts, kept, side="left"), minlength=len(cuts) + 1)
    return np.append(counts, values.isna().sum())


def distances(before: np.ndarray, after: np.ndarray) -> dict[str, float]:
    used = (before + after) > 0
    b, w = before[used], after[used]
    p, q = b / b.sum(), w / w.sum()
    pf, qf = np.maximum(p, FLOOR), np.maximum(q, FLOOR)
    chi2 = scipy_stats.chi2_contingency(np.array([b, w]), correction=False)
    from scipy.spatial.distance import jensenshannon

    return {
        "psi": float(np.sum((qf - pf) * np.log(qf / pf))),
        "psi_noise": (len(b) - 1) * (1 / b.sum() + 1 / w.sum()),
        "jensen_shannon": float(jensenshannon(p, q, base=2)),
        "hellinger": float(np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2)),
        "total_variation": float(np.abs(p - q).sum() / 2),
        "l_infinity": float(np.abs(p - q).max()),
        "chi2": float(chi2.statistic),
        "chi2_p_value": float(chi2.pvalue),
    }


@pytest.fixture
def replayed(shop: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, leeway.Result]:
    train = training()
    train.loc[::50, "amount"] = np.nan
    predictions, labels = logs()
    predictions.loc[::20, "amount"] = np.nan
    predictions.loc[::7, "context.device"] = "tv"
    return train, predictions, labels, leeway.replay(predictions, labels, shop, baseline=leeway.fit(train, shop))


def test_distances_of_numbers(replayed: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, leeway.Result]) -> None:
    train, predictions, _, result = replayed
    drift = result.drift[(result.drift["slice"] == "all") & (result.drift["subject"] == "amount")].set_index("end")
    known = train["amount"].dropna()
    cuts = np.unique(np.quantile(known, np.arange(1, 10) / 10, method="inverted_cdf"))
    for day in range(3):
        end = START + pd.Timedelta(days=day + 1)
        window = predictions[(predictions["at"] >= end - pd.Timedelta(days=1)) & (predictions["at"] < end)]["amount"]
        line = drift.loc[end]
        for name, value in distances(shares(train["amount"], cuts), shares(window, cuts)).items():
            assert line[name] == pytest.approx(value, rel=1e-9), f"{name} of day {day}"
        exact = scipy_stats.ks_2samp(known, window.dropna(), method="asymp")
        assert abs(line["ks"] - exact.statistic) <= line["ks_bound"] + 1e-12
        spread = scipy_stats.wasserstein_distance(known, window.dropna())
        assert abs(line["wasserstein"] - spread) <= line["wasserstein_bound"] + 1e-7
        assert line["wasserstein_normalised"] == pytest.approx(line["wasserstein"] / known.std(ddof=0), rel=1e-9)
        assert line["missing_ratio"] == window.isna().mean()
        assert line["mean"] == pytest.approx(window.mean(), abs=1e-9)
        assert line["standard_deviation"] == pytest.approx(window.std(ddof=0), rel=1e-6)
        outside = (window < known.min()) | (window > known.max())
        assert line["outside_ratio"] == pytest.approx(outside.sum() / window.notna().sum(), abs=1e-12)


def test_ks_is_exact_where_all_values_are_knots(shop: Path) -> None:
    """An age has fewer distinct values than the baseline keeps."""
    train = training()
    predictions, labels = logs()
    predictions["age"] = (predictions["age"] * 0.9).astype(int)
    result = leeway.replay(predictions, labels, shop, baseline=leeway.fit(train, shop))
    line = result.drift[(result.drift["slice"] == "all") & (result.drift["subject"] == "age")].iloc[0]
    window = predictions["age"].head(1440)
    exact = scipy_stats.ks_2samp(train["age"], window, method="asymp")
    assert line["ks_bound"] == 0
    assert line["ks"] == pytest.approx(exact.statistic, abs=1e-12)
    assert line["ks_p_value"] == pytest.approx(exact.pvalue, rel=1e-5)


def test_distances_of_categories(replayed: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, leeway.Result]) -> None:
    train, predictions, _, result = replayed
    line = result.drift[(result.drift["slice"] == "all") & (result.drift["subject"] == "device")].iloc[0]
    window = predictions["context.device"].head(1440)
    names = ["ios", "web", "android", "tv"]
    before = np.array([(train["device"] == name).sum() for name in names])
    after = np.array([(window == name).sum() for name in names])
    for name, value in distances(before, after).items():
        assert line[name] == pytest.approx(value, rel=1e-9), name
    assert line["unseen_ratio"] == (window == "tv").mean()
    assert line["unseen"] == (window == "tv").sum()


def test_slices_are_compared_with_their_own_part(replayed: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, leeway.Result]) -> None:
    train, predictions, _, result = replayed
    line = result.drift[(result.drift["slice"] == "country=DE") & (result.drift["subject"] == "amount")].iloc[0]
    window = predictions.head(1440)
    cuts = np.unique(np.quantile(train["amount"].dropna(), np.arange(1, 10) / 10, method="inverted_cdf"))
    own = train[train["country"] == "DE"]["amount"]
    expected = distances(shares(own, cuts), shares(window[window["country"] == "DE"]["amount"], cuts))
    assert line["against"] == "slice"
    assert line["psi"] == pytest.approx(expected["psi"], rel=1e-9)


def test_performance(replayed: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, leeway.Result]) -> None:
    _, predictions, labels, result = replayed
    table = result.performance[result.performance["slice"] == "all"].set_index("end")
    joined = predictions.merge(labels, on="id", suffixes=("", "_label"))
    for day in range(3):
        end = START + pd.Timedelta(days=day + 1)
        window = joined[(joined["at"] >= end - pd.Timedelta(days=1)) & (joined["at"] < end)]
        truth, score, line = window["bought"], window["p"], table.loc[end]
        assert abs(line["auc"] - metrics.roc_auc_score(truth, score)) <= line["auc_bound"] + 1e-12
        assert abs(line["average_precision"] - metrics.average_precision_score(truth, score)) <= line["average_precision_bound"] + 1e-12
        chosen = score >= 0.5
        for name, value in {
            "brier": metrics.brier_score_loss(truth, score),
            "log_loss": metrics.log_loss(truth, score),
            "accuracy": metrics.accuracy_score(truth, chosen),
            "precision": metrics.precision_score(truth, chosen),
            "recall": metrics.recall_score(truth, chosen),
            "f1": metrics.f1_score(truth, chosen),
            "positive_rate": truth.mean(),
        }.items():
            assert line[name] == pytest.approx(value, rel=1e-6), f"{name} of day {day}"
        assert (line["predictions"], line["labelled"], line["coverage"]) == (1440, 1440, 1.0)


def test_a_model_that_got_worse_opens_an_incident(baseline: leeway.Baseline, shop: Path) -> None:
    write_monitor(shop, ("critical: 0.7}", "critical: {below: 0.6}}"))
    predictions, labels = logs(shift=0.0, count=5760)
    rng = np.random.default_rng(9)
    worse = labels["at"] >= START + pd.Timedelta(days=1)
    labels.loc[worse, "bought"] = (rng.random(worse.sum()) < 0.5).astype(int)
    result = leeway.replay(predictions, labels, shop)
    opened = result.incidents[result.incidents["reason"] == "performance/final"].iloc[0]
    assert (opened["transition"], opened["tier"], opened["checks"]) == ("opened", "critical", ["auc"])
    truth = labels["bought"].iloc[1440:2880]
    verdict = result.verdicts[(result.verdicts["check"] == "auc") & (result.verdicts["end"] == opened["at"])].iloc[0]
    assert verdict["value"] == pytest.approx(metrics.roc_auc_score(truth, predictions["p"].iloc[1440:2880]), abs=2e-3)
    assert verdict["certain"]
    assert verdict["bound"] < 0.6


def test_regression(shop: Path) -> None:
    text = shop.read_text()
    shop.write_text(
        text.replace("task: binary", "task: regression").replace("score: p}", "prediction: p}")
        .replace("metric: auc, window: 1d, critical: 0.7", "metric: mae, window: 1d, critical: 100")
    )  # fmt: skip
    train = rows(1).rename(columns={"p": "prediction", "context.device": "device"}).assign(bought=lambda f: f["prediction"] * 2)
    predictions, labels = logs()
    rng = np.random.default_rng(4)
    labels["bought"] = predictions["p"] * 2 + rng.normal(0, 0.1, len(labels))
    result = leeway.replay(predictions, labels, shop, baseline=leeway.fit(train, shop))
    line = result.performance[result.performance["slice"] == "all"].iloc[0]
    truth, guess = labels["bought"].head(1440), predictions["p"].head(1440)
    assert line["mae"] == pytest.approx(metrics.mean_absolute_error(truth, guess), rel=1e-6)
    assert line["rmse"] == pytest.approx(np.sqrt(metrics.mean_squared_error(truth, guess)), rel=1e-6)
    assert line["r2"] == pytest.approx(metrics.r2_score(truth, guess), rel=1e-6)


def test_multiclass(shop: Path) -> None:
    text = shop.read_text()
    shop.write_text(
        text.replace("task: binary", "task: multiclass").replace("score: p}", "prediction: p, probabilities: proba}")
        .replace("metric: auc, window: 1d, critical: 0.7", "metric: accuracy, window: 1d, critical: 0.1")
    )  # fmt: skip
    names = np.array(["cat", "dog", "owl"])

    def classes(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
        rng = np.random.default_rng(seed)
        odds = rng.dirichlet([2, 1, 1], len(frame))
        truth = names[(odds.cumsum(axis=1) > rng.random((len(frame), 1))).argmax(axis=1)]
        chosen = frame.assign(p=names[odds.argmax(axis=1)])
        return chosen.assign(**{f"proba.{name}": odds[:, i] for i, name in enumerate(names)}), truth

    train, truth = classes(rows(1), 5)
    train = train.drop(columns="bought").assign(bought=truth)
    predictions, labels = logs()
    predictions, labels["bought"] = classes(predictions, 6)
    result = leeway.replay(predictions, labels, shop, baseline=leeway.fit(train, shop))
    line = result.performance[result.performance["slice"] == "all"].iloc[0]
    truth, guess = labels["bought"].head(1440).to_numpy(), predictions["p"].head(1440).to_numpy()
    assert line["accuracy"] == pytest.approx(metrics.accuracy_score(truth, guess), rel=1e-9)
    assert line["macro_f1"] == pytest.approx(metrics.f1_score(truth, guess, average="macro"), rel=1e-9)
    odds = predictions[[f"proba.{name}" for name in names]].head(1440).to_numpy()
    assert line["log_loss"] == pytest.approx(metrics.log_loss(truth, odds, labels=names), rel=1e-6)
    classes_of = result.per_class[(result.per_class["slice"] == "all") & (result.per_class["end"] == line["end"])].set_index("class")
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truth, guess, labels=names)
    for i, name in enumerate(names):
        row = classes_of.loc[name]
        assert (row["labelled"], row["precision"], row["recall"], row["f1"]) == (
            support[i], pytest.approx(precision[i]), pytest.approx(recall[i]), pytest.approx(f1[i]),
        )  # fmt: skip
