"""Where the ``leeway`` command is, and one run of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from ._errors import BinaryNotFoundError, LeewayError

#: A path as text or as a ``pathlib.Path``.
PathLike = Union[str, "os.PathLike[str]"]

VARIABLE = "LEEWAY_BINARY"


def find_binary(binary: Optional[PathLike] = None) -> str:
    """The path of the command: the argument, else the variable ``LEEWAY_BINARY``, else ``leeway`` on ``PATH``.

    Raises:
        BinaryNotFoundError: names the place that was looked at and what to do.
    """
    if binary is not None:
        return _executable(os.fspath(binary), "the argument binary")
    named = os.environ.get(VARIABLE)
    if named:
        return _executable(named, f"the variable {VARIABLE}")
    found = shutil.which("leeway")
    if found is None:
        raise BinaryNotFoundError(f"there is no leeway command on PATH; install Leeway, or name the command with binary= or in {VARIABLE}")
    return found


def _executable(path: str, place: str) -> str:
    found = shutil.which(Path(path).expanduser())
    if found is None:
        problem = "is not executable" if Path(path).is_file() else "is no file"
        raise BinaryNotFoundError(f"{place} is {path}, which {problem}; name the leeway command, or leave it out to use PATH")
    return str(found)


@dataclass(frozen=True)
class Finished:
    """How a run of the command ended."""

    exit_code: int
    stdout: str
    stderr: str


def run(arguments: Sequence[str], *, binary: Optional[PathLike] = None, timeout: Optional[float] = None) -> Finished:
    """Runs the command to its end. An interrupt, or the time-out, ends it too.

    Raises:
        BinaryNotFoundError: there is no command, or the system cannot start it.
        LeewayError: it took longer than ``timeout`` seconds.
    """
    command = find_binary(binary)
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are a list, and no shell reads them
            [command, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LeewayError(f"leeway {arguments[0]} took longer than {timeout} seconds and was ended; give a longer timeout=") from error
    except OSError as error:
        raise BinaryNotFoundError(f"{command} cannot be started: {error.strerror}; name another with binary= or in {VARIABLE}") from error
    return Finished(done.returncode, done.stdout, done.stderr)
