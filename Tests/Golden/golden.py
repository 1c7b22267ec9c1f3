"""What the generators share: where their files go, and how numbers are written."""

import json
import sys
from pathlib import Path

import numpy as np

# Each generator is given the folder that its files go to.
OUT = Path(sys.argv[1])


def plain(value):
    """As JSON has it: arrays as lists, and what is undefined as null."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value


def write(name, value, **format):
    text = json.dumps(plain(value), **(format or {"separators": (",", ":")}))
    (OUT / name).write_text(text + "\n")
