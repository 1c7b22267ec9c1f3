"""Result lines as frames."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Union

import pandas as pd

from ._errors import InputError

Line = dict[str, Any]

TIERS = ("insufficient_data", "ok", "info", "warning", "critical")

# The type of each column; names that end in ? may be missing from lines.
_TEXT, _TIME, _WHOLE, _NUMBER, _BOOL, _TIER, _OBJECT = "text", "time", "Int64", "float64", "boolean", "tier", "object"
_WINDOW = {"monitor": _TEXT, "window": _TEXT, "start": _TIME, "end": _TIME, "slice": _TEXT}
_SHIFTED = {
    "stream": _TEXT, "category": _TEXT, "direction": _TEXT, "size": _NUMBER, "unit": _TEXT, "was": _NUMBER,
    "now": _NUMBER, "since": _TIME,
}  # fmt: skip
COLUMNS: dict[str, dict[str, str]] = {
    "drift": {
        **_WINDOW, "subject": _TEXT, "against": _TEXT, "baseline": _TEXT, "rows": _WHOLE, "missing": _WHOLE,
        "invalid": _WHOLE, "unseen": _WHOLE, "complete": _BOOL, "final": _BOOL,
    },
    "performance": {
        **_WINDOW, "stage": _TEXT, "predictions": _WHOLE, "labelled": _WHOLE, "implied": _WHOLE, "outlying": _WHOLE,
        "coverage": _NUMBER, "final": _BOOL,
    },
    "verdict": {
        "monitor": _TEXT, "check": _TEXT, "window": _TEXT, "end": _TIME, "slice": _TEXT, "subject": _TEXT,
        "metric": _TEXT, "stage": _TEXT, "tier": _TIER, "value": _NUMBER, "threshold": _NUMBER, "bound": _NUMBER,
        "certain": _BOOL, "p_value": _NUMBER, "q_value": _NUMBER, "null": _TEXT, "rows": _WHOLE, "why": _TEXT,
        "why_numbers": _OBJECT, "against": _TEXT, "reference": _TEXT, "in_sample": _BOOL, "lower": _NUMBER,
        "upper": _NUMBER, "worst_slice": _TEXT, "worst_slice_value": _NUMBER, "group": _TEXT, "changed_at": _TIME,
        "experimental": _BOOL, **_SHIFTED,
    },
    "shift": {
        "monitor": _TEXT, "check": _TEXT, "window": _TEXT, "end": _TIME, "slice": _TEXT, "subject": _TEXT,
        **_SHIFTED, "null": _TEXT, "evidence": _NUMBER, "level_info": _NUMBER, "level_warning": _NUMBER,
        "level_critical": _NUMBER, "rows": _WHOLE, "alarm": _TIER,
    },
    "incident": {
        "monitor": _TEXT, "incident": _TEXT, "at": _TIME, "transition": _TEXT, "tier": _TIER, "reason": _TEXT,
        "checks": _OBJECT, "subjects": _OBJECT, "slices": _OBJECT, "advice": _TEXT, "retrain": _TEXT, "held": _TEXT,
        "early": _TEXT, "because": _TEXT, "by": _TEXT, "note": _TEXT, "input": _WHOLE,
    },
    "comparison": {
        **_WINDOW, "subject": _TEXT, "class": _TEXT, "metric": _TEXT, "champion": _TEXT, "challenger": _TEXT,
        "champion_value": _NUMBER, "challenger_value": _NUMBER, "value": _NUMBER, "lower": _NUMBER, "upper": _NUMBER,
        "p_value": _NUMBER, "method": _TEXT, "final": _BOOL,
    },
    "reliability": {
        **_WINDOW, "stage": _TEXT, "final": _BOOL, "bin": _WHOLE, "count": _WHOLE, "mean_score": _NUMBER,
        "positive_share": _NUMBER,
    },
    "per_class": {
        **_WINDOW, "stage": _TEXT, "final": _BOOL, "class": _TEXT, "labelled": _WHOLE, "predicted": _WHOLE,
        "precision": _NUMBER, "recall": _NUMBER, "f1": _NUMBER,
    },
    "fairness": {
        **_WINDOW, "stage": _TEXT, "final": _BOOL, "reference": _TEXT, "favourable": _WHOLE, "metric": _TEXT,
        "value": _NUMBER, "lower": _NUMBER, "upper": _NUMBER,
    },
}  # fmt: skip


def read_lines(source: Union[str, os.PathLike[str], Iterable[str]]) -> list[Line]:
    """Objects of result lines, from a file or from texts.

    Raises:
        InputError: names the line that is no object.
    """
    if isinstance(source, (str, os.PathLike)):
        try:
            with open(Path(source), encoding="utf-8") as file:
                return _parsed(file, str(source))
        except OSError as error:
            raise InputError(f"{os.fspath(source)}: {error.strerror}") from error
    return _parsed(source, "line")


def _parsed(texts: Iterable[str], place: str) -> list[Line]:
    found = []
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError as error:
            raise InputError(f"{place}:{number}: this is no JSON: {error}") from error
        if not isinstance(line, dict) or "type" not in line:
            raise InputError(f"{place}:{number}: this is no result line; leeway replay writes them")
        found.append(line)
    return found


def frame(lines: Iterable[Line], kind: str) -> pd.DataFrame:
    """The frame of one kind, with all its columns and types also where there is no line."""
    rows, metrics = _ROWS[kind](lines)
    columns = COLUMNS[kind]
    data = {name: _column([row.get(name) for row in rows], how) for name, how in columns.items()}
    for name in metrics:
        data[name] = _column([row.get(name) for row in rows], _NUMBER)
    return pd.DataFrame(data, columns=[*columns, *metrics])


def _column(values: list[Any], how: str) -> pd.Series[Any]:
    if how == _TIME:
        return pd.Series(pd.to_datetime(pd.Series(values, dtype=object), utc=True)).astype("datetime64[ns, UTC]")
    if how == _TIER:
        return pd.Series(pd.Categorical(values, categories=TIERS, ordered=True))
    if how == _TEXT:
        return pd.Series(values, dtype="string")
    if how == _NUMBER:
        return pd.Series([float("nan") if value is None else value for value in values], dtype="float64")
    return pd.Series(values, dtype=how)


Rows = tuple[list[Line], list[str]]


def _of(lines: Iterable[Line], kind: str) -> list[Line]:
    return [line for line in lines if line["type"] == kind]


def _with_metrics(lines: list[Line], taken: Iterable[str]) -> Rows:
    """Metrics become columns, estimates too. A metric that is called as a member of the line keeps the member's column."""
    names: dict[str, None] = {}
    rows = []
    for line in lines:
        found = dict(line.get("metrics") or {})
        for name, value in ((line.get("estimated") or {}).get("metrics") or {}).items():
            found[f"estimated_{name}"] = value
        names.update(dict.fromkeys(found))
        rows.append({**found, **line})
    known = set(taken)
    return rows, [name for name in names if name not in known]


def _drift(lines: Iterable[Line]) -> Rows:
    return _with_metrics(_of(lines, "drift"), COLUMNS["drift"])


def _performance(lines: Iterable[Line]) -> Rows:
    return _with_metrics(_of(lines, "performance"), COLUMNS["performance"])


def _verdicts(lines: Iterable[Line]) -> Rows:
    rows = []
    for line in _of(lines, "verdict"):
        worst = line.get("worst_slice") or {}
        rows.append({**line, "worst_slice": worst.get("slice"), "worst_slice_value": worst.get("value")})
    return rows, []


def _shifts(lines: Iterable[Line]) -> Rows:
    return [{**line, **{f"level_{tier}": level for tier, level in (line.get("levels") or {}).items()}} for line in _of(lines, "shift")], []


def _incidents(lines: Iterable[Line]) -> Rows:
    return _of(lines, "incident"), []


def _comparisons(lines: Iterable[Line]) -> Rows:
    rows = []
    for line in _of(lines, "comparison"):
        rows += [{**line, "metric": metric, "value": value} for metric, value in (line.get("metrics") or {}).items()]
        rows += _differences(line, line.get("differences") or {}, None)
        for name, differences in (line.get("per_class") or {}).items():
            rows += _differences(line, differences, name)
    return rows, []


def _differences(line: Line, differences: Mapping[str, Line], name: Any) -> list[Line]:
    return [
        {
            **line, **entry, "class": name, "metric": metric, "value": entry["difference"],
            "champion": line["champion"], "challenger": line["challenger"],
            "champion_value": entry["champion"], "challenger_value": entry["challenger"],
        }
        for metric, entry in differences.items()
    ]  # fmt: skip


def _reliability(lines: Iterable[Line]) -> Rows:
    return [
        {**line, "bin": i, "count": count, "mean_score": mean, "positive_share": share}
        for line in _of(lines, "performance")
        for i, (count, mean, share) in enumerate(line.get("reliability") or ())
    ], []


def _per_class(lines: Iterable[Line]) -> Rows:
    return [
        {**line, **entry, "class": name} for line in _of(lines, "performance") for name, entry in (line.get("per_class") or {}).items()
    ], []


def _fairness(lines: Iterable[Line]) -> Rows:
    rows = []
    for line in _of(lines, "performance"):
        for group in line.get("fairness") or ():
            for metric, found in group.items():
                if metric in ("reference", "favourable"):
                    continue
                value, lower, upper = found or (None, None, None)
                rows.append({
                    **line, "reference": group["reference"], "favourable": group["favourable"], "metric": metric,
                    "value": value, "lower": lower, "upper": upper,
                })  # fmt: skip
    return rows, []


_ROWS: dict[str, Callable[[Iterable[Line]], Rows]] = {
    "drift": _drift, "performance": _performance, "verdict": _verdicts, "shift": _shifts, "incident": _incidents,
    "comparison": _comparisons, "reliability": _reliability, "per_class": _per_class, "fairness": _fairness,
}  # fmt: skip
