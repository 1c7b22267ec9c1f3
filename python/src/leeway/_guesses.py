"""What a column most likely is, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
import pandas as pd

from ._values import is_missing

# What a name says of the values that can be; it counts only where all values are within.
_RANGES: tuple[tuple[str, float, float], ...] = (
    ("age", 0, 120), ("latitude", -90, 90), ("lat", -90, 90), ("longitude", -180, 180), ("lon", -180, 180),
    ("lng", -180, 180), ("hour", 0, 23), ("month", 1, 12), ("percent", 0, 100), ("pct", 0, 100),
)  # fmt: skip
# Least and greatest plausible seconds since 1970 (1990 to 2100), and the factor of each unit.
_FIRST, _LAST = 631_152_000, 4_102_444_800
_UNITS = (("epoch_s", 1), ("epoch_ms", 10**3), ("epoch_us", 10**6), ("epoch_ns", 10**9))
#: Above so many categories a column may be an identifier.
_WIDE = 50
#: Keys of one column of objects.
MOST_KEYS = 200


@dataclass
class Value:
    """A column, or a key within the objects of one."""

    keys: tuple[str, ...]
    series: pd.Series[Any]

    @property
    def name(self) -> str:
        return ".".join(self.keys)


def plain(name: str) -> str:
    return re.sub(r"[\s_.\-]", "", name).lower()


def shortest(value: Any) -> str:
    """A label as the command takes it: a number by its shortest text."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def unfolded(value: Value) -> Iterable[Value]:
    """The keys of a column of objects, else the column."""
    if value.series.dtype != object or len(value.keys) >= 8:
        yield value
        return
    objects = [item for item in value.series.tolist() if not is_missing(item)]
    if not objects or not all(isinstance(item, dict) for item in objects):
        yield value
        return
    keys = list(dict.fromkeys(str(key) for item in objects for key in item))[:MOST_KEYS]
    for key in keys:
        inner = [item.get(key) if isinstance(item, dict) else None for item in value.series.tolist()]
        yield from unfolded(Value((*value.keys, key), pd.Series(inner, dtype=object).infer_objects()))


def describe(value: Value) -> tuple[str, Optional[tuple[float, float]], str, int] | str:
    """Type, range, why, and how many distinct values; or why it is no feature."""
    series = value.series
    if isinstance(series.dtype, pd.CategoricalDtype):
        kept = series.dropna()
        if not len(kept):
            return "it has no value"
        if kept.map(str).nunique() > _WIDE and kept.map(str).nunique() > 0.5 * len(kept):
            return f"{kept.nunique():,} categories in {len(kept):,} values: an identifier, or free text"
        if pd.api.types.is_datetime64_any_dtype(series.cat.categories.dtype):
            return "its categories are times; turn them into texts"
        return "categorical", None, f"a categorical column, {kept.nunique():,} categories", int(kept.nunique())
    kept = series.dropna()
    if not len(kept):
        return "it has no value"
    if pd.api.types.is_datetime64_any_dtype(series.dtype) or pd.api.types.is_timedelta64_dtype(series.dtype):
        return "a time; add what the model makes of it, as an age in days"
    values = kept.tolist() if series.dtype == object else None
    if values is not None and any(isinstance(item, (list, tuple, set, dict, np.ndarray)) for item in values):
        return "lists or objects; name an element as a field, as embedding[3]"
    if values is not None and not all(isinstance(item, (str, bool, int, float, np.generic)) for item in values):
        return f"values of type {type(next(i for i in values if not isinstance(i, (str, bool, int, float, np.generic)))).__name__}"
    if pd.api.types.is_bool_dtype(series.dtype) or (values is not None and all(isinstance(v, (bool, np.bool_)) for v in values)):
        return "categorical", None, "true and false", int(kept.nunique())
    if pd.api.types.is_numeric_dtype(series.dtype) or (
        values is not None and all(isinstance(v, (int, float, np.number)) and not isinstance(v, bool) for v in values)
    ):
        if pd.api.types.is_complex_dtype(series.dtype):
            return "complex numbers"
        return _describe_numbers(value, kept)
    texts = kept.map(str)
    distinct = int(texts.nunique())
    if not (texts != "").any():
        return "it has no value"
    if any("\ud800" <= c <= "\udfff" for text in texts.unique().tolist() for c in text):
        return "texts that are no Unicode; repair them at their source"
    if distinct > _WIDE and distinct > 0.5 * len(texts):
        return f"{distinct:,} texts in {len(texts):,} values: an identifier, or free text"
    return "categorical", None, f"texts, {distinct:,} of them different", distinct


def _describe_numbers(value: Value, kept: pd.Series[Any]) -> tuple[str, Optional[tuple[float, float]], str, int] | str:
    numbers = np.array([float(item) for item in kept.tolist()])
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return "it has no finite number"
    distinct = len(np.unique(finite))
    low, high = float(finite.min()), float(finite.max())
    is_whole = bool((finite == np.floor(finite)).all())
    if is_whole and len(finite) > _WIDE and distinct == len(finite) and plain(value.keys[-1]).endswith("id"):
        return "whole numbers, no two alike, and a name that ends in id: an identifier"
    if is_whole and {low, high} <= {0.0, 1.0} and distinct == 2:
        return "categorical", None, "only 0 and 1: a flag", distinct
    name = plain(value.keys[-1])
    for word, least, greatest in _RANGES:
        if name == word and least <= low and high <= greatest:
            return "numeric", (least, greatest), f"numbers from {low:g} to {high:g}; the range is guessed by the name", distinct
    if not is_whole and low >= 0 and high <= 1:
        return "numeric", (0, 1), f"numbers from {low:g} to {high:g}: a share, so what is outside is invalid", distinct
    return "numeric", None, f"numbers from {low:g} to {high:g}", distinct


def holds_scalars(series: pd.Series[Any]) -> bool:
    """Whether a column has values, all of them numbers, texts, true or false."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return bool(series.notna().any()) and not pd.api.types.is_datetime64_any_dtype(series.cat.categories.dtype)
    if pd.api.types.is_datetime64_any_dtype(series.dtype) or pd.api.types.is_timedelta64_dtype(series.dtype):
        return False
    if pd.api.types.is_complex_dtype(series.dtype):
        return False
    kept = series.dropna()
    return len(kept) > 0 and all(isinstance(item, (str, bool, int, float, np.number, np.bool_)) for item in kept.tolist())


def fits_output(series: pd.Series[Any], task: str) -> bool:
    """Whether a column can be the output of a model with that task."""
    if not holds_scalars(series):
        return False
    if task == "multiclass":
        # Empty text is missing.
        return any(item != "" for item in series.dropna().tolist())
    if not pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.is_bool_dtype(series.dtype):
        return False
    numbers = series.dropna().to_numpy(dtype=float)
    within = np.isfinite(numbers) if task == "regression" else (numbers >= 0) & (numbers <= 1)
    return bool(within.any())


def task_of_label(series: pd.Series[Any]) -> tuple[str, str]:
    kept = series.dropna().astype(object)
    kept = kept[kept != ""]
    distinct = kept.map(shortest).nunique()
    if distinct <= 2:
        return "binary", f"the label has {distinct} values"
    if pd.api.types.is_numeric_dtype(series.dtype) and not isinstance(series.dtype, pd.CategoricalDtype):
        numbers = kept.astype(float).to_numpy()
        if distinct > 20 or not (numbers == np.floor(numbers)).all():
            return "regression", f"the label has {distinct:,} different numbers"
        return "multiclass", f"the label has {distinct} different whole numbers; say regression if they are amounts"
    return "multiclass", f"the label has {distinct:,} different texts"


def task_of_output(series: pd.Series[Any]) -> tuple[str, str]:
    kept = series.dropna()
    if not pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.is_bool_dtype(series.dtype):
        return "multiclass", "the output is no number"
    if len(kept) and kept.min() >= 0 and kept.max() <= 1:
        return "binary", "the output lies between 0 and 1"
    return "regression", "the output is a number beyond 0 and 1"


def time_format(series: pd.Series[Any]) -> Optional[str]:
    """How a column writes times; None where it has none."""
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return "epoch_ms"
    kept = series.dropna()
    if not len(kept) or pd.api.types.is_bool_dtype(series.dtype) or pd.api.types.is_complex_dtype(series.dtype):
        return None
    if pd.api.types.is_numeric_dtype(series.dtype):
        low, high = float(kept.min()), float(kept.max())
        return next((name for name, factor in _UNITS if _FIRST * factor <= low and high <= _LAST * factor), None)
    if all(isinstance(item, str) for item in kept.tolist()):
        return "rfc3339" if all(_RFC3339.match(item) for item in kept.tolist()) else None
    return None


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z")


def datetimes(series: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return pd.to_datetime(series, utc=True)
    found = time_format(series)
    if found == "rfc3339":
        return pd.to_datetime(series, utc=True, errors="coerce")
    if found is None:
        return pd.Series([], dtype="datetime64[ns, UTC]")
    unit: Any = found[len("epoch_") :]
    return pd.to_datetime(series.astype("float64"), unit=unit, utc=True, errors="coerce")
