"""Lines of kinds that a plain monitor does not have: shifts, comparisons, fairness, early performance."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import leeway

from .conftest import START, logs, rows, write_monitor

metrics = pytest.importorskip("sklearn.metrics")


def quiet(predictions: pd.DataFrame, labels: pd.DataFrame | None, monitor: Path, **options: object) -> leeway.Result:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", leeway.LeewayWarning)
        return leeway.replay(predictions, labels, monitor, **options)


def test_comparisons(baseline: leeway.Baseline, shop: Path) -> None:
    write_monitor(shop, ("panes: 1h\n", "panes: 1h\ncompare: {champion: v1, challenger: v2}\n"))
    predictions, labels = logs()
    rng = np.random.default_rng(8)
    second = predictions.assign(model="v2", p=np.clip(predictions["p"] + rng.normal(0, 0.2, len(predictions)), 0, 1))
    result = quiet(pd.concat([predictions, second]), labels, shop)
    table = result.comparisons[(result.comparisons["slice"] == "all") & (result.comparisons["end"] == START + pd.Timedelta(days=1))]
    auc = table[(table["subject"] == "performance") & (table["metric"] == "auc")].iloc[0]
    truth = labels["bought"].head(1440)
    before, after = (metrics.roc_auc_score(truth, frame["p"].head(1440)) for frame in (predictions, second))
    assert (auc["champion"], auc["challenger"]) == ("v1", "v2")
    assert auc["champion_value"] == pytest.approx(before, abs=2e-3)
    assert auc["challenger_value"] == pytest.approx(after, abs=2e-3)
    assert auc["value"] == pytest.approx(auc["challenger_value"] - auc["champion_value"], abs=1e-12)
    assert auc["lower"] < auc["value"] < auc["upper"]
    outputs = table[(table["subject"] == "score") & (table["metric"] == "ks")].iloc[0]
    assert outputs["value"] == pytest.approx(np.abs(ecdf(predictions["p"].head(1440)) - ecdf(second["p"].head(1440))).max(), abs=0.02)
    assert "auc" in set(table["metric"])


def ecdf(values: pd.Series[float]) -> np.ndarray:
    return np.searchsorted(np.sort(values), np.linspace(0, 1, 2001), side="right") / len(values)


def test_fairness(baseline: leeway.Baseline, shop: Path) -> None:
    write_monitor(
        shop,
        (
            "checks:\n",
            "checks:\n  - {name: fair, on: fairness, segment: country, reference: DE, favourable: 1, metric: disparate_impact, "
            "window: 1d, warning: 0.8}\n",
        ),
    )
    predictions, labels = logs()
    unfair = (predictions["country"] == "FR") & (predictions.index % 2 == 0)
    predictions.loc[unfair, "p"] *= 0.5
    result = quiet(predictions, labels, shop)
    group = result.fairness[(result.fairness["slice"] == "country=FR") & (result.fairness["metric"] == "disparate_impact")].iloc[0]
    window = predictions.head(1440)
    chosen = (window["p"] >= 0.5).groupby(window["country"]).mean()
    assert group["value"] == pytest.approx(chosen["FR"] / chosen["DE"], rel=1e-9)
    assert group["lower"] < group["value"] < group["upper"]
    assert (group["reference"], group["favourable"]) == ("country=DE", 1)
    verdict = result.verdicts[(result.verdicts["check"] == "fair")].iloc[0]
    assert verdict["value"] == group["value"]
    assert (verdict["lower"], verdict["upper"]) == (group["lower"], group["upper"])


def test_early_and_final(baseline: leeway.Baseline, shop: Path) -> None:
    write_monitor(shop, ("  horizon: 1d\n", "  horizon: 1d\n  early: 2h\n"))
    predictions, labels = logs()
    result = quiet(predictions, labels, shop)
    table = result.performance[result.performance["slice"] == "all"]
    assert table.groupby("end")["stage"].agg(list).iloc[0] == ["early", "final"]
    assert table["auc"].iloc[0] == table["auc"].iloc[1]


def test_shifts(shop: Path) -> None:
    write_monitor(
        shop, ("checks:\n", "checks:\n  - {name: moved, on: features, metric: shift, warning: 1 per week, critical: 1 per quarter}\n")
    )
    hours = 30 * 24
    frame = pd.concat([rows(100 + seed) for seed in range(12)], ignore_index=True)
    frame = frame.rename(columns={"p": "score", "context.device": "device"})
    frame["when"] = START - pd.Timedelta(days=30) + pd.to_timedelta(np.arange(len(frame)) * hours * 3600 // len(frame), unit="s")
    baseline = leeway.fit(frame, shop, time="when")
    predictions, _ = logs(count=4320, shift=0.0)
    moved = predictions["at"] >= START + pd.Timedelta(days=1)
    predictions.loc[moved, "amount"] += 2.0
    shifts = quiet(predictions, None, shop, baseline=baseline).shifts
    alarms = shifts[(shifts["alarm"] == "critical") & (shifts["subject"] == "amount") & (shifts["slice"] == "all")]
    first = alarms.sort_values("end").iloc[0]
    assert first["stream"] == "location"
    assert first["direction"] == "up"
    assert first["since"] == START + pd.Timedelta(days=1)
    assert first["evidence"] > first["level_critical"] > first["level_warning"]
    assert str(shifts["since"].dtype) == "datetime64[ns, UTC]"
    assert set(shifts["subject"]) >= {"amount", "age", "device"}
