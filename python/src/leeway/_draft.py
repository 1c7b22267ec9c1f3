"""A first monitor file from a frame: every guess is written down beside what it led to."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import pandas as pd

from ._binary import PathLike
from ._errors import InputError
from ._frames import FrameLike, frame_of
from ._guesses import MOST_KEYS, Value, datetimes, describe, plain, time_format, unfolded
from ._paths import quoted
from ._roles import Roles

_NAME = re.compile(r"[a-z0-9-]{1,63}\Z")
_RESERVED = ("features", "performance", "traffic", "errors", "fairness", "comparison")
_TASKS = ("binary", "multiclass", "regression")
_MOST_FEATURES = 2000
_MOST_SEGMENTS = 2
_MOST_SLICES = 20
_WIDEST = 255
_WIDEST_PATH = 1000

_SEGMENTS = ("country", "region", "channel", "platform", "device", "market", "plan", "tier", "segment", "language", "product")


@dataclass(frozen=True)
class Draft:
    """A monitor file that was guessed.

    Attributes:
        text: the YAML, with a comment for each guess.
        name: the monitor's name.
        task: ``binary``, ``multiclass`` or ``regression``.
        output: the column of the model's output that a fit needs.
        label: the column of the label; None where there is none.
    """

    text: str
    name: str
    task: str
    output: str
    label: Optional[str]

    def save(self, path: Optional[PathLike] = None, *, overwrite: bool = False) -> Path:
        """Writes the file.

        Args:
            path: where; ``NAME.yaml`` in the working folder unless given.
            overwrite: replace a file that is there.

        Raises:
            InputError: there is a file already.
        """
        target = Path(path) if path is not None else Path(f"{self.name}.yaml")
        try:
            with open(target, "w" if overwrite else "x", encoding="utf-8", newline="\n") as file:
                file.write(self.text)
        except FileExistsError as error:
            raise InputError(f"{os.fspath(target)} is there already; give another path, or overwrite=True") from error
        return target

    def __str__(self) -> str:
        return self.text


@dataclass
class _Feature:
    name: str
    kind: str
    field: Optional[str]
    limits: Optional[tuple[float, float]]
    why: str
    distinct: int


def monitor_from(
    data: FrameLike,
    model: Any = None,
    *,
    name: str = "model",
    task: Optional[str] = None,
    label: Optional[str] = None,
    output: Optional[str] = None,
    id: Optional[str] = None,  # noqa: A002 - the word of the monitor file
    time: Optional[str] = None,
    version: Optional[str] = None,
    features: Optional[Sequence[str]] = None,
    segments: Optional[Sequence[str]] = None,
    horizon: str = "30d",
) -> Draft:
    """Writes a first monitor file for data such as the model was trained on.

    It guesses types, ranges, segments, windows and checks, and explains each guess in a comment. Read it, change what is not
    so, fit the baseline, and check it::

        path = leeway.monitor_from(training, model, name="fraud", label="is_fraud").save("fraud.yaml")
        leeway.fit(training, path).save()
        leeway.check(path)

    Args:
        data: a DataFrame, an Arrow table, or files.
        model: the fitted model; its ``feature_names_in_`` and ``classes_``, as scikit-learn has them, say features and task.
        name: the monitor's name: small letters, digits and hyphens.
        task: ``binary``, ``multiclass`` or ``regression``; guessed unless given.
        label: the column of the label; guessed by its name unless given, as the four after it.
        output: the column of the model's output: scores, or predictions.
        id: the column that labels join predictions by.
        time: the column of the rows' times.
        version: the column of the model's version.
        features: the columns that are features; all others unless given.
        segments: columns whose values get slices of their own; guessed unless given.
        horizon: how long labels may take.

    Raises:
        InputError: a column that was named is not there, or the name is none.
    """
    if not _NAME.match(name):
        raise InputError(f"name is {name!r}; a monitor's name has 1 to 63 small letters, digits and hyphens, as fraud-eu")
    if task is not None and task not in _TASKS:
        raise InputError(f"task is {task!r}; it takes {', '.join(_TASKS[:2])} or {_TASKS[2]}")
    frame = frame_of(data, "the frame")
    given = {"label": label, "output": output, "id": id, "time": time, "version": version}
    named = [column for column in (*given.values(), *(features or ()), *(segments or ())) if column is not None]
    for column in named:
        if column not in frame.columns and column not in (given["id"], given["time"], given["version"], given["output"]):
            raise InputError(f"the frame has no column {column}; it has {', '.join(map(str, frame.columns[:20]))}")
    return _Writer(frame, model, name, task, given, features, segments, horizon).draft()


class _Writer:
    def __init__(
        self,
        frame: pd.DataFrame,
        model: Any,
        name: str,
        task: Optional[str],
        given: dict[str, Optional[str]],
        features: Optional[Sequence[str]],
        segments: Optional[Sequence[str]],
        horizon: str,
    ) -> None:
        self.frame = frame
        self.name = name
        self.horizon = horizon
        self.chosen_segments = segments
        own = getattr(model, "feature_names_in_", None)
        self.chosen = list(features) if features is not None else ([str(item) for item in own] if own is not None else None)
        self.from_model = features is None and own is not None
        found = Roles(frame, model, task, given, self.chosen)
        self.roles, self.why, self.task, self.positive = found.columns, found.why, found.task, found.positive

    # Features

    def _values(self) -> Iterable[Value]:
        taken = {column for column in self.roles.values() if column is not None}
        for column in self.frame.columns:
            if self.chosen is not None and column not in self.chosen:
                continue
            if self.chosen is None and column in taken:
                continue
            yield from unfolded(Value((column,), self.frame[column]))

    def _features(self) -> tuple[list[_Feature], list[str]]:
        found: list[_Feature] = []
        left: list[str] = []
        names: set[str] = set()
        for value in self._values():
            if len(found) >= _MOST_FEATURES:
                left.append(f"{_shown(value.name)}: a monitor takes at most {_MOST_FEATURES:,} features")
                continue
            feature = self._feature(value, names)
            if isinstance(feature, str):
                left.append(f"{_shown(value.name)}: {feature}")
            else:
                found.append(feature)
                names.add(feature.name)
        return found, left

    def _feature(self, value: Value, names: set[str]) -> _Feature | str:
        """The feature, or why there is none."""
        if any(not key for key in value.keys):
            return "a key without a name"
        path = quoted(value.keys)
        if len(path.encode("utf-8", "replace")) > _WIDEST_PATH or any("\ud800" <= c <= "\udfff" for c in path):
            return "its name is too long, or no Unicode"
        described = describe(value)
        if isinstance(described, str):
            return described
        kind, limits, why, distinct = described
        name, renamed = self._named(value.name, names)
        field = path if len(value.keys) > 1 or renamed else None
        if renamed:
            why += "; renamed, since the monitor uses its name otherwise" if value.name in (*_RESERVED, self._output()) else "; renamed"
        return _Feature(name, kind, field, limits, why, distinct)

    def _named(self, name: str, names: set[str]) -> tuple[str, bool]:
        kept = "".join(" " if ord(c) < 0x20 else c for c in name)
        while len(kept.encode()) > _WIDEST - 12:
            kept = kept[:-1]
        if name in (*_RESERVED, self._output()):
            kept = f"{name}_feature"
        new, i = kept, 2
        while new in names or new in (*_RESERVED, self._output()):
            new, i = f"{kept}_{i}", i + 1
        return new, new != name

    def _output(self) -> str:
        return "score" if self.task == "binary" else "prediction"

    def _segments(self, features: list[_Feature]) -> list[tuple[str, str]]:
        """Paths, and why."""
        if self.chosen_segments is not None:
            return [(quoted([column]), "as it was given") for column in self.chosen_segments]
        fitting = [f for f in features if f.kind == "categorical" and 2 <= f.distinct <= _MOST_SLICES]
        known = [(_SEGMENTS.index(plain(f.name.split(".")[-1])), f) for f in fitting if plain(f.name.split(".")[-1]) in _SEGMENTS]
        known.sort(key=lambda pair: pair[0])
        return [(f.field or quoted([f.name]), f"{f.distinct} values, and a name that people look by") for _, f in known[:_MOST_SEGMENTS]]

    # The file

    def draft(self) -> Draft:
        features, left = self._features()
        out = [
            f"# A first monitor, guessed from {len(self.frame):,} rows. Read each comment, and change what is not so.",
            *(["# So few rows are a coarse baseline: fit on more before distances are judged."] if len(self.frame) < 1000 else []),
            "",
            f"monitor: {self.name}",
            _line(f"task: {self.task}", self.why["task"]),
            "",
            *self._predictions(),
            "",
            *self._labels(),
            *self._lines_of_features(features, left),
        ]
        segments = self._segments(features)
        if segments:
            paths = ", ".join(_yaml(path) for path, _ in segments)
            out += ["", *(f"# {_shown(path)}: {why}" for path, why in segments), "# Each value is a slice of its own."]
            out.append(f"segments: [{paths}]")
        out += ["", f"baseline: {self.name}.baseline.json          # written by leeway.fit(frame, this file).save()", ""]
        out += [*self._windows(), *self._checks(features)]
        out += ["alerts:                        # receivers of leeway.yaml; log is always there"]
        out += [f"  {tier}: [log]" for tier in ("info", "warning", "critical")]
        output = self.roles["output"] or self._output()
        return Draft("\n".join(out) + "\n", self.name, self.task, output, self.roles["label"])

    def _predictions(self) -> list[str]:
        fields = []
        for role, default in (("id", "prediction_id"), ("time", "timestamp_ms"), ("version", "model_version")):
            column = self.roles[role]
            why = self.why[role] if column is not None else "no column of the frame; put here what your messages call it"
            fields.append(_line(f"    {role}: {_yaml(quoted([column or default]))}", why))
        column = self.roles["output"]
        why = self.why["output"] if column is not None else "no column of the frame; a fit needs the model's output there"
        fields.append(_line(f"    {self._output()}: {_yaml(quoted([column or self._output()]))}", why))
        out = [
            "predictions:",
            _line(f"  topic: serving.{self.name}.predictions", "put here the topic that your service writes to"),
            "  fields:",
            *fields,
        ]
        self.time_format, why = "epoch_ms", "without a column of times, the usual one"
        time = self.roles["time"]
        if time is not None and time in self.frame.columns:
            found = time_format(self.frame[time])
            self.time_format = found or "epoch_ms"
            why = "what the values of the column are" if found else "the column's values fit no format; check it"
            if pd.api.types.is_datetime64_any_dtype(self.frame[time].dtype):
                why = "times of a frame are written so; put here what your messages have"
        return [*out, _line(f"  time_format: {self.time_format}", why)]

    def _labels(self) -> list[str]:
        label = self.roles["label"]
        if label is None:
            return ["# No labels: no column of the frame looks like one. With labels: there is performance, too."]
        identity = self.roles["id"] or "prediction_id"
        out = [
            "labels:",
            _line(f"  topic: serving.{self.name}.labels", "put here the topic of your labels"),
            "  fields:",
            _line(f"    id: {_yaml(quoted([identity]))}", "labels join predictions by it"),
            _line("    time: labelled_at_ms", "when the label was given; put here what your messages call it"),
            _line(f"    value: {_yaml(quoted([label]))}", self.why["label"]),
            _line("  time_format: epoch_ms", "of the labels' time"),
            _line(f"  horizon: {self.horizon}", "a label later than this does not count"),
        ]
        if self.positive is not None:
            out.append(_line(f"  positive: {_yaml(self.positive)}", f"the label that means 1: {self.why['positive']}"))
        return [*out, ""]

    def _lines_of_features(self, features: list[_Feature], left: list[str]) -> list[str]:
        out = [f"# Features: {'those of the model' if self.from_model else 'columns'}, and why each has its type."]
        out += [] if features else ["# There are none."]
        out.append("features:" if features else "features: {}")
        for feature in features:
            parts = [f"type: {feature.kind}"]
            if feature.field is not None:
                parts.append(f"field: {_yaml(feature.field)}")
            if feature.limits is not None:
                parts.append("range: [" + ", ".join(f"{limit:g}" for limit in feature.limits) + "]")
            value = feature.kind if len(parts) == 1 else "{" + ", ".join(parts) + "}"
            out.append(_line(f"  {_yaml(feature.name, is_key=True)}: {value}", feature.why))
        if left:
            out += ["# Left out:", *(f"#   {reason}" for reason in left[:MOST_KEYS])]
            out += [f"#   and {len(left) - MOST_KEYS:,} more"] if len(left) > MOST_KEYS else []
        return out

    def _windows(self) -> list[str]:
        rows_a_day = self._rows_a_day()
        short = rows_a_day is None or rows_a_day >= 1000
        why = "1,000 rows a day and more are enough for a day" if short else "fewer than 1,000 rows a day are too few for a day"
        if rows_a_day is None:
            why = "without times in the frame, the usual ones; a distance needs 200 values and more"
        return [
            "panes: 1h",
            "windows:" + " " * 23 + f"# {why}",
            *(["  - {size: 1d, every: 1h}"] if short else ["  - {size: 1d, every: 1d}"]),
            "  - {size: 7d, every: 1h}" if short else "  - {size: 7d, every: 1d}",
            "",
        ]

    def _rows_a_day(self) -> Optional[float]:
        column = self.roles["time"]
        if column is None or column not in self.frame.columns:
            return None
        times = datetimes(self.frame[column]).dropna()
        if len(times) < 2:
            return None
        days = (times.max() - times.min()).total_seconds() / 86_400
        return len(times) / max(float(days), 1 / 24)

    def _checks(self, features: list[_Feature]) -> list[str]:
        out = ["checks:"]
        if features:
            out += [
                "  # Do inputs look as in training? The usual limits of PSI; a week smooths out the days.",
                "  - {name: input-drift, on: features, metric: psi, window: 7d, info: 0.1, warning: 0.2}",
                "  # Is the pipeline broken? A twentieth more missing than in training, or one in a hundred of the wrong type.",
                "  - {name: missing, on: features, metric: missing_ratio, window: 1d, warning: {max_rise: 0.05}}",
                "  - {name: invalid, on: features, metric: invalid_ratio, window: 1d, warning: {max_rise: 0.01}}",
            ]
        out += [
            "  # Does the model answer as in training?",
            f"  - {{name: output-drift, on: {self._output()}, metric: psi, window: 7d, info: 0.1, warning: 0.2}}",
        ]
        if self.roles["label"] is not None:
            metric, limit = {
                "binary": ("auc", "max_drop: 3%"),
                "multiclass": ("accuracy", "max_drop: 3%"),
                "regression": ("mae", "max_rise: 10%"),
            }[self.task]
            out += [
                "  # Is the model still right? Judged when labels are due.",
                f"  - {{name: performance, on: performance, metric: {metric}, window: 7d, warning: {{{limit}}}}}",
            ]
        return [*out, ""]


# Leeway refuses files with many keys that are lists or maps, and takes these for signs of them in texts and comments, too.
_LIKE_KEYS = re.compile(r"\*(?=[\w-])|\?(?=\s|$)|[\]}](?=[ \t]*:)")


def _escaped(text: str) -> str:
    """With escapes as YAML has them between double quotes, so that nothing in it looks like structure."""
    text = "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
    return _LIKE_KEYS.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def _shown(text: str) -> str:
    """For a comment: on one line, in quotes where it is no plain word, and not too long."""
    text = text if len(text) <= 80 else text[:79] + "…"
    return text if re.fullmatch(r"[\w.]+", text) else _escaped(json.dumps(text, ensure_ascii=False))


def _line(text: str, comment: str) -> str:
    return f"{text.ljust(38)} # {_escaped(comment)}"


def _yaml(text: str, *, is_key: bool = False) -> str:
    """A scalar that is read back as this text, in a list or a map of one line too."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", text) and text.lower() not in ("null", "true", "false", "yes", "no", "on", "off", "y", "n"):
        return text
    quoted_text = json.dumps(text, ensure_ascii=False)
    # ${ begins a placeholder in values of monitor files, and $${ stands for it; not all that JSON takes is printable in YAML.
    if not is_key:
        quoted_text = quoted_text.replace("${", "$${")
    return _escaped(quoted_text)
