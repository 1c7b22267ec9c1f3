"""The code in the documents, run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import leeway

from .conftest import REPOSITORY, START

PAGES = [REPOSITORY / "docs" / "python.md", REPOSITORY / "python" / "README.md"]
pytestmark = pytest.mark.filterwarnings("default")


class Model:
    """Of scikit-learn's shape."""

    classes_ = np.array([0, 1])
    feature_names_in_ = np.array(["amount", "country", "device"])

    def fit(self, x: Any, y: Any) -> Model:
        return self

    def predict_proba(self, x: pd.DataFrame) -> Any:
        score = 1 / (1 + np.exp(-x["amount"].to_numpy()))
        return np.stack([1 - score, score], axis=1)


def payments(seed: int, count: int = 3000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "amount": rng.normal(size=count), "country": rng.choice(["DE", "FR"], count), "device": rng.choice(["ios", "web"], count),
    })  # fmt: skip
    frame["score"] = Model().predict_proba(frame)[:, 1]
    frame["is_fraud"] = (rng.random(count) < frame["score"]).astype(int)
    return frame


def surroundings() -> dict[str, Any]:
    """The names that the documents use and do not make."""
    predictions = payments(2).assign(prediction_id=range(3000), model_version="v1")
    predictions["timestamp_ms"] = START + pd.to_timedelta(np.arange(3000), unit="min")
    labels = predictions[["prediction_id", "is_fraud"]].assign(labelled_at_ms=predictions["timestamp_ms"])
    training = payments(1)
    return {
        "leeway": leeway, "model": Model(), "training": training, "predictions": predictions.drop(columns="is_fraud"),
        "labels": labels, "x": training[["amount", "country", "device"]], "y": training["is_fraud"],
    }  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("confluent_kafka")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment("documents")
    names = surroundings()
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        # Nothing listens there, which a logger does not mind.
        text = block.replace('{"bootstrap.servers": "broker:9092"}', '{"bootstrap.servers": "127.0.0.1:1", "log_level": 0}')
        exec(compile(text, page.name, "exec"), names)
    assert (tmp_path / "fraud.yaml").exists()
    logger = names["logger"]
    assert logger.counts.invalid == 0
    assert logger.counts.queued >= 1
    logger._flush_timeout = 0
    logger.close()
    if page.name == "README.md":
        assert len(names["result"].drift) > 0
    else:
        assert leeway.Baseline.load("fraud.baseline.json").monitor == "fraud"
