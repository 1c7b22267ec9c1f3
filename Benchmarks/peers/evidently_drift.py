"""Evidently: the data drift preset on all events against the training rows.

usage: evidently_drift.py EVENTS.jsonl TRAINING.jsonl BINS.json

Parsing the events is timed, reading the training rows is not. PSI of the categorical subjects is compared with ours;
categories with fewer than five training rows are left out, since each of them is a bin of its own here.
"""

import sys
import warnings

import orjson
import pandas
from timing import Clock, messages, rows

warnings.filterwarnings("ignore")

from evidently import DataDefinition, Dataset, Report  # noqa: E402
from evidently.presets import DataDriftPreset  # noqa: E402


def main(events_path, training_path, bins_path):
    subjects = orjson.loads(open(bins_path, "rb").read())
    numeric = [subject["name"] for subject in subjects if "knots" in subject]
    categorical = [subject["name"] for subject in subjects if "categories" in subject]
    names = numeric + categorical
    definition = DataDefinition(numerical_columns=numeric, categorical_columns=categorical)
    training = pandas.DataFrame(rows(training_path), columns=names)
    common = {}
    for name in categorical:
        counts = training[name].value_counts()
        common[name] = set(counts[counts >= 5].index)
        training[name] = training[name].where(training[name].isin(common[name]))
    reference = Dataset.from_pandas(training, data_definition=definition)
    lines = messages(events_path)
    clock = Clock()
    frame = pandas.DataFrame([orjson.loads(line) for line in lines], columns=names)
    for name in categorical:
        frame[name] = frame[name].where(frame[name].isin(common[name]))
    current = Dataset.from_pandas(frame, data_definition=definition)
    report = Report([DataDriftPreset(num_method="psi", cat_method="psi")]).run(current, reference).dict()
    psi = {}
    for metric in report["metrics"]:
        column = metric.get("config", {}).get("column")
        if column in categorical:
            psi[column] = float(metric["value"])
    clock.answer(len(lines), psi=psi)


if __name__ == "__main__":
    main(*sys.argv[1:])
