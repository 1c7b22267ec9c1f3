"""Values as JSON, exactly: every digit, and null for what is missing.

A column becomes a list of JSON texts. One value, in serving code, goes through ``json_of``; both write the same.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import math
import re
import uuid
from collections.abc import Mapping
from typing import Any, Callable

import numpy as np
import pandas as pd

from ._errors import InputError
from ._monitor import LABEL, NUMBER, PROBABILITIES, TIME

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_UTC = datetime.timezone.utc
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=_UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
#: How a time of so many nanoseconds since 1970 is written.
_FRACTION = {"epoch_ms": 10**6, "epoch_us": 10**3, "epoch_ns": 1}
_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
# JSON has no infinity; as text it counts as invalid, which it is, and messages show it.
_INFINITE = {math.inf: '"inf"', -math.inf: '"-inf"'}


class UnwritableError(ValueError):
    """A value that no message can hold; the caller adds where it is."""


def text_json(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UnwritableError(f"the text {text!r} is not Unicode (a surrogate without its pair); repair it at its source") from None
    return json.dumps(text, ensure_ascii=False)


def float_json(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "null" if math.isnan(value) else _INFINITE[value]


def time_json(nanoseconds: int, time_format: str) -> str:
    """A time since 1970 as the monitor writes times; finer digits than its unit are cut off."""
    if time_format == "rfc3339":
        seconds, rest = divmod(nanoseconds, 10**9)
        moment = _EPOCH + datetime.timedelta(seconds=seconds)
        digits = f"{rest:09d}".rstrip("0")
        return f'"{moment:%Y-%m-%dT%H:%M:%S}{"." + digits if digits else ""}Z"'
    if time_format == "epoch_s":
        milliseconds = nanoseconds // 10**6
        seconds, rest = divmod(milliseconds, 1000)
        return f"{seconds}.{rest:03d}" if rest else str(seconds)
    return str(nanoseconds // _FRACTION[time_format])


def nanoseconds_of(value: Any) -> int:
    """Of a datetime, a date (its midnight) or a timestamp of pandas or NumPy, taken as UTC where it has no zone."""
    if isinstance(value, pd.Timestamp):
        value = value.to_datetime64()
    if isinstance(value, np.datetime64):
        return int(value.astype("datetime64[ns]").astype(np.int64))
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    if value.tzinfo is None:
        value = value.replace(tzinfo=_UTC)
    return int((value - _EPOCH) // _MICROSECOND) * 1000


def is_time(value: Any) -> bool:
    return isinstance(value, (datetime.date, np.datetime64))


def is_missing(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, (float, np.floating)):
        return bool(math.isnan(value))
    if isinstance(value, decimal.Decimal):
        return value.is_nan()
    return isinstance(value, np.datetime64) and bool(np.isnat(value))


def json_of(value: Any, kind: str, time_format: str = "epoch_ms", *, lenient: bool = False) -> str:
    """One value as JSON.

    Raises:
        UnwritableError: no message can hold it.
    """
    if is_missing(value):
        return "null"
    if isinstance(value, enum.Enum):
        value = value.value
    if kind == TIME:
        return _time(value, time_format, lenient)
    if isinstance(value, str):
        return text_json(str(value))
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return float_json(float(value))
    if isinstance(value, decimal.Decimal):
        return str(value) if value.is_finite() else _INFINITE[float(value)]
    if isinstance(value, (bytes, np.bytes_)):
        try:
            return text_json(value.decode("utf-8"))
        except UnicodeDecodeError:
            raise UnwritableError(f"the bytes {value[:20]!r} are not UTF-8; decode them to text") from None
    if kind == PROBABILITIES:
        return _probabilities(value)
    if kind != NUMBER:
        if is_time(value):
            return time_json(nanoseconds_of(value), "rfc3339")
        if isinstance(value, (uuid.UUID, pd.Interval, pd.Period)):
            return text_json(str(value))
    elif is_time(value) or isinstance(value, (datetime.timedelta, np.timedelta64)):
        raise UnwritableError(f"{value} is a time, and the monitor says numeric; turn it into a number, as days or seconds")
    raise UnwritableError(f"a {type(value).__name__} is no number and no text; turn it into one of these")


def _time(value: Any, time_format: str, lenient: bool) -> str:
    if is_time(value):
        return time_json(nanoseconds_of(value), time_format)
    is_number = isinstance(value, (int, float, np.integer, np.floating, decimal.Decimal)) and not isinstance(value, bool)
    if time_format == "rfc3339":
        if isinstance(value, str):
            return text_json(value)
        hint = "pd.to_datetime(column, unit='ms', utc=True)"
    else:
        if is_number or (lenient and isinstance(value, str)):
            return json_of(value, NUMBER)
        hint = "pd.to_datetime(column, utc=True)"
    raise UnwritableError(f"{value!r} is no time in {time_format}, the monitor's time_format; turn the column into times with {hint}")


def _probabilities(value: Any) -> str:
    if isinstance(value, Mapping):
        parts = (f"{text_json(str(key))}:{json_of(item, NUMBER)}" for key, item in value.items() if not is_missing(item))
        return "{" + ",".join(parts) + "}"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ",".join(json_of(item, NUMBER) for item in value) + "]"
    raise UnwritableError(f"a {type(value).__name__} holds no probabilities; give a dict of classes, or an array in the order of classes")


def column_json(column: pd.Series[Any], kind: str, time_format: str, *, lenient: bool = False, untyped: bool = False) -> list[str]:
    """A column as JSON texts, one for each row.

    Raises:
        InputError: names the column, the row and the value that no message can hold.
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _categories(column, kind, time_format, lenient=lenient, untyped=untyped)
    if isinstance(dtype, pd.DatetimeTZDtype) or np.issubdtype(getattr(dtype, "type", object), np.datetime64):
        return _times(column, kind, time_format)
    if isinstance(dtype, np.dtype) and (kind != TIME or time_format != "rfc3339"):
        if dtype.kind in "iu":
            return list(map(str, column.tolist()))
        if dtype.kind == "f":
            return _floats(column.to_numpy(dtype=np.float64))
    convert: Callable[[Any], str] = lambda value: json_of(value, kind, time_format, lenient=lenient)  # noqa: E731
    if untyped and kind in (NUMBER, LABEL):
        convert = _from_csv
    elif untyped and kind == TIME:
        convert = lambda value: _time_from_csv(value, time_format)  # noqa: E731
    # Texts repeat. (1, True and 1.0 are equal, and are not written alike, so of these none is remembered.)
    known: dict[str, str] = {}
    texts: list[str] = []
    try:
        for value in column.tolist():
            if type(value) is str:
                text = known.get(value)
                if text is None:
                    text = known[value] = convert(value)
            else:
                text = convert(value)
            texts.append(text)
    except UnwritableError as problem:
        raise InputError(f"column {column.name}, row {column.index[len(texts)]}: {problem}") from None
    return texts


def _categories(column: pd.Series[Any], kind: str, time_format: str, *, lenient: bool, untyped: bool) -> list[str]:
    """Each category is written once. Errors name the first row that has it."""
    column = column.cat.remove_unused_categories()
    codes = column.cat.codes.to_numpy()
    used, first = np.unique(codes, return_index=True)
    places = column.index.to_numpy()[first[used >= 0]]
    categories = pd.Series(column.cat.categories, index=places, name=column.name)
    texts = [*column_json(categories, kind, time_format, lenient=lenient, untyped=untyped), "null"]
    return [texts[code] for code in codes.tolist()]


def _floats(values: Any) -> list[str]:
    """Of eight bytes, since a float of four is the double that it equals."""
    texts = list(map(repr, values.tolist()))
    for i in np.flatnonzero(~np.isfinite(values)).tolist():
        texts[i] = float_json(float(values[i]))
    return texts


def _from_csv(value: Any) -> str:
    """A cell: a number where it is written as one, text as it is otherwise, which the command then counts as invalid."""
    if isinstance(value, str):
        if _NUMBER.match(value):
            return value
        return "null" if value.lower() == "nan" else text_json(value)
    return json_of(value, NUMBER)


def _time_from_csv(value: Any, time_format: str) -> str:
    """A cell: a number in the monitor's format, or a time as ISO 8601 has it, which is what other programs write."""
    if not isinstance(value, str):
        return json_of(value, TIME, time_format)
    if time_format != "rfc3339" and _NUMBER.match(value):
        return value
    try:
        if _DATE.match(value):
            return time_json(nanoseconds_of(pd.Timestamp(value)), time_format)
    except ValueError:
        pass
    raise UnwritableError(f"{value!r} is no time in {time_format}, the monitor's time_format, and none in ISO 8601")


def _times(column: pd.Series[Any], kind: str, time_format: str) -> list[str]:
    if kind == NUMBER:
        raise InputError(
            f"column {column.name}: its values are times, and the monitor says numeric; turn them into numbers, as days or seconds"
        )
    form = time_format if kind == TIME else "rfc3339"
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    values = column.to_numpy()
    unit = _NANOSECONDS[np.datetime_data(values.dtype)[0]]
    numbers = values.astype(np.int64)
    divisor = _FRACTION.get(form, 0) // unit
    if divisor:
        texts = list(map(str, (numbers // divisor).tolist()))
    else:
        texts = [time_json(number * unit, form) for number in np.where(np.isnat(values), 0, numbers).tolist()]
    for i in np.flatnonzero(np.isnat(values)).tolist():
        texts[i] = "null"
    return texts
