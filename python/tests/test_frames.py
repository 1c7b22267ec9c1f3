from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import leeway
from leeway._frames import frame_of
from leeway._values import column_json

from .conftest import logs, training

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def test_arrow_and_parquet_give_the_lines_of_frames(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    expected = leeway.replay(predictions, labels, shop).lines
    assert leeway.replay(pa.Table.from_pandas(predictions), pa.Table.from_pandas(labels), shop).lines == expected
    nested = predictions.drop(columns="context.device").assign(context=[{"device": d} for d in predictions["context.device"]])
    nested.to_parquet("p.parquet")
    labels.iloc[:2000].to_parquet("l1.parquet")
    labels.iloc[2000:].to_parquet("l2.parquet")
    assert leeway.replay("p.parquet", ["l1.parquet", "l2.parquet"], shop).lines == expected
    batch = pa.RecordBatch.from_pandas(predictions)
    assert leeway.replay(batch, labels, shop).lines == expected


def test_training_from_parquet(shop: Path) -> None:
    frame = training()
    frame.to_parquet("t.parquet")
    assert leeway.fit("t.parquet", shop).identity == leeway.fit(frame, shop).identity


def test_csv_logs(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    predictions.loc[5, "amount"] = np.nan
    expected = leeway.replay(predictions, labels, shop).lines
    milliseconds = [frame.assign(at=frame["at"].map(lambda t: int(t.timestamp() * 1000))) for frame in (predictions, labels)]
    milliseconds[0].to_csv("p.csv", index=False)
    milliseconds[1].to_csv("l.csv.gz", index=False)
    assert leeway.replay("p.csv", "l.csv.gz", shop).lines == expected


def test_cells_of_csv_are_numbers_only_where_the_monitor_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n01234,1.50\n,nan\nNA,much\n1e5,007\n")
    frame = frame_of(tmp_path / "x.csv", "x")
    assert column_json(frame["a"], "text", "epoch_ms", untyped=True) == ['"01234"', "null", '"NA"', '"1e5"']
    assert column_json(frame["b"], "number", "epoch_ms", untyped=True) == ["1.50", "null", '"much"', '"007"']


def test_times_of_csv(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    expected = leeway.replay(predictions, labels, shop).lines
    predictions.sample(frac=1, random_state=1).to_csv("p.csv", index=False)
    labels.assign(at=labels["at"].dt.tz_localize(None)).to_csv("l.csv", index=False)
    assert leeway.replay("p.csv", "l.csv", shop).lines == expected
    column = pd.Series(["1772323200000", "2026-03-01T00:00:00.5+01:00", "2026-03-01", None], dtype=object, name="at")
    assert column_json(column, "time", "epoch_ms", untyped=True) == ["1772323200000", "1772319600500", "1772323200000", "null"]
    assert column_json(column.iloc[1:], "time", "rfc3339", untyped=True)[0] == '"2026-02-28T23:00:00.5Z"'
    for cell in ("now", "2026-13-01", "3/1/2026"):
        with pytest.raises(leeway.InputError) as error:
            column_json(pd.Series([cell], name="at"), "time", "epoch_ms", untyped=True)
        assert str(error.value) == (f"column at, row 0: {cell!r} is no time in epoch_ms, the monitor's time_format, and none in ISO 8601")


def test_frames_stay_as_they_are(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    kept = predictions.copy(deep=True), labels.copy(deep=True)
    leeway.replay(predictions.sample(frac=1, random_state=1), labels, shop)
    pd.testing.assert_frame_equal(predictions, kept[0])
    pd.testing.assert_frame_equal(labels, kept[1])


def test_long_numbers_with_nulls_stay_whole() -> None:
    table = pa.table({"a": pa.array([2**53 + 1, None], pa.int64()), "b": pa.array([2**64 - 1, None], pa.uint64()),
                      "c": pa.array([True, None]), "d": pa.array(["x", None]).dictionary_encode()})  # fmt: skip
    frame = frame_of(table, "table")
    found = {name: column_json(frame[name], "id", "epoch_ms") for name in frame.columns}
    assert found == {
        "a": ["9007199254740993", "null"], "b": ["18446744073709551615", "null"], "c": ["true", "null"], "d": ['"x"', "null"],
    }  # fmt: skip


def test_decimals_and_days_of_arrow() -> None:
    import datetime
    import decimal

    table = pa.table({"a": [decimal.Decimal("0.10")], "t": [datetime.date(2026, 3, 1)]})
    frame = frame_of(table, "table")
    assert column_json(frame["a"], "number", "epoch_ms") == ["0.10"]
    assert column_json(frame["t"], "time", "epoch_ms") == ["1772323200000"]


def test_a_file_that_is_no_parquet(baseline: leeway.Baseline, shop: Path) -> None:
    Path("x.parquet").write_text("no")
    with pytest.raises(leeway.InputError, match=r"^x\.parquet: "):
        leeway.replay("x.parquet", None, shop)
    Path("x.xlsx").write_text("no")
    with pytest.raises(leeway.InputError, match=r"^x\.xlsx: its name does not say what it is; give a pandas DataFrame"):
        leeway.replay("x.xlsx", None, shop)


def test_without_pyarrow(baseline: leeway.Baseline, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predictions, _ = logs(count=10)
    predictions.to_parquet("p.parquet")
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "pyarrow":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(leeway.InputError) as error:
        leeway.replay("p.parquet", None, shop)
    assert str(error.value) == "p.parquet: Parquet needs pyarrow; install it with: pip install 'leeway[arrow]'"


def test_polars_like_tables_come_through_arrow(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()

    class Other:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return pa.Table.from_pandas(predictions).__arrow_c_stream__(requested_schema)

    found: Any = Other()
    assert leeway.replay(found, labels, shop).lines == leeway.replay(predictions, labels, shop).lines


def test_subclasses_and_indices_of_pandas(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, _ = logs(count=10)
    frame = predictions.set_index(["id", "at"])
    assert list(frame_of(frame, "x").columns)[:2] == ["id", "at"]
    assert list(frame_of(predictions.iloc[::2], "x").index) == [0, 1, 2, 3, 4]
