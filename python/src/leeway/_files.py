"""What the command is given: files as they are, frames as files of messages in a folder that is removed again."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from ._errors import LeewayWarning
from ._frames import frame_of, is_csv, is_lines, paths_of
from ._messages import slots_of, write
from ._monitor import LABEL, TEXT, TIME, Field, Monitor, Stream
from ._paths import EACH, WHOLE, FieldPath, parse


def message_files(data: Any, stream: Stream, what: str, monitor: Monitor, folder: Path, *, allow_missing: bool) -> list[str]:
    """Files of predictions or labels for ``replay``."""
    paths = paths_of(data)
    if paths and all(is_lines(path) for path in paths):
        return [str(path) for path in paths]
    frame = frame_of(data, what)
    path = folder / f"{what}.jsonl"
    write(frame, stream, path, what, monitor, allow_missing=allow_missing, sort=True)
    return [str(path)]


def training_files(data: Any, what: str, monitor: Monitor, folder: Path, *, time: str | None, features_needed: bool) -> list[str]:
    """Files of rows for ``baseline fit``."""
    paths = paths_of(data)
    if paths and all(is_lines(path) or is_csv(path) for path in paths):
        return [str(path) for path in paths]
    frame = frame_of(data, what)
    stream = training_stream(monitor, time=time, features_needed=features_needed)
    if features_needed:
        _warn_of_segments(stream, frame, what, monitor)
    path = folder / f"{what}.jsonl"
    write(frame, stream, path, what, monitor, allow_missing=True, sort=False)
    return [str(path)]


def training_stream(monitor: Monitor, *, time: str | None, features_needed: bool) -> Stream:
    """Training rows as the command looks for them: features and the output by name, everything else by its path."""

    def in_table(path: FieldPath) -> FieldPath:
        return FieldPath(WHOLE, tuple(step for step in path.steps if step != EACH))

    fields = [
        Field(f.what, f.kind, FieldPath(WHOLE, (name,)), (name,), features_needed, True, in_table(f.path))
        for name, f in monitor.features.items()
    ]
    label = next((f for f in monitor.labels.fields if f.kind == LABEL), None) if monitor.labels else None
    output = next(f for f in monitor.predictions.fields if f.what == monitor.output)
    # Where messages of predictions and of labels call both alike, a column of that name is the label.
    own = FieldPath(WHOLE, (monitor.output,))
    source = own if label and label.path == output.path else in_table(output.path)
    fields.append(Field("the model's output", output.kind, own, (monitor.output,), True, True, source))
    if label is not None:
        fields.append(Field("the label", LABEL, in_table(label.path), label.roles, not features_needed))
    fields += [Field(f.what, TEXT, in_table(f.path)) for f in monitor.predictions.fields if f.what == "version"]
    fields += [Field(f.what, TEXT, in_table(f.path)) for f in monitor.segments]
    if time is not None:
        fields.append(Field("the rows' time", TIME, parse(time), (time,), True, True))
    return Stream("", "json", monitor.predictions.time_format, None, tuple(fields))


def _warn_of_segments(stream: Stream, frame: pd.DataFrame, what: str, monitor: Monitor) -> None:
    for field in stream.fields:
        if not field.what.startswith("segment ") or field.path.column in monitor.features:
            continue
        if not slots_of([field], frame, what, allow_missing=True):
            warnings.warn(
                f"{what} has no column for {field.what}: the baseline has no slices of it",
                LeewayWarning,
                stacklevel=4,
            )
