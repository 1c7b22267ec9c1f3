"""Paths of fields in messages, as docs/monitors.md describes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

#: A key of an object, or an index of an array. EACH is the element at the row's index.
Step = Union[str, int]
EACH = -1

WHOLE, ROW, MESSAGE, RECORD = "whole", "row", "message", "record"


class PathError(ValueError):
    """A text that is no path."""


@dataclass(frozen=True)
class FieldPath:
    """Where a value is: in the message (or its row), in the message around the rows, or in the Kafka record."""

    root: str
    steps: tuple[Step, ...]

    @property
    def column(self) -> str:
        """What a column of that path is called in a frame: keys with dots between them and no quotes."""
        name = ""
        for step in self.steps:
            if step == EACH:
                continue
            if isinstance(step, int):
                name += f"[{step}]"
            else:
                name += f".{step}" if name else step
        return name


def parse(text: str, *, has_rows: bool = False) -> FieldPath:
    """The path that a monitor file says.

    Raises:
        PathError: with the text.
    """
    root, rest = (ROW if has_rows else WHOLE), text
    steps: list[Step] = []
    if text in ("key", "kafka.timestamp") or text.startswith("header."):
        root = RECORD
    elif has_rows and text.startswith("["):
        rest = _indices(rest, steps, text)
    elif has_rows and text.startswith("message.") and len(text) > 8:
        root, rest = MESSAGE, rest[8:]
    while rest:
        if rest.startswith('"'):
            key, rest = _unquoted(rest, text)
        else:
            end = next((i for i, character in enumerate(rest) if character in ".["), len(rest))
            key, rest = rest[:end], rest[end:]
        steps.append(key)
        if rest.startswith("["):
            rest = _indices(rest, steps, text)
            continue
        if rest:
            if not rest.startswith(".") or len(rest) == 1:
                raise PathError(text)
            rest = rest[1:]
    if not steps or "" in steps:
        raise PathError(text)
    return FieldPath(root, tuple(steps))


def _indices(rest: str, steps: list[Step], text: str) -> str:
    while rest.startswith("["):
        digits, bracket, rest = rest[1:].partition("]")
        if not bracket or not (digits == "" or (digits.isascii() and digits.isdigit())):
            raise PathError(text)
        steps.append(int(digits) if digits else EACH)
    if rest.startswith(".") and len(rest) > 1:
        return rest[1:]
    if rest:
        raise PathError(text)
    return rest


def _unquoted(rest: str, text: str) -> tuple[str, str]:
    key, i = "", 1
    while i < len(rest):
        if rest[i] == '"':
            return key, rest[i + 1 :]
        if rest[i] == "\\":
            i += 1
        if i < len(rest):
            key += rest[i]
        i += 1
    raise PathError(text)


def quoted(keys: Sequence[str]) -> str:
    """The text of a path that leads through these keys, with quotes where a monitor file needs them."""
    reserved = list(keys) == ["key"] or list(keys) == ["kafka", "timestamp"] or (len(keys) > 1 and keys[0] == "header")
    return ".".join(_quoted(key, always=reserved and i == 0) for i, key in enumerate(keys))


def _quoted(key: str, *, always: bool) -> str:
    if not always and not any(character in key for character in '."['):
        return key
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
