"""What a monitor file says of messages. Only the command judges files; this reads the names that frames are written by."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import yaml

from ._binary import PathLike
from ._check import check
from ._errors import InputError
from ._paths import RECORD, FieldPath, PathError, parse

# What a value is, which decides how it is written.
TIME, ID, TEXT, NUMBER, LABEL, PROBABILITIES = "time", "id", "text", "number", "label", "probabilities"


@dataclass(frozen=True)
class Field:
    """A value of a message.

    ``roles`` are names that a column may have besides that of the path, in the order in which they are looked for.
    """

    what: str
    kind: str
    path: FieldPath
    roles: tuple[str, ...] = ()
    required: bool = False
    #: A feature is looked for by its name before its path.
    name_first: bool = False
    #: Where frames have the value, if not where messages have it.
    source: Optional[FieldPath] = None

    @property
    def place(self) -> FieldPath:
        return self.source or self.path

    @property
    def names(self) -> tuple[str, ...]:
        names = (*self.roles, self.place.column) if self.name_first else (self.place.column, *self.roles)
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class Stream:
    """The messages of one topic."""

    topic: str
    format: str
    time_format: str
    #: Keys that lead to the array of rows; None where a message is one row.
    rows: Optional[FieldPath]
    fields: tuple[Field, ...]

    @property
    def has_records(self) -> bool:
        return any(field.path.root == RECORD for field in self.fields)


@dataclass(frozen=True)
class Monitor:
    """A monitor file, as far as this package reads it."""

    path: Path
    name: str
    task: str
    predictions: Stream
    labels: Optional[Stream]
    #: By name, in the order of the file.
    features: Mapping[str, Field]
    segments: tuple[Field, ...]
    lenient: bool
    #: Where the file says the baseline is; None where it does not.
    baseline: Optional[Path]
    output: str = field(default="score")

    @classmethod
    def read(cls, path: PathLike, *, binary: Optional[PathLike] = None) -> Monitor:
        """Reads a file. Where that fails, the command says what is wrong with it.

        Raises:
            ConfigurationError: with the command's own words.
            InputError: there is no such file.
        """
        if not Path(path).is_file():
            raise InputError(f"{os.fspath(path)}: there is no such monitor file; monitor_from(frame) writes a first one")
        try:
            return _read(Path(path))
        except (yaml.YAMLError, PathError, _UnreadableError, UnicodeDecodeError) as error:
            check(path, binary=binary)
            raise InputError(f"{os.fspath(path)}: this package cannot read what leeway check accepts: {error}") from error


class _UnreadableError(ValueError):
    """A file that the command will refuse, or that is written in a way this package does not know."""


class _Texts(yaml.SafeLoader):
    """Every scalar is its text, so that ``on`` stays a word and ``2.10`` keeps its digits."""


_Texts.yaml_implicit_resolvers = {}
_PLACEHOLDER = re.compile(r"\$\$\{|\$\{([^}]*)\}")


def _read(path: Path) -> Monitor:
    text = path.read_text(encoding="utf-8-sig")
    file = _expanded(yaml.load(text, _Texts), path.parent)  # noqa: S506 - a SafeLoader
    top = _map(file, "the file")
    task = _text(top, "task")
    output = "score" if task == "binary" else "prediction"
    entry = _map(top.get("predictions"), "predictions")
    rows = parse(entry["rows"]) if "rows" in entry else None
    names = _map(entry.get("fields"), "predictions.fields")

    def at(value: str) -> FieldPath:
        return parse(value, has_rows=rows is not None)

    label_entry = _map(top["labels"], "labels") if top.get("labels") else None
    fields = [Field("id", ID, at(value), required=label_entry is not None) for value in _list(names.get("id"))]
    fields = _numbered(fields, "id")
    fields.append(Field("time", TIME, at(_text(names, "time")), ("time",), required=True))
    if "version" in names:
        fields.append(Field("version", TEXT, at(_text(names, "version")), ("version",)))
    kind = TEXT if task == "multiclass" else NUMBER
    fields.append(Field(output, kind, at(_text(names, output)), (output,), required=True))
    if "probabilities" in names:
        fields.append(Field("probabilities", PROBABILITIES, at(_text(names, "probabilities")), ("probabilities",)))

    features = {}
    for name, value in _map(top.get("features") or {}, "features").items():
        described = {"type": value} if isinstance(value, str) else _map(value, f"features.{name}")
        place = at(described["field"]) if "field" in described else FieldPath("row" if rows else "whole", (name,))
        kind = NUMBER if described.get("type") == "numeric" else TEXT
        features[name] = Field(f"feature {name}", kind, place, (name,), name_first=True)
    segments = tuple(Field(f"segment {value}", TEXT, at(value)) for value in _list(top.get("segments")))

    time_format = entry.get("time_format", "epoch_ms")
    predictions = Stream(_text(entry, "topic"), entry.get("format", "json"), time_format, rows, (*fields, *features.values(), *segments))
    labels = _labels(label_entry, time_format) if label_entry is not None else None
    baseline = path.parent / top["baseline"] if "baseline" in top else None
    return Monitor(
        path, _text(top, "monitor"), task, predictions, labels, features, segments,
        top.get("lenient") == "true", baseline, output,
    )  # fmt: skip


def _labels(entry: Mapping[str, Any], time_format: str) -> Stream:
    rows = parse(entry["rows"]) if "rows" in entry else None
    names = _map(entry.get("fields"), "labels.fields")

    def at(value: str) -> FieldPath:
        return parse(value, has_rows=rows is not None)

    fields = _numbered([Field("id", ID, at(value), required=True) for value in _list(names.get("id"))], "id")
    fields.append(Field("time", TIME, at(_text(names, "time")), ("time",), required=True))
    fields.append(Field("label", LABEL, at(_text(names, "value")), ("label",), required=True))
    for place in _map(entry.get("where") or {}, "labels.where"):
        fields.append(Field(f"labels.where.{place}", TEXT, at(place), required=True))
    return Stream(_text(entry, "topic"), entry.get("format", "json"), entry.get("time_format", time_format), rows, tuple(fields))


def _numbered(fields: list[Field], role: str) -> list[Field]:
    """A single id may be in a column that is called so; of several each has its own name."""
    if len(fields) != 1:
        return fields
    only = fields[0]
    return [Field(only.what, only.kind, only.path, (role,), only.required)]


def _expanded(node: Any, folder: Path) -> Any:
    if isinstance(node, str):
        return _PLACEHOLDER.sub(lambda match: _value(match, folder), node)
    if isinstance(node, list):
        return [_expanded(item, folder) for item in node]
    if isinstance(node, dict):
        return {key: _expanded(item, folder) for key, item in node.items()}
    return node


def _value(match: re.Match[str], folder: Path) -> str:
    name = match[1]
    if name is None:
        return "${"
    if name.startswith("file:"):
        try:
            return (folder / name[5:]).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise _UnreadableError(f"${{{name}}} cannot be read") from error
    if name not in os.environ:
        raise _UnreadableError(f"the variable {name} is not set")
    return os.environ[name]


def _map(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _UnreadableError(f"{place} is no map")
    return value


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise _UnreadableError(f"{key} is no text")
    return value


def _list(value: Any) -> Iterable[str]:
    if value is None or value == "":
        return []
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise _UnreadableError("a list has something else than texts")
    return items
