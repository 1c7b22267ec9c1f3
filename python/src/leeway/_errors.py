"""Errors by the exit code of the command, with what it said on standard error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Optional

if TYPE_CHECKING:
    from ._replay import Result

_PROBLEM = re.compile(r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<warning>warning: )?(?P<message>.*)$")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, or unwise, in a file. ``str(problem)`` is the line as the command printed it."""

    file: str
    line: int
    column: int
    #: ``error`` or ``warning``.
    severity: str
    message: str

    def __str__(self) -> str:
        warning = "warning: " if self.severity == "warning" else ""
        return f"{self.file}:{self.line}:{self.column}: {warning}{self.message}"


class LeewayWarning(UserWarning):
    """What the command warned of. The work was done all the same."""


class LeewayError(Exception):
    """The command failed, or could not be started.

    Attributes:
        exit_code: of the command; None where it was not started.
        stderr: what it printed on standard error.
    """

    def __init__(self, message: str, *, exit_code: Optional[int] = None, stderr: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.stderr = stderr


class InputError(LeewayError):
    """Exit code 1: the data or the configuration is wrong. Also raised for frames that cannot be written as messages.

    Attributes:
        result: what ``replay`` had read, where it read anything; else None.
    """

    result: Optional[Result] = None


class ConfigurationError(InputError):
    """Mistakes in a monitor file or in ``leeway.yaml``, each with file, line, column and fix.

    Attributes:
        problems: errors and warnings, in the order of the command.
    """

    def __init__(
        self,
        message: str,
        *,
        exit_code: Optional[int] = None,
        stderr: str = "",
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(message, exit_code=exit_code, stderr=stderr)
        self.problems = tuple(problems)


class UsageError(LeewayError):
    """Exit code 2: the command does not know an option, most often because it is older than this package."""


class EnvironmentFailedError(LeewayError):
    """Exit code 3: a disk, a broker or a database failed."""


class BinaryNotFoundError(EnvironmentFailedError):
    """There is no ``leeway`` command where it was looked for."""


def problems_in(text: str) -> list[Problem]:
    """The lines of the form ``FILE:LINE:COLUMN: message``."""
    found = []
    for line in text.splitlines():
        match = _PROBLEM.match(line)
        if match:
            severity = "warning" if match["warning"] else "error"
            found.append(Problem(match["file"], int(match["line"]), int(match["column"]), severity, match["message"]))
    return found


def fail(exit_code: int, stderr: str) -> NoReturn:
    """Raises what an exit code other than 0 stands for."""
    message = stderr.strip() or f"leeway ended with exit code {exit_code} and said nothing"
    if exit_code == 1:
        problems = problems_in(stderr)
        if any(problem.severity == "error" for problem in problems):
            raise ConfigurationError(message, exit_code=exit_code, stderr=stderr, problems=problems)
        raise InputError(message, exit_code=exit_code, stderr=stderr)
    if exit_code == 2:
        raise UsageError(message, exit_code=exit_code, stderr=stderr)
    if exit_code == 3:
        raise EnvironmentFailedError(message, exit_code=exit_code, stderr=stderr)
    if exit_code < 0:
        message = f"leeway was ended by signal {-exit_code}" + (f": {stderr.strip()}" if stderr.strip() else "")
    raise LeewayError(message, exit_code=exit_code, stderr=stderr)
