"""Frames as files of messages: JSON Lines in the shape that a monitor reads."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np
import pandas as pd

from ._errors import InputError
from ._frames import Untyped
from ._monitor import PROBABILITIES, TIME, Field, Monitor, Stream
from ._paths import EACH, MESSAGE, RECORD, FieldPath
from ._values import column_json, text_json

CHUNK_ROWS = 50_000
_SHOWN = 20


@dataclass(frozen=True)
class Slot:
    """A place in a message, and the column that fills it; several columns where they are parts of an object."""

    field: Field
    path: FieldPath
    column: str
    #: Steps into the values of the column, where these are objects.
    inner: tuple[Any, ...] = ()
    #: Of probabilities: columns by class.
    parts: tuple[tuple[str, str], ...] = ()


Tree = Union[int, dict[str, Any], dict[int, Any]]


def template(slots: Sequence[tuple[FieldPath, int]], stream: Stream) -> tuple[str, list[int]]:
    """The text of a message with ``%s`` for each value, and which values these are, in their order.

    Raises:
        InputError: two fields are in one place.
    """
    whole: dict[Any, Any] = {}
    row: dict[Any, Any] = {}
    for path, index in slots:
        _put(row if stream.rows is not None and path.root != MESSAGE else whole, path, index)
    if stream.rows is not None:
        node = whole
        for step in stream.rows.steps[:-1]:
            node = node.setdefault(step, {})
        node[stream.rows.steps[-1]] = {0: row}
    order: list[int] = []
    return _text(whole, order), order


def _put(tree: dict[Any, Any], path: FieldPath, index: int) -> None:
    node = tree
    for step in path.steps[:-1]:
        node = node.setdefault(0 if step == EACH else step, {})
        if not isinstance(node, dict):
            raise InputError(f"{path.column} is within another field of the monitor; a place holds a value or an object")
    last = 0 if path.steps[-1] == EACH else path.steps[-1]
    if isinstance(node.get(last), dict):
        raise InputError(f"{path.column} is around another field of the monitor; a place holds a value or an object")
    node.setdefault(last, index)


def _text(tree: Any, order: list[int]) -> str:
    if not isinstance(tree, dict):
        order.append(tree)
        return "%s"
    if tree and all(isinstance(step, int) for step in tree):
        return "[" + ",".join(_text(tree[i], order) if i in tree else "null" for i in range(max(tree) + 1)) + "]"
    parts = (f"{text_json(str(step)).replace('%', '%%')}:{_text(item, order)}" for step, item in tree.items())
    return "{" + ",".join(parts) + "}"


def slots_of(fields: Sequence[Field], frame: pd.DataFrame, what: str, *, allow_missing: bool) -> list[Slot]:
    """The column of each field.

    Raises:
        InputError: names the fields that no column has, and columns with names like theirs.
    """
    columns = set(frame.columns)
    found: dict[FieldPath, Slot] = {}
    absent: list[Field] = []
    for field in fields:
        slot = _slot(field, frame, columns)
        if slot is not None:
            found.setdefault(field.path, slot)
        elif field.path not in found:
            absent.append(field)
    absent = [field for field in absent if field.path not in found and (field.required or not allow_missing)]
    if absent:
        raise InputError(_absent(absent, frame, what))
    return list(found.values())


def _slot(field: Field, frame: pd.DataFrame, columns: set[str]) -> Optional[Slot]:
    for name in field.names:
        if name in columns:
            return Slot(field, field.path, name)
    steps = tuple(step for step in field.place.steps if step != EACH)
    if len(steps) > 1 and isinstance(steps[0], str) and steps[0] in columns:
        return Slot(field, field.path, steps[0], steps[1:])
    if field.kind == PROBABILITIES:
        for name in field.names:
            parts = tuple((column[len(name) + 1 :], column) for column in frame.columns if column.startswith(name + "."))
            if parts:
                return Slot(field, field.path, name, (), parts)
    return None


def _absent(fields: Sequence[Field], frame: pd.DataFrame, what: str) -> str:
    names = [str(name) for name in frame.columns]
    lines = []
    for field in fields[:_SHOWN]:
        looked = " or ".join(field.names)
        near = difflib.get_close_matches(field.names[0], names, 1, 0.75)
        hint = f". Did you mean {near[0]}?" if near else ""
        lines.append(f"{what} has no column for {field.what}: looked for {looked}{hint}")
    if len(fields) > _SHOWN:
        lines.append(f"and {len(fields) - _SHOWN} more")
    shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
    lines.append(f"The columns are {shown}." if names else "It has no columns.")
    if not any(field.required for field in fields):
        lines.append("Rename columns, fix the monitor, or give allow_missing=True to go on with these values missing.")
    return "\n".join(lines)


def _inner(value: Any, steps: Sequence[Any]) -> Any:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, (list, tuple, np.ndarray)) and isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            return None
    return value


def _texts(slot: Slot, chunk: pd.DataFrame, stream: Stream, lenient: bool) -> list[str]:
    untyped = isinstance(chunk, Untyped)
    if slot.parts:
        columns = [column_json(chunk[column], "number", stream.time_format, untyped=untyped) for _, column in slot.parts]
        keys = [text_json(key) for key, _ in slot.parts]
        return [
            "{" + ",".join(f"{key}:{value}" for key, value in zip(keys, row) if value != "null") + "}"
            if any(value != "null" for value in row)
            else "null"
            for row in zip(*columns)
        ]
    column = chunk[slot.column]
    if slot.inner:
        values = [_inner(value, slot.inner) for value in column.tolist()]
        column = pd.Series(values, index=column.index, name=slot.field.names[0], dtype=object)
    return column_json(column, slot.field.kind, stream.time_format, lenient=lenient, untyped=untyped)


def lines(frame: pd.DataFrame, stream: Stream, slots: Sequence[Slot], *, lenient: bool = False) -> Iterator[list[str]]:
    """The messages, a chunk at a time."""
    record = [slot for slot in slots if slot.path.root == RECORD]
    value = [slot for slot in slots if slot.path.root != RECORD]
    shape, order = template([(slot.path, i) for i, slot in enumerate(value)], stream)
    time = next((slot for slot in slots if slot.field.kind == TIME), None)
    for start in range(0, len(frame), CHUNK_ROWS):
        chunk = frame.iloc[start : start + CHUNK_ROWS]
        columns = [_texts(slot, chunk, stream, lenient) for slot in value]
        payloads = [shape % row for row in zip(*(columns[i] for i in order))] if order else [shape] * len(chunk)
        if not record and not stream.has_records:
            yield payloads
            continue
        # As kcat writes records with -J.
        stamps = column_json(chunk[time.column], TIME, "epoch_ms", untyped=isinstance(chunk, Untyped)) if time else ["0"] * len(chunk)
        heads = []
        key = ["null"] * len(chunk)
        for slot in record:
            texts = [_quoted(text) for text in _texts(slot, chunk, stream, lenient)] if slot.field.kind != TIME else []
            if slot.path.steps == ("key",):
                key = texts
            elif slot.path.steps[0] == "header":
                heads.append((text_json(str(slot.path.steps[1])), texts))
        found = []
        for i, payload in enumerate(payloads):
            headers = ",".join(f"{name},{texts[i]}" for name, texts in heads if texts[i] != "null")
            found.append(f'{{"ts":{stamps[i]},"key":{key[i]},"headers":[{headers}],"payload":{text_json(payload)}}}')
        yield found


def _quoted(text: str) -> str:
    """Keys and headers are texts."""
    return text if text == "null" or text.startswith('"') else f'"{text}"'


def in_time_order(frame: pd.DataFrame, slots: Sequence[Slot]) -> pd.DataFrame:
    """Sorted by the time column; rows of one time keep their order, and those without a time come last.

    A topic is in the order of its making. A frame often is not, and rows out of order would count as late.
    """
    slot = next((slot for slot in slots if slot.field.kind == TIME), None)
    if slot is None or slot.inner:
        return frame
    column = frame[slot.column]
    if column.dtype == object or pd.api.types.is_string_dtype(column.dtype):
        numbers = pd.to_numeric(column, errors="coerce")
        column = numbers if numbers.notna().any() else pd.to_datetime(column, errors="coerce", utc=True, **_MIXED)
    if column.is_monotonic_increasing:
        return frame
    order = column.argsort(kind="stable").to_numpy() if not column.isna().any() else column.sort_values(kind="stable").index.to_numpy()
    return frame.iloc[order]


_MIXED: dict[str, Any] = {"format": "ISO8601"} if int(pd.__version__.split(".", maxsplit=1)[0]) >= 2 else {}


def write(frame: pd.DataFrame, stream: Stream, path: Path, what: str, monitor: Monitor, *, allow_missing: bool, sort: bool) -> None:
    """Writes a frame as messages of a topic.

    Raises:
        InputError: a field has no column, or a value cannot be written.
    """
    slots = slots_of(stream.fields, frame, what, allow_missing=allow_missing)
    if stream.rows is not None and any(f.kind == "id" and f.path.root == MESSAGE and EACH not in f.path.steps for f in stream.fields):
        raise InputError(
            f"{what}: the monitor's id is of a whole message of rows, which a frame does not have; give .jsonl files of messages"
        )
    if sort:
        frame = in_time_order(frame, slots)
    try:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            for chunk in lines(frame, stream, slots, lenient=monitor.lenient):
                file.write("\n".join(chunk) + "\n")
    except InputError as error:
        raise InputError(f"{what}: {error}") from None
