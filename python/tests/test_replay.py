from __future__ import annotations

import gzip
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import leeway
from leeway._binary import run
from leeway._results import TIERS

from .conftest import START, logs, training, write_monitor


def messages(frame: pd.DataFrame, path: Path, time: str = "at") -> Path:
    """The same rows written by hand, without this package."""
    with open(path, "w") as file:
        for row in frame.to_dict("records"):
            row[time] = int(row[time].to_datetime64().astype("datetime64[ms]").astype(np.int64))
            if "context.device" in row:
                row["context"] = {"device": row.pop("context.device")}
            file.write(json.dumps(row) + "\n")
    return path


def test_frames_give_the_lines_of_files(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    result = leeway.replay(predictions, labels, shop)
    p, q = messages(predictions, Path("p.jsonl")), messages(labels, Path("l.jsonl"))
    done = run(["replay", "shop.yaml", "--predictions", str(p), "--labels", str(q)])
    assert [json.dumps(line) for line in result.lines] == [json.dumps(json.loads(line)) for line in done.stdout.splitlines()]
    assert len(result.lines) > 50
    assert result.summary[0].startswith("4320 predictions accepted, 0 late, 0 duplicate, 0 unjoinable; 4320 labels, 4320 matched")
    files = leeway.replay("p.jsonl", Path("l.jsonl"), shop)
    assert files.lines == result.lines
    with open(p, "rb") as plain, gzip.open("p.jsonl.gz", "wb") as packed:
        packed.write(plain.read())
    assert leeway.replay(["p.jsonl.gz"], ["l.jsonl"], shop).lines == result.lines


def test_rows_need_no_order(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    expected = leeway.replay(predictions, labels, shop).lines
    shuffled = predictions.sample(frac=1, random_state=3)
    assert leeway.replay(shuffled, labels.sample(frac=1, random_state=4), shop).lines == expected
    numbers = shuffled.assign(at=shuffled["at"].map(lambda t: int(t.timestamp() * 1000)))
    assert leeway.replay(numbers, labels, shop).lines == expected
    objects = shuffled.assign(at=[t.to_pydatetime() for t in shuffled["at"]])
    assert leeway.replay(objects.astype({"at": object}), labels, shop).lines == expected


def test_columns_by_name_by_path_and_within_objects(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    expected = leeway.replay(predictions, labels, shop).lines
    by_name = predictions.rename(columns={"context.device": "device", "p": "score", "at": "time", "model": "version"})
    assert leeway.replay(by_name, labels.rename(columns={"bought": "label"}), shop).lines == expected
    nested = predictions.assign(context=[{"device": value} for value in predictions["context.device"]])
    assert leeway.replay(nested.drop(columns="context.device"), labels, shop).lines == expected
    indexed = predictions.set_index("id")
    assert leeway.replay(indexed, labels, shop).lines == expected
    categorical = predictions.astype({"context.device": "category", "country": "category"})
    assert leeway.replay(categorical, labels, shop).lines == expected


def test_frames_are_typed(baseline: leeway.Baseline, shop: Path) -> None:
    result = leeway.replay(*logs(), shop)
    drift = result.drift
    assert str(drift["start"].dtype) == str(drift["end"].dtype) == "datetime64[ns, UTC]"
    assert drift["end"].min() == START + pd.Timedelta(days=1)
    assert (drift["rows"].dtype, drift["complete"].dtype, drift["psi"].dtype) == ("Int64", "boolean", "float64")
    whole = drift[(drift["slice"] == "all") & (drift["subject"] == "amount")]
    assert whole["rows"].tolist() == [1440, 1440, 1440]
    line = next(line for line in result.lines if line["type"] == "drift" and line["subject"] == "amount" and line["slice"] == "all")
    assert whole.iloc[0]["psi"] == line["metrics"]["psi"]
    assert np.isnan(drift[drift["subject"] == "device"]["ks"]).all()
    verdicts = result.verdicts
    assert tuple(verdicts["tier"].cat.categories) == TIERS
    assert verdicts["tier"].cat.ordered
    assert set(verdicts[verdicts["tier"] >= "warning"]["check"]) == {"drift"}
    incident = result.incidents.iloc[0]
    assert (incident["transition"], incident["subjects"], incident["tier"]) == ("opened", ["amount"], "warning")
    assert incident["at"] == START + pd.Timedelta(days=1)
    performance = result.performance
    assert performance["predictions"].dtype == "Int64"
    assert {"auc", "brier", "estimated_auc"} <= set(performance.columns)
    bins = result.reliability
    assert bins[(bins["slice"] == "all")].groupby("end")["count"].sum().tolist() == [1440, 1440, 1440]
    assert repr(result) == f"<leeway.Result of shop: {len(result.lines)} lines, {len(result.incidents)} transitions of incidents>"


def test_empty_frames_have_their_columns() -> None:
    result = leeway.read_results([])
    for name in ("drift", "performance", "verdicts", "incidents", "shifts", "comparisons", "reliability", "per_class", "fairness"):
        frame: pd.DataFrame = getattr(result, name)
        assert len(frame) == 0
        assert "monitor" in frame.columns
    assert str(result.drift["start"].dtype) == "datetime64[ns, UTC]"
    assert str(result.incidents["at"].dtype) == "datetime64[ns, UTC]"
    assert repr(result) == "<leeway.Result of no lines: 0 lines, 0 transitions of incidents>"


def test_missing_values_are_counted(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs(count=1440)
    predictions.loc[200:299, "amount"] = np.nan
    predictions.loc[100:199, "context.device"] = None
    predictions.loc[100:149, "amount"] = np.inf
    predictions = predictions.astype({"age": "Int64"})
    predictions.loc[300:309, "age"] = pd.NA
    with pytest.warns(leeway.LeewayWarning) as caught:
        result = leeway.replay(predictions, labels, shop)
    assert str(caught[0].message).startswith('predictions.jsonl:101: feature amount is "inf", the first that cannot be used')
    assert tuple(str(warning.message) for warning in caught) == result.warnings
    drift = result.drift[result.drift["slice"] == "all"].set_index("subject")
    assert drift["missing"].to_dict() == {"amount": 100, "age": 10, "device": 100, "score": 0}
    assert drift["invalid"].to_dict() == {"amount": 50, "age": 0, "device": 0, "score": 0}


def test_a_missing_label_retracts(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    again = labels.head(100).assign(at=labels["at"].head(100) + pd.Timedelta(hours=1), bought=None)
    result = leeway.replay(predictions, pd.concat([labels.astype({"bought": object}), again]), shop)
    assert "100 retracted" in result.summary[0]


def test_columns_that_are_not_there(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    wrong = predictions.rename(columns={"amount": "amuont", "model": "release"})
    with pytest.raises(leeway.InputError) as error:
        leeway.replay(wrong, labels, shop)
    assert str(error.value).splitlines() == [
        "predictions has no column for version: looked for model or version",
        "predictions has no column for feature amount: looked for amount. Did you mean amuont?",
        "The columns are id, at, release, amuont, age, context.device, country, p.",
        "Rename columns, fix the monitor, or give allow_missing=True to go on with these values missing.",
    ]
    with pytest.warns(leeway.LeewayWarning) as caught:
        result = leeway.replay(wrong, labels, shop, allow_missing=True)
    assert [str(warning.message).partition(";")[0] for warning in caught] == [
        "no prediction has amount, the field of feature amount",
        "no prediction has model, the field of version",
    ]
    assert result.drift[result.drift["subject"] == "amount"]["missing_ratio"].unique().tolist() == [1.0]
    with pytest.raises(leeway.InputError) as error:
        leeway.replay(predictions.drop(columns="p"), labels, shop, allow_missing=True)
    assert str(error.value).splitlines() == [
        "predictions has no column for score: looked for p or score",
        "The columns are id, at, model, amount, age, context.device, country.",
    ]
    with pytest.raises(leeway.InputError, match="labels has no column for label: looked for bought or label"):
        leeway.replay(predictions, labels.drop(columns="bought"), shop)


def test_values_are_named_by_their_row_in_the_frame(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs(count=100)
    shuffled = predictions.iloc[::-1].reset_index(drop=True).astype({"amount": object})
    shuffled.loc[7, "amount"] = pd.Timedelta(days=1)
    with pytest.raises(leeway.InputError) as error:
        leeway.replay(shuffled, labels, shop)
    assert str(error.value) == (
        "predictions: column amount, row 7: 1 days 00:00:00 is a time, and the monitor says numeric; "
        "turn it into a number, as days or seconds"
    )


def test_no_label_matched(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    with pytest.raises(leeway.InputError) as error:
        leeway.replay(predictions, labels.assign(id="other"), shop)
    assert error.value.exit_code == 1
    assert "none of the 4,320 labels" in str(error.value) or "label" in str(error.value)
    assert error.value.result is not None
    assert len(error.value.result.drift) > 0


def test_no_baseline_is_named_as_the_command_names_it(shop: Path) -> None:
    with pytest.raises(leeway.InputError) as error:
        leeway.replay(*logs(), "shop.yaml")
    assert str(error.value) == (
        "leeway: shop.baseline.json: the baseline does not exist; check the path, or make it with leeway baseline fit"
    )


def test_a_baseline_may_be_given(shop: Path, tmp_path: Path) -> None:
    found = leeway.fit(training(), shop)
    assert not (tmp_path / "shop.baseline.json").exists()
    predictions, labels = logs()
    given = leeway.replay(predictions, labels, shop, baseline=found)
    assert found.identity in set(given.drift["baseline"])
    path = found.save(tmp_path / "kept" / "b.json")
    assert leeway.replay(predictions, labels, shop, baseline=path).lines == given.lines
    assert leeway.replay(predictions, labels, shop, baseline=leeway.Baseline.load(path), threads=1).lines == given.lines


def test_as_of_sets_what_is_later_aside(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, _ = logs()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", leeway.LeewayWarning)
        early = leeway.replay(predictions, None, shop, as_of=(START + pd.Timedelta(days=1)).to_pydatetime())
    # A day, and the hour of skew, of one a minute: the first of that hour is the last that counts.
    assert early.summary[0].startswith("1501 predictions accepted")
    assert "2819 quarantined" in early.summary[0]


def test_labels_for_a_monitor_without_any(baseline: leeway.Baseline, shop: Path) -> None:
    text = shop.read_text()
    start, end = text.index("labels:"), text.index("features:")
    shop.write_text(text[:start] + text[end:].replace("  - {name: auc, on: performance, metric: auc, window: 1d, critical: 0.7}\n", ""))
    predictions, labels = logs()
    with pytest.raises(leeway.InputError) as error:
        leeway.replay(predictions, labels, "shop.yaml")
    assert str(error.value) == "shop.yaml has no labels; add labels: with a topic and fields, or give None"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            3,
            "predictions is a int; give a pandas DataFrame, a pyarrow Table, or the path of a .parquet, .csv, .csv.gz, .jsonl "
            "or .jsonl.gz file",
        ),
        ("nothing.parquet", "nothing.parquet: there is no such file"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "predictions has more than one column a; rename or drop all but one"),
        (
            pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])),
            "predictions has columns of several levels; give each one name, as with frame.columns.map('.'.join)",
        ),
    ],
)
def test_what_is_no_frame(baseline: leeway.Baseline, shop: Path, data: Any, message: str) -> None:
    with pytest.raises(leeway.InputError) as error:
        leeway.replay(data, None, shop)
    assert str(error.value) == message


def test_lines_from_a_file(baseline: leeway.Baseline, shop: Path) -> None:
    result = leeway.replay(*logs(), shop)
    Path("out.jsonl").write_text("\n".join(json.dumps(line) for line in result.lines))
    again = leeway.read_results("out.jsonl")
    pd.testing.assert_frame_equal(again.drift, result.drift)
    Path("bad.jsonl").write_text('{"type":"drift"}\n[1]\n')
    with pytest.raises(leeway.InputError) as error:
        leeway.read_results("bad.jsonl")
    assert str(error.value) == "bad.jsonl:2: this is no result line; leeway replay writes them"


def test_placeholders_and_ids_of_several_fields(baseline: leeway.Baseline, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predictions, labels = logs()
    expected = leeway.replay(predictions, labels, shop)
    monkeypatch.setenv("OUTPUT_FIELD", "p")
    write_monitor(shop, ("score: p}", 'score: "${OUTPUT_FIELD}"}'), ("{id: id, time: at, version", "{id: [id, country], time: at, version"),
                  ("{id: id, time: at, value", "{id: [id, country], time: at, value"))  # fmt: skip
    found = leeway.replay(predictions, labels.assign(country=predictions["country"]), shop)
    assert found.performance["auc"].tolist() == expected.performance["auc"].tolist()
