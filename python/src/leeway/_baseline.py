"""Baselines: the profile of training data that windows are compared with."""

from __future__ import annotations

import builtins
import json
import os
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path
from typing import Any, Optional, Union, cast

import pandas as pd

from ._binary import PathLike, run
from ._errors import InputError, LeewayWarning, fail
from ._files import training_files
from ._frames import FrameLike
from ._monitor import Monitor


@dataclass(frozen=True)
class Baseline:
    """A baseline as the command wrote it.

    Attributes:
        bytes: the file's content.
        identity: ``sha256:`` and the digest that result lines name.
        monitor: the name of the monitor that it was fitted for.
        task: ``binary``, ``multiclass`` or ``regression``.
        rows: how many training rows it rests on.
        summary: what ``fit`` printed; empty for a baseline that was loaded.
        path: where the monitor says that it belongs; None where that is not known.
    """

    bytes: builtins.bytes = field(repr=False)
    identity: str
    monitor: str
    task: str
    rows: int
    summary: str = field(default="", repr=False)
    path: Optional[Path] = None

    @classmethod
    def from_bytes(cls, content: builtins.bytes, *, summary: str = "", path: Optional[Path] = None) -> Baseline:
        """A baseline from a file's content. The command checks it whenever it is used.

        Raises:
            InputError: this is no baseline.
        """
        try:
            file = json.loads(content)
            if file["format"] != "leeway-baseline":
                raise KeyError("format")
            # Whole numbers beyond 64 bits are texts there.
            return cls(content, file["identity"], file["monitor"], file["task"], int(file["rows"]), summary, path)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError("this is no baseline; leeway.fit makes one") from error

    @classmethod
    def load(cls, path: PathLike) -> Baseline:
        """Reads a file that ``leeway baseline fit`` or :meth:`save` wrote.

        Raises:
            InputError: it cannot be read, or is no baseline.
        """
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise InputError(f"{os.fspath(path)}: {error.strerror}") from error
        try:
            return cls.from_bytes(content, path=Path(path))
        except InputError as error:
            raise InputError(f"{os.fspath(path)}: {error}") from error

    def save(self, path: Optional[PathLike] = None) -> Path:
        """Writes the file, at once or not at all, for its owner only, and makes its folder.

        Args:
            path: where; the place that the monitor's ``baseline:`` names unless given.
        """
        target = Path(path) if path is not None else self.path
        if target is None:
            raise InputError("the monitor does not say where its baseline belongs; give save a path")
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(target.name + ".part")
        # As the command makes them: a baseline holds values of people's data.
        beside.unlink(missing_ok=True)
        beside.touch(mode=0o600, exist_ok=False)
        beside.write_bytes(self.bytes)
        beside.replace(target)
        return target

    @property
    def file(self) -> dict[str, Any]:
        """The file as an object; docs/baselines.md says what its members mean."""
        return cast("dict[str, Any]", json.loads(self.bytes))

    @property
    def performance(self) -> dict[str, float]:
        """The model's own performance on the training (or held-out) rows, by metric; empty without labels."""
        return dict((self.file.get("performance") or {}).get("metrics") or {})

    @property
    def subjects(self) -> pd.DataFrame:
        """A row for each feature and the output: type, rows with a value, missing, invalid, mean, spread, categories."""
        rows = []
        for subject in self.file["subjects"]:
            categories = subject.get("categories")
            missing, invalid = int(subject["missing"]), int(subject["invalid"])
            rows.append({
                "subject": subject["name"],
                "type": "numeric" if categories is None else "categorical",
                "values": self.rows - missing - invalid,
                "missing": missing,
                "invalid": invalid,
                "mean": subject.get("mean"),
                "standard_deviation": subject.get("standard_deviation"),
                "categories": None if categories is None else len(categories),
            })  # fmt: skip
        frame = pd.DataFrame(rows)
        return frame.astype({"mean": "float64", "standard_deviation": "float64", "categories": "Int64"})

    def _repr_html_(self) -> str:
        table = self.subjects.to_html(index=False, escape=True, border=0, na_rep="–", float_format=lambda x: f"{x:.4g}")
        performance = ", ".join(f"{name} {value:.4g}" for name, value in self.performance.items() if value is not None)
        return (
            f"<div><p><strong>Baseline of {escape(self.monitor)}</strong> ({escape(self.task)}), {self.rows:,} rows<br>"
            f"<code>{escape(self.identity)}</code></p>{table}<p>{escape(performance) or 'No labels.'}</p></div>"
        )


def fit(
    data: FrameLike,
    monitor: PathLike,
    *,
    calibrate_on: Optional[FrameLike] = None,
    time: Optional[str] = None,
    leave_out: Sequence[Union[str, date]] = (),
    binary: Optional[PathLike] = None,
    timeout: Optional[float] = None,
) -> Baseline:
    """Profiles training data, as ``leeway baseline fit`` does.

    Args:
        data: a DataFrame, an Arrow table, or files. Columns are found by the feature's name, then by its path in messages;
            the output's column is ``score`` or ``prediction``, else as its field; the label's as ``labels.fields.value``.
        monitor: the monitor file.
        calibrate_on: labelled rows that the model was not trained on; performance and estimates then rest on them.
        time: the column of the rows' times, from which checks on ``shift`` learn how hours vary.
        leave_out: days, or ``FIRST..LAST``, that are no normal traffic.
        binary: the command; see :func:`leeway.find_binary`.
        timeout: seconds after which the command is ended; no limit unless given.

    Returns:
        The baseline. Nothing is written until :meth:`Baseline.save`.

    Raises:
        InputError: a column is not there, or its values are not what the monitor says.
        ConfigurationError: the monitor file is wrong.
    """
    read = Monitor.read(monitor, binary=binary)
    with tempfile.TemporaryDirectory(prefix="leeway-") as name:
        folder = Path(name)
        arguments = ["baseline", "fit", os.fspath(monitor), "--out", str(folder / "baseline.json")]
        for file in training_files(data, "training", read, folder, time=time, features_needed=True):
            arguments += ["--from", file]
        if calibrate_on is not None:
            for file in training_files(calibrate_on, "calibration", read, folder, time=None, features_needed=False):
                arguments += ["--calibrate-on", file]
        if time is not None:
            arguments += ["--time", time]
        for day in leave_out:
            arguments += ["--leave-out", str(day)]
        done = run(arguments, binary=binary, timeout=timeout)
        stderr = done.stderr.replace(f"{folder}/", "")
        if done.exit_code != 0:
            fail(done.exit_code, stderr)
        for line in stderr.splitlines():
            if "warning: " in line:
                warnings.warn(line.partition("warning: ")[2], LeewayWarning, stacklevel=2)
        summary = (stderr + done.stdout).replace(f"{folder}/", "")
        return Baseline.from_bytes((folder / "baseline.json").read_bytes(), summary=summary, path=read.baseline)
