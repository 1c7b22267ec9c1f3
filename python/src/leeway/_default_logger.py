"""The logger that ``leeway.log`` and ``leeway.label`` use."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Optional

from ._logger import Logger

_log = logging.getLogger("leeway")

_default: Optional[Logger] = None


def set_logger(logger: Optional[Logger]) -> Optional[Logger]:
    """Makes a logger the one that :func:`log` and :func:`label` use; returns the one before."""
    global _default
    before, _default = _default, logger
    return before


def log(values: Optional[Mapping[str, Any]] = None, /, **fields: Any) -> bool:
    """:meth:`Logger.log` of the logger that :func:`set_logger` was given. Without one nothing is sent, and False is returned."""
    return _logger_is_set() and _default is not None and _default.log(values, **fields)


def label(values: Optional[Mapping[str, Any]] = None, /, **fields: Any) -> bool:
    """:meth:`Logger.label` of the logger that :func:`set_logger` was given. Without one nothing is sent, and False is returned."""
    return _logger_is_set() and _default is not None and _default.label(values, **fields)


_said_unset = False


def _logger_is_set() -> bool:
    global _said_unset
    if _default is None and not _said_unset:
        _said_unset = True
        _log.warning("leeway: nothing is sent, since no logger is set; call leeway.set_logger(leeway.Logger(...)) first")
    return _default is not None
