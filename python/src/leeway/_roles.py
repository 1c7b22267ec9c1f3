"""Which columns are id, time, version, label and output, and what the task is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import pandas as pd

from ._errors import InputError
from ._guesses import fits_output, holds_scalars, plain, shortest, task_of_label, task_of_output, time_format

# Names that people give to columns of a meaning; compared without case and without _ and spaces.
_NAMES = {
    "id": ("predictionid", "requestid", "eventid", "transactionid", "id", "uuid", "key"),
    "time": ("timestamp", "timestampms", "eventtime", "time", "ts", "createdat", "predictedat", "at", "datetime", "date"),
    "version": ("modelversion", "version"),
    "label": ("label", "target", "y", "ytrue", "actual", "outcome", "groundtruth"),
    "output": (
        "score", "prediction", "proba", "probability", "predictedprobability", "yscore", "yproba", "ypred", "predicted",
        "modelscore", "pred",
    ),
}  # fmt: skip
_YES = ("1", "true", "yes", "y", "t", "positive", "fraud", "churn", "churned", "default", "bad", "spam", "success", "converted")


class Roles:
    """Columns by what they are, the task, and why each was taken.

    Attributes:
        columns: by role; None where no column is that.
        why: by role, and of ``task`` and ``positive``.
        task: what the model does.
        positive: the label that means 1, where labels are not 0, 1, false and true.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        model: Any,
        task: Optional[str],
        given: dict[str, Optional[str]],
        chosen: Optional[Sequence[str]],
    ) -> None:
        self.frame = frame
        self.chosen = chosen
        self.columns: dict[str, Optional[str]] = {}
        self.why: dict[str, str] = {}
        for role, column in given.items():
            if column is not None:
                self.columns[role], self.why[role] = column, "as it was given"
        for role in ("label", "id", "time", "version"):
            if given[role] is None:
                self._take(role, self._candidates(role))
        outputs = self._candidates("output")
        self._find_task(task, model, given["output"] or next(iter(outputs), None))
        if given["output"] is None:
            self._take("output", [column for column in outputs if fits_output(frame[column], self.task)])
        self._check_output()
        self._find_positive(model)

    def _candidates(self, role: str) -> list[str]:
        """Columns that are called so and whose values can be that, the likeliest first."""
        taken = {column for column in self.columns.values() if column is not None} | set(self.chosen or ())
        names = {plain(column): column for column in reversed(list(self.frame.columns)) if column not in taken}
        called = [names[name] for name in _NAMES[role] if name in names]
        if role == "time":
            times = [c for c in self.frame.columns if c not in taken and pd.api.types.is_datetime64_any_dtype(self.frame[c].dtype)]
            return [column for column in called if time_format(self.frame[column]) is not None] + times
        return [column for column in called if holds_scalars(self.frame[column])]

    def _take(self, role: str, candidates: Sequence[str]) -> None:
        column = next(iter(candidates), None)
        self.columns[role] = column
        named = column is not None and plain(column) in _NAMES[role]
        self.why[role] = "" if column is None else "guessed by the column's name" if named else "the first column of times"

    def _find_task(self, task: Optional[str], model: Any, output: Optional[str]) -> None:
        classes = getattr(model, "classes_", None)
        label = self.columns["label"]
        if task is not None:
            self.task, self.why["task"] = task, "as it was given"
        elif classes is not None:
            self.task = "binary" if len(classes) == 2 else "multiclass"
            self.why["task"] = f"the model has {len(classes)} classes"
        elif model is not None and hasattr(model, "predict") and not hasattr(model, "predict_proba"):
            self.task, self.why["task"] = "regression", "the model has no classes"
        elif label is not None:
            self.task, self.why["task"] = task_of_label(self.frame[label])
        elif output is not None and output in self.frame.columns:
            self.task, self.why["task"] = task_of_output(self.frame[output])
        else:
            self.task, self.why["task"] = "binary", "neither a label nor an output says otherwise; change it if it is not so"

    def _check_output(self) -> None:
        """A fit takes a column of the output's own name for the output, whatever the monitor calls it in messages."""
        own = "score" if self.task == "binary" else "prediction"
        column = self.columns["output"]
        if own in self.frame.columns and column != own and own not in (self.columns["label"], *(self.chosen or ())):
            raise InputError(
                f"the frame has a column {own}, which a fit takes for the output of a {self.task} model, and "
                + (f"output= names {column}" if column is not None else "its values cannot be that")
                + "; rename or drop it, or give task="
            )

    def _find_positive(self, model: Any) -> None:
        """The label that means 1, where labels are not 0, 1, false and true."""
        self.positive: Optional[str] = None
        column = self.columns["label"]
        if self.task != "binary" or column is None:
            return
        counts = self.frame[column].dropna().astype(object).map(shortest).value_counts()
        # Empty text is missing.
        values = [str(value) for value in counts.index if value != ""]
        if not values or {value.lower() for value in values} <= {"0", "1", "false", "true"} or len(values) > 2:
            return
        classes = getattr(model, "classes_", None)
        own = shortest(classes[1]) if classes is not None and len(classes) == 2 else None
        spoken = [value for value in values if value.lower() in _YES]
        if own in values:
            self.positive, self.why["positive"] = own, "the second of the model's classes"
        elif len(spoken) == 1:
            self.positive, self.why["positive"] = spoken[0], "guessed by its name"
        else:
            self.positive, self.why["positive"] = values[-1], "the rarer label; change it if the other one means 1"
