from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import leeway

from .conftest import training

mlflow = pytest.importorskip("mlflow")
pytest.importorskip("sqlalchemy")

import leeway.mlflow as integration  # noqa: E402

# What MLflow, its store and their libraries warn of is theirs.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Makes the tables once."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture
def tracked(store: str, tmp_path: Path) -> Iterator[Any]:
    mlflow.set_tracking_uri(store)
    name = f"test {tmp_path.name}"
    mlflow.create_experiment(name, artifact_location=(tmp_path / "artifacts").as_uri())
    mlflow.set_experiment(name)
    yield mlflow.MlflowClient()
    while mlflow.active_run() is not None:
        mlflow.end_run()


def test_a_run_keeps_its_baseline(tracked: Any, shop: Path) -> None:
    with mlflow.start_run() as run:
        baseline = integration.log_baseline(training(), shop)
    tags = tracked.get_run(run.info.run_id).data.tags
    assert {key: value for key, value in tags.items() if key.startswith("leeway.")} == {
        "leeway.monitor": "shop",
        "leeway.task": "binary",
        "leeway.baseline": baseline.identity,
        "leeway.rows": "3000",
    }
    assert sorted(item.path for item in tracked.list_artifacts(run.info.run_id, "leeway")) == [
        "leeway/baseline.json",
        "leeway/monitor.yaml",
    ]
    loaded = integration.load_baseline(run.info.run_id)
    assert loaded.bytes == baseline.bytes
    assert not Path("shop.baseline.json").exists()


def test_a_baseline_that_is_fitted_and_a_run_by_its_id(tracked: Any, shop: Path) -> None:
    baseline = leeway.fit(training(), shop)
    with mlflow.start_run() as run:
        pass
    integration.log_baseline(baseline, shop, run_id=run.info.run_id)
    assert integration.load_baseline(run.info.run_id).identity == baseline.identity


def test_the_callback_logs_when_training_ended_well(tracked: Any, shop: Path) -> None:
    calls = []

    def data() -> Any:
        calls.append("asked")
        return training()

    with mlflow.start_run() as run, integration.LeewayCallback(shop, data, calibrate_on=training(7)) as callback:
        assert calls == []
    assert calls == ["asked"]
    assert callback.baseline is not None
    loaded = integration.load_baseline(run.info.run_id)
    assert loaded.identity == callback.baseline.identity
    assert loaded.file["performance"]["in_sample"] is False


def test_a_training_that_failed_logs_nothing(tracked: Any, shop: Path) -> None:
    with pytest.raises(RuntimeError), mlflow.start_run() as run, integration.LeewayCallback(shop, training()):
        raise RuntimeError
    with pytest.raises(leeway.InputError) as error:
        integration.load_baseline(run.info.run_id)
    assert str(error.value) == f"run {run.info.run_id} has no baseline of Leeway; log_baseline makes one"


def test_no_run_is_active(tracked: Any, shop: Path) -> None:
    with pytest.raises(leeway.InputError) as error:
        integration.log_baseline(training(), shop)
    assert str(error.value) == "no MLflow run is active; call this within mlflow.start_run(), or give run_id="


def test_an_artifact_that_was_replaced(tracked: Any, shop: Path) -> None:
    with mlflow.start_run() as run:
        first = integration.log_baseline(training(), shop)
    other = leeway.fit(training(9), shop)
    tracked.set_tag(run.info.run_id, "leeway.baseline", other.identity)
    with pytest.raises(leeway.InputError) as error:
        integration.load_baseline(run.info.run_id)
    assert str(error.value) == (
        f"run {run.info.run_id}: the artifact is {first.identity}, and the tag leeway.baseline says {other.identity}; log it again"
    )
