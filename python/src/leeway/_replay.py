"""Replays: logs in, what the service would have said out."""

from __future__ import annotations

import datetime
import os
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Optional, Union

import pandas as pd

from ._baseline import Baseline
from ._binary import PathLike, run
from ._errors import InputError, LeewayWarning, fail
from ._files import message_files
from ._frames import FrameLike
from ._html import page, summary_html
from ._monitor import Monitor
from ._results import Line, frame, read_lines


class Result:
    """What a replay found, as frames. Times are UTC, metrics are columns, what is undefined is NaN.

    Attributes:
        lines: the result lines, as docs/results.md describes them, in their order.
        summary: the counts that the command printed at its end.
        warnings: what it warned of.
    """

    def __init__(self, lines: Iterable[Line], *, summary: Sequence[str] = (), warnings: Sequence[str] = ()) -> None:
        self.lines = list(lines)
        self.summary = tuple(summary)
        self.warnings = tuple(warnings)

    @cached_property
    def drift(self) -> pd.DataFrame:
        """A row for each window, slice and subject; distances, ratios and levels are columns."""
        return frame(self.lines, "drift")

    @cached_property
    def performance(self) -> pd.DataFrame:
        """A row for each window, slice and stage; metrics are columns, estimates begin with ``estimated_``."""
        return frame(self.lines, "performance")

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """A row for each check, window, slice, subject and stage. ``tier`` is an ordered category."""
        return frame(self.lines, "verdict")

    @cached_property
    def incidents(self) -> pd.DataFrame:
        """A row for each transition of an incident."""
        return frame(self.lines, "incident")

    @cached_property
    def shifts(self) -> pd.DataFrame:
        """A row for each hour and subject of checks on ``shift``."""
        return frame(self.lines, "shift")

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """A row for each metric of challenger and champion; ``value`` is the difference, or a distance of the outputs."""
        return frame(self.lines, "comparison")

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """A row for each bin of scores: mean score beside the share of positives."""
        return frame(self.lines, "reliability")

    @cached_property
    def per_class(self) -> pd.DataFrame:
        """Multiclass: a row for each class."""
        return frame(self.lines, "per_class")

    @cached_property
    def fairness(self) -> pd.DataFrame:
        """A row for each group and measure, with its 99 % interval."""
        return frame(self.lines, "fairness")

    def save_html(self, path: PathLike) -> Path:
        """Writes the summary as one self-contained page, readable without scripts."""
        target = Path(path)
        target.write_text(page(self), encoding="utf-8")
        return target

    def _repr_html_(self) -> str:
        return summary_html(self)

    def __repr__(self) -> str:
        monitors = ", ".join(sorted({str(line["monitor"]) for line in self.lines})) or "no lines"
        return f"<leeway.Result of {monitors}: {len(self.lines)} lines, {len(self.incidents)} transitions of incidents>"


def read_results(source: Union[PathLike, Iterable[str]]) -> Result:
    """Frames from result lines: of ``leeway replay --out FILE``, or of ``/api/v1/results`` as ``application/x-ndjson``.

    Args:
        source: the file, or the lines.

    Raises:
        InputError: names the line that is none.
    """
    return Result(read_lines(source))


def replay(
    predictions: FrameLike,
    labels: Optional[FrameLike],
    monitor: PathLike,
    *,
    baseline: Union[Baseline, PathLike, None] = None,
    as_of: Union[str, datetime.datetime, None] = None,
    allow_missing: bool = False,
    threads: Optional[int] = None,
    message_bytes: Optional[str] = None,
    binary: Optional[PathLike] = None,
    timeout: Optional[float] = None,
) -> Result:
    """Runs the code of the service over logs, in event time, as ``leeway replay`` does.

    Args:
        predictions: a DataFrame, an Arrow table, or files. A column is found by the feature's name, then by the path of the
            field; dicts in a column are objects. Rows are sorted by time. Files of JSON Lines are given to the command as they are.
        labels: the same of labels, or None. A missing value retracts the label of its id, as null in a message does.
        monitor: the monitor file.
        baseline: what windows are compared with; the monitor's own file unless given.
        as_of: predictions later than this time plus the monitor's ``skew`` are quarantined.
        allow_missing: go on where a column of a feature, a segment or the version is not there.
        threads: that read predictions; one for each processor unless given.
        message_bytes: the longest message, such as ``16MiB``; 1 MiB unless given.
        binary: the command; see :func:`leeway.find_binary`.
        timeout: seconds after which the command is ended; no limit unless given.

    Raises:
        InputError: a column is not there, no prediction was accepted, or no label matched. ``error.result`` has what was read.
        ConfigurationError: the monitor file is wrong.
    """
    read = Monitor.read(monitor, binary=binary)
    if labels is not None and read.labels is None:
        raise InputError(f"{os.fspath(monitor)} has no labels; add labels: with a topic and fields, or give None")
    with tempfile.TemporaryDirectory(prefix="leeway-") as name:
        folder = Path(name)
        out = folder / "results.jsonl"
        arguments = ["replay", os.fspath(monitor), "--out", str(out)]
        streams = [("predictions", predictions, read.predictions)]
        if labels is not None and read.labels is not None:
            streams.append(("labels", labels, read.labels))
        for what, data, stream in streams:
            for file in message_files(data, stream, what, read, folder, allow_missing=allow_missing):
                arguments += [f"--{what}", file]
        if isinstance(baseline, Baseline):
            path = folder / "baseline.json"
            path.write_bytes(baseline.bytes)
            arguments += ["--baseline", str(path)]
        elif baseline is not None:
            arguments += ["--baseline", os.fspath(baseline)]
        if as_of is not None:
            arguments += ["--as-of", _rfc3339(as_of)]
        if threads is not None:
            arguments += ["--threads", str(threads)]
        if message_bytes is not None:
            arguments += ["--message-bytes", message_bytes]
        done = run(arguments, binary=binary, timeout=timeout)
        stderr = done.stderr.replace(f"{folder}/", "")
        said = [line[len("leeway: ") :] for line in stderr.splitlines() if line.startswith("leeway: ")]
        found = [line[len("warning: ") :] for line in said if line.startswith("warning: ")]
        counts = [line for line in said if not line.startswith("warning: ")]
        result = Result(read_lines(out) if out.exists() else [], summary=counts, warnings=found)
        if done.exit_code != 0:
            try:
                fail(done.exit_code, stderr)
            except InputError as error:
                error.result = result if result.lines else None
                raise
        for text in found:
            warnings.warn(text, LeewayWarning, stacklevel=2)
        return result


def _rfc3339(moment: Union[str, datetime.datetime]) -> str:
    if isinstance(moment, str):
        return moment
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return moment.isoformat()
