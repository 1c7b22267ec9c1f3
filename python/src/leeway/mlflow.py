"""The baseline of a training run, kept with the run in MLflow.

``log_baseline`` fits and logs in one call; :class:`LeewayCallback` does it at the end of a training; ``load_baseline`` gets
the baseline of a run again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional, Union

from ._baseline import Baseline, fit
from ._binary import PathLike
from ._errors import InputError
from ._frames import FrameLike

#: The folder of the run's artifacts.
ARTIFACTS = "leeway"
_FILE = "baseline.json"


def _mlflow() -> Any:
    try:
        import mlflow
    except ImportError as error:
        raise InputError("leeway.mlflow needs mlflow; install it with: pip install 'leeway[mlflow]'") from error
    return mlflow


def log_baseline(data: Union[FrameLike, Baseline], monitor: PathLike, *, run_id: Optional[str] = None, **options: Any) -> Baseline:
    """Fits the baseline, and logs it with the monitor file as artifacts of the run.

    The run gets the artifacts ``leeway/baseline.json`` and ``leeway/monitor.yaml``, and the tags ``leeway.monitor``,
    ``leeway.task``, ``leeway.baseline`` (the identity that result lines name) and ``leeway.rows``.

    Args:
        data: the training data, or a baseline that is fitted already.
        monitor: the monitor file.
        run_id: the run; the active one unless given.
        options: of :func:`leeway.fit`, as ``calibrate_on=``.

    Returns:
        The baseline.

    Raises:
        InputError: no run is active, or the fit failed.
    """
    mlflow = _mlflow()
    if run_id is None:
        run = mlflow.active_run()
        if run is None:
            raise InputError("no MLflow run is active; call this within mlflow.start_run(), or give run_id=")
        run_id = run.info.run_id
    baseline = data if isinstance(data, Baseline) else fit(data, monitor, **options)
    client = mlflow.MlflowClient()
    with tempfile.TemporaryDirectory(prefix="leeway-") as name:
        folder = Path(name)
        (folder / _FILE).write_bytes(baseline.bytes)
        (folder / "monitor.yaml").write_bytes(Path(monitor).read_bytes())
        client.log_artifacts(run_id, str(folder), ARTIFACTS)
    tags = {
        "leeway.monitor": baseline.monitor, "leeway.task": baseline.task, "leeway.baseline": baseline.identity,
        "leeway.rows": str(baseline.rows),
    }  # fmt: skip
    for key, value in tags.items():
        client.set_tag(run_id, key, value)
    return baseline


def load_baseline(run_id: str) -> Baseline:
    """The baseline that a run logged.

    Raises:
        InputError: the run has none, or its artifact is not the baseline that its tag names.
    """
    mlflow = _mlflow()
    client = mlflow.MlflowClient()
    with tempfile.TemporaryDirectory(prefix="leeway-") as name:
        try:
            path = client.download_artifacts(run_id, f"{ARTIFACTS}/{_FILE}", name)
            content = Path(path).read_bytes()
        except (mlflow.exceptions.MlflowException, OSError) as error:
            raise InputError(f"run {run_id} has no baseline of Leeway; log_baseline makes one") from error
    baseline = Baseline.from_bytes(content)
    tag = client.get_run(run_id).data.tags.get("leeway.baseline")
    if tag != baseline.identity:
        raise InputError(f"run {run_id}: the artifact is {baseline.identity}, and the tag leeway.baseline says {tag}; log it again")
    return baseline


class LeewayCallback:
    """Logs the baseline when a training has ended well.

    ::

        with mlflow.start_run(), LeewayCallback("fraud.yaml", lambda: scored(training)):
            model.fit(X, y)

    Args:
        monitor: the monitor file.
        data: the training data with the model's output; or a function that returns it, called when the training has ended.
        options: of :func:`leeway.fit`.

    Attributes:
        baseline: what was logged; None before the end.
    """

    def __init__(self, monitor: PathLike, data: Union[FrameLike, Callable[[], FrameLike]], **options: Any) -> None:
        self.monitor = os.fspath(monitor)
        self.baseline: Optional[Baseline] = None
        self._data = data
        self._options = options

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """Fits and logs; whatever a training library passes is taken and not used."""
        data = self._data() if callable(self._data) else self._data
        self.baseline = log_baseline(data, self.monitor, **self._options)

    def __enter__(self) -> LeewayCallback:
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        if kind is None:
            self.on_train_end()
