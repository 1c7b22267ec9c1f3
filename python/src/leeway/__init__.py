"""Leeway from Python: fit baselines, replay logs, check monitors, and log predictions from serving code.

Everything that is computed is computed by the ``leeway`` command, the same code as in the service.
"""

from __future__ import annotations

from ._baseline import Baseline, fit
from ._binary import find_binary
from ._check import check
from ._default_logger import label, log, set_logger
from ._draft import Draft, monitor_from
from ._errors import (
    BinaryNotFoundError,
    ConfigurationError,
    EnvironmentFailedError,
    InputError,
    LeewayError,
    LeewayWarning,
    Problem,
    UsageError,
)
from ._logger import Logger
from ._producer import Counts
from ._replay import Result, read_results, replay

__version__ = "0.1.0"

__all__ = [
    "Baseline",
    "BinaryNotFoundError",
    "ConfigurationError",
    "Counts",
    "Draft",
    "EnvironmentFailedError",
    "InputError",
    "LeewayError",
    "LeewayWarning",
    "Logger",
    "Problem",
    "Result",
    "UsageError",
    "__version__",
    "check",
    "find_binary",
    "fit",
    "label",
    "log",
    "monitor_from",
    "read_results",
    "replay",
    "set_logger",
]
