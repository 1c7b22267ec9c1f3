"""The command, a small shop, and data from fixed seeds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pandas as pd
import pytest

import leeway

REPOSITORY = Path(__file__).resolve().parents[2]
START = pd.Timestamp("2026-03-01", tz="UTC")

MONITOR = """\
monitor: shop
task: binary
predictions:
  topic: serving.shop.predictions
  fields: {id: id, time: at, version: model, score: p}
  time_format: epoch_ms
labels:
  topic: serving.shop.labels
  fields: {id: id, time: at, value: bought}
  horizon: 1d
features:
  amount: numeric
  age: {type: numeric, range: [0, 120]}
  device: {type: categorical, field: context.device}
segments: [country]
baseline: shop.baseline.json
panes: 1h
windows:
  - {size: 1d, every: 1d}
checks:
  - {name: drift, on: features, metric: psi, window: 1d, warning: 0.2}
  - {name: auc, on: performance, metric: auc, window: 1d, critical: 0.7}
alerts:
  warning: [log]
  critical: [log]
"""


@pytest.fixture(autouse=True, scope="session")
def binary() -> str:
    """The command that is tested: LEEWAY_BINARY, else a build of this checkout."""
    if not os.environ.get("LEEWAY_BINARY"):
        builds = [REPOSITORY / ".build" / kind / "leeway" for kind in ("release", "debug")]
        built = next((path for path in builds if path.exists()), None)
        if built is not None:
            os.environ["LEEWAY_BINARY"] = str(built)
    return leeway.find_binary()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A monitor file in a folder that is the working folder; its baseline is not fitted."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "shop.yaml"
    path.write_text(MONITOR)
    return path


def write_monitor(path: Path, *changes: tuple[str, str]) -> Path:
    """The shop's monitor with parts replaced; each part must be there."""
    text = MONITOR
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)
    return path


def rows(seed: int, count: int = 3000, shift: float = 0.0) -> pd.DataFrame:
    """People who buy or not: a score that is calibrated, an amount that it is made of."""
    rng = np.random.default_rng(seed)
    amount = rng.normal(shift, 1.0, count)
    score = 1 / (1 + np.exp(-amount))
    return pd.DataFrame({
        "amount": amount,
        "age": rng.integers(18, 90, count),
        "context.device": rng.choice(["ios", "web", "android"], count, p=[0.5, 0.3, 0.2]),
        "country": rng.choice(["DE", "FR"], count),
        "p": score,
        "bought": (rng.random(count) < score).astype(int),
    })  # fmt: skip


def training(seed: int = 1) -> pd.DataFrame:
    return rows(seed).rename(columns={"p": "score", "context.device": "device"})


def logs(seed: int = 2, count: int = 4320, shift: float = 0.6) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three days of predictions, one a minute... less where count is, and their labels an hour later."""
    frame = rows(seed, count, shift)
    frame.insert(0, "id", [f"p{i}" for i in range(count)])
    frame.insert(1, "at", START + pd.to_timedelta(np.arange(count), unit="min"))
    frame.insert(2, "model", "v1")
    labels = pd.DataFrame({"id": frame["id"], "at": frame["at"] + pd.Timedelta(hours=1), "bought": frame.pop("bought")})
    return frame, labels


@pytest.fixture
def baseline(shop: Path) -> leeway.Baseline:
    found = leeway.fit(training(), shop)
    found.save()
    return found


Maker = Callable[..., Any]
