from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import leeway

from .conftest import MONITOR, START, training, write_monitor


def test_a_baseline_knows_what_it_is(shop: Path) -> None:
    frame = training()
    baseline = leeway.fit(frame, shop)
    file = json.loads(baseline.bytes)
    assert baseline.identity == file["identity"]
    assert baseline.identity.startswith("sha256:")
    assert (baseline.monitor, baseline.task, baseline.rows) == ("shop", "binary", 3000)
    assert baseline.path == shop.parent / "shop.baseline.json"
    assert baseline.summary.startswith(f"baseline.json: 3000 rows, {baseline.identity}\n")
    subjects = baseline.subjects.set_index("subject")
    assert subjects["type"].to_dict() == {"amount": "numeric", "age": "numeric", "device": "categorical", "score": "numeric"}
    assert subjects.loc["amount", "mean"] == pytest.approx(frame["amount"].mean(), rel=1e-9)
    assert subjects.loc["amount", "standard_deviation"] == pytest.approx(frame["amount"].std(ddof=0), rel=1e-9)
    assert subjects.loc["device", "categories"] == 3
    assert baseline.performance["positive_rate"] == frame["bought"].mean()
    assert "<code>sha256:" in baseline._repr_html_()


def test_saving_and_loading(shop: Path) -> None:
    baseline = leeway.fit(training(), shop)
    path = baseline.save()
    assert path == shop.parent / "shop.baseline.json"
    assert path.read_bytes() == baseline.bytes
    assert path.stat().st_mode & 0o777 == 0o600
    assert leeway.Baseline.load(path).identity == baseline.identity
    assert sorted(item.name for item in shop.parent.iterdir()) == ["shop.baseline.json", "shop.yaml"]
    with pytest.raises(leeway.InputError) as error:
        leeway.Baseline.load("none.json")
    assert str(error.value) == "none.json: No such file or directory"
    Path("other.json").write_text("{}")
    with pytest.raises(leeway.InputError) as error:
        leeway.Baseline.load("other.json")
    assert str(error.value) == "other.json: this is no baseline; leeway.fit makes one"
    with pytest.raises(leeway.InputError) as error:
        leeway.Baseline.from_bytes(baseline.bytes).save()
    assert str(error.value) == "the monitor does not say where its baseline belongs; give save a path"


def test_files_and_frames_fit_alike(shop: Path) -> None:
    frame = training()
    expected = leeway.fit(frame, shop).identity
    frame.to_csv("t.csv", index=False, float_format=None)
    frame.to_json("t.jsonl", orient="records", lines=True, double_precision=15)
    assert leeway.fit("t.csv", shop).identity == expected
    assert leeway.fit(["t.csv"], shop).identity == expected
    by_path = frame.rename(columns={"device": "context.device", "score": "p"})
    assert leeway.fit(by_path, shop).identity == expected
    assert leeway.fit("t.jsonl", shop).rows == 3000


def test_columns_that_are_not_there(shop: Path) -> None:
    with pytest.raises(leeway.InputError) as error:
        leeway.fit(training().drop(columns=["device", "score"]), shop)
    assert str(error.value).splitlines() == [
        "training has no column for feature device: looked for device or context.device",
        "training has no column for the model's output: looked for score or p",
        "The columns are amount, age, country, bought.",
    ]
    with pytest.warns(leeway.LeewayWarning, match="training has no column for segment country: the baseline has no slices of it"):
        leeway.fit(training().drop(columns="country"), shop)


def test_errors_of_the_command_name_the_frame(shop: Path) -> None:
    frame = training().astype({"amount": object})
    frame["amount"] = "much"
    with pytest.raises(leeway.InputError) as error:
        leeway.fit(frame, shop)
    assert type(error.value) is leeway.InputError
    assert str(error.value).startswith("leeway: training.jsonl:1: amount is much, ")


def test_held_out_rows_make_performance(shop: Path) -> None:
    held_out = training(7)[["score", "bought"]]
    baseline = leeway.fit(training(), shop, calibrate_on=held_out)
    assert baseline.performance["positive_rate"] == held_out["bought"].mean()
    assert baseline.file["performance"]["in_sample"] is False


def test_times_teach_how_hours_vary(shop: Path) -> None:
    write_monitor(shop, ("checks:\n", "checks:\n  - {name: moved, on: features, metric: shift, warning: 1 per week}\n"))
    count = 20 * 24 * 60
    rng = np.random.default_rng(5)
    frame = pd.concat([training(seed) for seed in range(10)], ignore_index=True).head(count)
    frame["when"] = START - pd.Timedelta(days=20) + pd.to_timedelta(np.sort(rng.integers(0, 20 * 24 * 3600, len(frame))), unit="s")
    baseline = leeway.fit(frame, shop, time="when", leave_out=["2026-02-12"])
    assert baseline.file["hours"]["field"] == "when"
    assert baseline.file["hours"]["left_out_days"] == ["2026-02-12"] or baseline.file["hours"]["left_out_days"]
    baseline.save()
    with pytest.raises(leeway.InputError, match=r"training has no column for the rows' time: looked for then"):
        leeway.fit(frame, shop, time="then")


def test_output_and_label_of_one_name(shop: Path) -> None:
    """A column that both are called is the label; the output's is ``prediction``."""
    shop.write_text(
        MONITOR.replace("task: binary", "task: regression").replace("score: p}", "prediction: minutes}").replace(
            "value: bought", "value: minutes"
        ).replace("metric: auc, window: 1d, critical: 0.7", "metric: mae, window: 1d, critical: 100")
    )  # fmt: skip
    rng = np.random.default_rng(3)
    frame = training().drop(columns=["score", "bought"]).assign(minutes=rng.normal(30, 5, 3000))
    frame["prediction"] = frame["minutes"] + 1
    assert leeway.fit(frame, shop).performance["bias"] == pytest.approx(1, abs=1e-6)
    with pytest.raises(leeway.InputError, match="training has no column for the model's output: looked for prediction"):
        leeway.fit(frame.drop(columns="prediction"), shop)
