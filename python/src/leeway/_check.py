"""``leeway check``: mistakes before anything runs."""

from __future__ import annotations

import os
from typing import Optional

from ._binary import PathLike, run
from ._errors import Problem, fail, problems_in


def check(
    monitor: PathLike,
    *,
    config: Optional[PathLike] = None,
    binary: Optional[PathLike] = None,
    timeout: Optional[float] = None,
) -> list[Problem]:
    """Checks a monitor file, or a folder of them.

    Args:
        monitor: the file, or a folder.
        config: ``leeway.yaml`` of the service, whose receivers the monitor names; the one in the working folder unless given.
        binary: the ``leeway`` command; see :func:`leeway.find_binary`.
        timeout: seconds after which the command is ended; no limit unless given.

    Returns:
        The warnings: what is legal and unwise. Empty where there are none.

    Raises:
        ConfigurationError: there are errors. Its text has every one as ``FILE:LINE:COLUMN: message``, as the command
            prints it, and ``problems`` has them one by one.
    """
    arguments = ["check", "--monitors", os.fspath(monitor)]
    if config is not None:
        arguments += ["--config", os.fspath(config)]
    done = run(arguments, binary=binary, timeout=timeout)
    if done.exit_code != 0:
        fail(done.exit_code, done.stderr)
    return problems_in(done.stderr + done.stdout)
