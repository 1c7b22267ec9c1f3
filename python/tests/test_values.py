from __future__ import annotations

import datetime
import decimal
import enum
import json
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest

import leeway
from leeway._values import UnwritableError, column_json, json_of, time_json

MS = 1_772_323_200_123
NS = MS * 10**6 + 456_789


def texts(values: Any, kind: str = "text", time_format: str = "epoch_ms", **options: Any) -> list[str]:
    return column_json(pd.Series(values, **options), kind, time_format)


def test_whole_numbers_keep_every_digit() -> None:
    assert texts([2**63 - 1, -(2**63)]) == ["9223372036854775807", "-9223372036854775808"]
    assert texts([2**64 - 1], dtype="uint64") == ["18446744073709551615"]
    assert texts([20240331003000000001, 1], dtype=object) == ["20240331003000000001", "1"]
    assert texts([2**53 + 1, None], dtype="Int64") == ["9007199254740993", "null"]
    assert texts([7], dtype="int8") == ["7"]


def test_floats_read_back_as_the_same_double() -> None:
    values = [0.1, 1e-7, 1e22, -0.0, 5e-324, 1.7976931348623157e308, 100.0]
    assert [json.loads(text) for text in texts(values)] == values
    assert texts([0.1], dtype="float32") == ["0.10000000149011612"]
    assert texts([np.float32(0.1)], dtype=object) == ["0.10000000149011612"]
    assert texts([1.5, None], dtype="Float64") == ["1.5", "null"]


def test_infinity_is_text_and_so_invalid() -> None:
    assert texts([np.inf, -np.inf]) == ['"inf"', '"-inf"']
    assert json_of(decimal.Decimal("-Infinity"), "number") == '"-inf"'


def test_missing_is_null() -> None:
    assert texts([None, np.nan, pd.NA, pd.NaT, decimal.Decimal("NaN"), np.datetime64("NaT")], dtype=object) == ["null"] * 6
    assert texts(["a", None], dtype="category") == ['"a"', "null"]
    assert texts([True, None], dtype="boolean") == ["true", "null"]
    assert texts(["a", None], dtype="string") == ['"a"', "null"]
    assert texts([pd.NaT], "time") == ["null"]


def test_one_and_true_and_text_stay_apart() -> None:
    assert texts([1, True, 1.0, "1", "true"], dtype=object) == ["1", "true", "1.0", '"1"', '"true"']
    assert texts([True, False]) == ["true", "false"]


def test_categories_are_written_by_what_they_are() -> None:
    assert texts([3, 1, 3], dtype="category") == ["3", "1", "3"]
    assert texts(["b", "a"], dtype="category") == ['"b"', '"a"']
    cut = pd.cut(pd.Series([1, 5]), [0, 2, 10])
    assert column_json(cut, "text", "epoch_ms") == ['"(0, 2]"', '"(2, 10]"']


def test_a_category_that_cannot_be_written_is_named_by_its_first_row() -> None:
    column = pd.Series(pd.Categorical([b"b", b"\xff", b"b", b"\xff"], categories=[b"\xfe", b"b", b"\xff"]), name="x", index=[4, 5, 6, 7])
    with pytest.raises(leeway.InputError) as error:
        column_json(column, "text", "epoch_ms")
    assert str(error.value) == "column x, row 5: the bytes b'\\xff' are not UTF-8; decode them to text"
    assert column_json(column.iloc[[0, 2]], "text", "epoch_ms") == ['"b"', '"b"']


def test_text_is_escaped() -> None:
    found = texts(['a"b\\c\n\t\u0000\u2028€😀%s'])
    assert json.loads(found[0]) == 'a"b\\c\n\t\u0000\u2028€😀%s'
    assert json_of("é", "text") == '"é"'


def test_other_things_that_are_texts_or_numbers() -> None:
    class Colour(enum.Enum):
        RED = "red"

    name = uuid.UUID("12345678123456781234567812345678")
    assert json_of(Colour.RED, "text") == '"red"'
    assert json_of(name, "id") == '"12345678-1234-5678-1234-567812345678"'
    assert json_of(b"abc", "text") == '"abc"'
    assert json_of(decimal.Decimal("2.10"), "text") == "2.10"
    assert json_of(np.str_("x"), "text") == '"x"'
    assert json_of(datetime.date(2026, 3, 1), "text") == '"2026-03-01T00:00:00Z"'


@pytest.mark.parametrize(
    ("time_format", "text"),
    [
        ("epoch_s", "1772323200.123"),
        ("epoch_ms", "1772323200123"),
        ("epoch_us", "1772323200123456"),
        ("epoch_ns", "1772323200123456789"),
        ("rfc3339", '"2026-03-01T00:00:00.123456789Z"'),
    ],
)
def test_times_in_the_format_of_the_monitor(time_format: str, text: str) -> None:
    moment = pd.Timestamp(NS, tz="UTC")
    assert texts([moment], "time", time_format) == [text]
    assert texts([moment.tz_convert("Asia/Kolkata")], "time", time_format) == [text]
    assert texts([moment.tz_localize(None)], "time", time_format) == [text]
    assert texts([moment, "x"][:1], "time", time_format, dtype=object) == [text]
    assert texts([np.datetime64(NS, "ns")], "time", time_format, dtype=object) == [text]


def test_whole_seconds_have_no_fraction() -> None:
    assert time_json(NS // 10**9 * 10**9, "epoch_s") == "1772323200"
    assert time_json(NS // 10**9 * 10**9, "rfc3339") == '"2026-03-01T00:00:00Z"'


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize(
    ("time_format", "text"),
    [
        ("epoch_s", "1772323200"),
        ("epoch_ms", "1772323200000"),
        ("epoch_us", "1772323200000000"),
        ("epoch_ns", "1772323200000000000"),
        ("rfc3339", '"2026-03-01T00:00:00Z"'),
    ],
)
def test_units_of_columns(unit: str, time_format: str, text: str) -> None:
    column = pd.Series(np.array(["2026-03-01T00:00:00", "NaT"], dtype=f"datetime64[{unit}]"))
    assert column_json(column, "time", time_format) == [text, "null"]
    assert column_json(column.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"), "time", time_format) == [text, "null"]


def test_datetimes_of_python_and_of_a_day() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    moment = datetime.datetime(2026, 3, 1, 2, 0, 0, 123999, tzinfo=zone)
    assert json_of(moment, "time") == "1772323200123"
    assert json_of(datetime.datetime(2026, 3, 1), "time") == "1772323200000"
    assert json_of(datetime.date(2026, 3, 1), "time") == "1772323200000"


def test_numbers_are_times_already() -> None:
    assert texts([MS], "time") == [str(MS)]
    assert texts([1772323200.5], "time", "epoch_s") == ["1772323200.5"]
    assert texts(["2026-03-01T00:00:00+01:00"], "time", "rfc3339") == ['"2026-03-01T00:00:00+01:00"']


@pytest.mark.parametrize(
    ("values", "kind", "time_format", "message"),
    [
        (
            ["2026-03-01"], "time", "epoch_ms",
            "column x, row 0: '2026-03-01' is no time in epoch_ms, the monitor's time_format; "
            "turn the column into times with pd.to_datetime(column, utc=True)",
        ),
        (
            [MS], "time", "rfc3339",
            f"column x, row 0: {MS} is no time in rfc3339, the monitor's time_format; "
            "turn the column into times with pd.to_datetime(column, unit='ms', utc=True)",
        ),
        (
            [pd.Timestamp("2026-03-01")], "number", "epoch_ms",
            "column x: its values are times, and the monitor says numeric; turn them into numbers, as days or seconds",
        ),
        (
            [1.0, object], "number", "epoch_ms",
            "column x, row 1: a type is no number and no text; turn it into one of these",
        ),
        (
            ["ok", "\ud800"], "text", "epoch_ms",
            "column x, row 1: the text '\\ud800' is not Unicode (a surrogate without its pair); repair it at its source",
        ),
        ([b"\xff"], "text", "epoch_ms", "column x, row 0: the bytes b'\\xff' are not UTF-8; decode them to text"),
        (
            [3], "probabilities", "epoch_ms", None,
        ),
    ],
)  # fmt: skip
def test_values_that_no_message_can_hold(values: list[Any], kind: str, time_format: str, message: str | None) -> None:
    column = pd.Series(values, name="x", dtype=object if kind != "number" or message is None or "row" in message else None)
    if message is None:
        assert column_json(column, kind, time_format) == ["3"]
        return
    with pytest.raises(leeway.InputError) as error:
        column_json(column, kind, time_format)
    assert str(error.value) == message


def test_probabilities() -> None:
    assert json_of({"cat": 0.7, 'd"g': np.float64(0.3), "none": None}, "probabilities") == '{"cat":0.7,"d\\"g":0.3}'
    assert json_of(np.array([0.5, 0.5]), "probabilities") == "[0.5,0.5]"
    with pytest.raises(UnwritableError):
        json_of({1, 2}, "probabilities")


def test_random_values_read_back_as_they_were() -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        numbers = np.frombuffer(rng.bytes(800), dtype=np.float64)
        found = [json.loads(text) for text in texts(numbers)]
        expected = [None if np.isnan(x) else str(x) if np.isinf(x) else x for x in numbers.tolist()]
        assert found == expected, f"seed {seed}"
        words = ["".join(chr(c) for c in rng.integers(0, 0xD7FF, 8)) for _ in range(20)]
        assert [json.loads(text) for text in texts(words)] == words, f"seed {seed}"
