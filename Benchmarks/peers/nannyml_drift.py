"""NannyML: univariate drift of every subject in one chunk that holds all events.

usage: nannyml_drift.py EVENTS.jsonl TRAINING.jsonl BINS.json

Fitting to the training rows is not timed, parsing the events is. Its Kolmogorov-Smirnov statistic is compared with ours.
"""

import sys
import warnings

import orjson
import pandas
from timing import Clock, messages, rows

warnings.filterwarnings("ignore")

import nannyml  # noqa: E402


def main(events_path, training_path, bins_path):
    subjects = orjson.loads(open(bins_path, "rb").read())
    numeric = [subject["name"] for subject in subjects if "knots" in subject]
    categorical = [subject["name"] for subject in subjects if "categories" in subject]
    names = numeric + categorical
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=names,
        treat_as_categorical=categorical,
        continuous_methods=["kolmogorov_smirnov", "jensen_shannon"],
        categorical_methods=["jensen_shannon"],
        chunk_number=1,
    )
    calculator.fit(pandas.DataFrame(rows(training_path), columns=names))
    lines = messages(events_path)
    clock = Clock()
    frame = pandas.DataFrame([orjson.loads(line) for line in lines], columns=names)
    result = calculator.calculate(frame).filter(period="analysis").to_df()
    ks = {name: float(result[(name, "kolmogorov_smirnov", "value")].iloc[0]) for name in numeric}
    clock.answer(len(lines), ks=ks)


if __name__ == "__main__":
    main(*sys.argv[1:])
