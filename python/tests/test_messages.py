from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import leeway
from leeway import _messages
from leeway._messages import in_time_order, lines, slots_of
from leeway._monitor import Monitor

from .conftest import MONITOR, logs, write_monitor


def written(monitor: Path, frame: pd.DataFrame, *, labels: bool = False) -> list[Any]:
    read = Monitor.read(monitor)
    stream = read.labels if labels else read.predictions
    assert stream is not None
    slots = slots_of(stream.fields, frame, "frame", allow_missing=True)
    return [json.loads(text) for chunk in lines(frame, stream, slots, lenient=read.lenient) for text in chunk]


def row(**more: Any) -> pd.DataFrame:
    return pd.DataFrame([{"id": 1, "at": 1_772_323_200_000, "model": "v1", "p": 0.5, "amount": 1.5, **more}])


def test_only_what_the_monitor_names_is_written(shop: Path) -> None:
    frame = row(age=30, device="ios", country="DE", password="secret")
    assert written(shop, frame) == [
        {"id": 1, "at": 1_772_323_200_000, "model": "v1", "p": 0.5, "amount": 1.5, "age": 30, "context": {"device": "ios"}, "country": "DE"}
    ]


def test_keys_with_dots_quotes_percents_and_indices(shop: Path) -> None:
    shop.write_text(
        MONITOR.replace("  amount: numeric\n", '  "50%": numeric\n  Sepal.Length: numeric\n  e: {type: numeric, field: "e[2]"}\n')
        .replace("context.device", "'context.\"a.b\".\"c\\\"%s\"'")
    )  # fmt: skip
    frame = row(**{"50%": 2, "Sepal.Length": 5.1, "e": 7.0, "device": "%d", "age": None, "country": None})
    found = written(shop, frame)[0]
    assert (found["50%"], found["Sepal.Length"], found["e"]) == (2, 5.1, [None, None, 7.0])
    assert found["context"] == {"a.b": {'c"%s': "%d"}}
    arrays = row(**{"50%": 2, "Sepal.Length": 5.1, "e": None, "device": "x", "age": None, "country": None}).astype({"e": object})
    arrays.at[0, "e"] = None
    by_array = arrays.drop(columns="e").assign(**{"e[2]": 3})
    assert written(shop, by_array)[0]["e"] == [None, None, 3]


def test_elements_of_arrays_in_a_column(shop: Path) -> None:
    write_monitor(shop, ("  amount: numeric\n", '  x: {type: numeric, field: "e[1]"}\n'))
    frame = pd.concat([row(), row()], ignore_index=True).assign(e=[np.array([1.0, 2.5]), [4]])
    assert [found["e"] for found in written(shop, frame)] == [[None, 2.5], [None, None]]


def test_two_fields_cannot_be_in_one_place(shop: Path) -> None:
    write_monitor(shop, ("  amount: numeric\n", "  context: categorical\n"))
    frame = row(context="x", device="ios")
    with pytest.raises(leeway.InputError) as error:
        written(shop, frame)
    assert str(error.value) == "context.device is within another field of the monitor; a place holds a value or an object"


def test_records_as_kcat_writes_them(shop: Path) -> None:
    write_monitor(
        shop,
        (
            "{id: id, time: at, version: model, score: p}\n  time_format: epoch_ms",
            "{id: key, time: kafka.timestamp, version: header.model-version, score: p}",
        ),
    )
    frame = pd.DataFrame({
        "key": ["p0", "p1"], "kafka.timestamp": pd.to_datetime(["2026-03-01", "2026-03-02"], utc=True),
        "header.model-version": [2, None], "p": [0.1, 0.2], "amount": [1.0, 2.0],
    })  # fmt: skip
    found = written(shop, frame.astype({"header.model-version": "Int64"}))
    assert [(r["ts"], r["key"], r["headers"]) for r in found] == [
        (1_772_323_200_000, "p0", ["model-version", "2"]),
        (1_772_409_600_000, "p1", []),
    ]
    assert json.loads(found[0]["payload"]) == {"p": 0.1, "amount": 1.0}


def test_records_give_the_lines_of_plain_messages(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    expected = leeway.replay(predictions, labels, shop)
    write_monitor(
        shop,
        (
            "{id: id, time: at, version: model, score: p}\n  time_format: epoch_ms",
            "{id: key, time: kafka.timestamp, version: header.model, score: p}",
        ),
    )
    records = predictions.rename(columns={"id": "key", "at": "kafka.timestamp", "model": "header.model"})
    assert leeway.replay(records, labels, shop).drift["psi"].tolist() == expected.drift["psi"].tolist()


def test_rows_of_messages(baseline: leeway.Baseline, shop: Path) -> None:
    predictions, labels = logs()
    expected = leeway.replay(predictions, labels, shop)
    write_monitor(
        shop,
        ("  fields: {id: id, time: at, version: model, score: p}", '  rows: batch.instances\n  fields: {id: "message.ids[]", '
         'time: message.sent_at, version: message.model, score: "message.out[].p"}'),
    )  # fmt: skip
    frame = predictions.rename(columns={"id": "ids", "at": "sent_at", "p": "out.p"})
    assert written(shop, frame.head(1))[0] == {
        "ids": ["p0"],
        "sent_at": 1_772_323_200_000,
        "model": "v1",
        "out": [{"p": frame["out.p"][0]}],
        "batch": {"instances": [{
            "amount": frame["amount"][0], "age": int(frame["age"][0]), "context": {"device": frame["context.device"][0]},
            "country": frame["country"][0],
        }]},
    }  # fmt: skip
    assert leeway.replay(frame, labels, shop).drift["psi"].tolist() == expected.drift["psi"].tolist()


def test_an_id_of_a_message_of_rows_is_refused(baseline: leeway.Baseline, shop: Path) -> None:
    write_monitor(shop, ("  fields: {id: id, time: at, version: model, score: p}",
                         "  rows: instances\n  fields: {id: message.request, time: message.at, version: message.model,"
                         " score: p}"))  # fmt: skip
    with pytest.raises(leeway.InputError) as error:
        leeway.replay(logs()[0].rename(columns={"id": "request"}), None, shop)
    assert str(error.value) == (
        "predictions: the monitor's id is of a whole message of rows, which a frame does not have; give .jsonl files of messages"
    )


def test_class_probabilities(tmp_path: Path) -> None:
    monitor = tmp_path / "m.yaml"
    monitor.write_text(
        MONITOR.replace("task: binary", "task: multiclass").replace("score: p}", "prediction: p, probabilities: proba}")
        .replace("metric: auc, window: 1d, critical: 0.7", "metric: accuracy, window: 1d, critical: 0.1")
    )  # fmt: skip
    base = row(p="cat")
    one = base.assign(proba=[{"cat": 0.75, "dog": 0.25}])
    assert written(monitor, one)[0]["proba"] == {"cat": 0.75, "dog": 0.25}
    columns = base.assign(**{"proba.cat": 0.75, "proba.dog": 0.25, "proba.owl": np.nan})
    assert written(monitor, columns)[0]["proba"] == {"cat": 0.75, "dog": 0.25}
    array = base.assign(proba=[np.array([0.75, 0.25])])
    assert written(monitor, array)[0]["proba"] == [0.75, 0.25]


def test_labels_with_conditions(shop: Path) -> None:
    write_monitor(shop, ("  horizon: 1d\n", "  horizon: 1d\n  where: {source.system: [a, b]}\n"))
    frame = pd.DataFrame({"id": [1], "at": [5], "bought": [True], "source.system": ["a"]})
    assert written(shop, frame, labels=True) == [{"id": 1, "at": 5, "bought": True, "source": {"system": "a"}}]


def test_time_order_keeps_the_order_of_equal_times(shop: Path) -> None:
    stream = Monitor.read(shop).predictions
    frame = pd.DataFrame({"id": range(6), "at": [3, 1, 3, np.nan, 1, 2], "p": 0.5})
    slots = slots_of(stream.fields, frame, "frame", allow_missing=True)
    assert in_time_order(frame, slots)["id"].tolist() == [1, 4, 5, 0, 2, 3]
    texts = frame.assign(
        at=["2026-03-01T02:00:00+02:00", "2026-03-01T00:30:00Z", "2026-02-28T23:59:59.5Z", None, "x", "2026-03-01T00:00:00Z"]
    )
    assert in_time_order(texts, slots)["id"].tolist() == [2, 0, 5, 1, 3, 4]


def test_chunks_make_one_file(baseline: leeway.Baseline, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predictions, labels = logs()
    expected = leeway.replay(predictions, labels, shop).lines
    monkeypatch.setattr(_messages, "CHUNK_ROWS", 7)
    assert leeway.replay(predictions, labels, shop).lines == expected
