#!/usr/bin/env python3
"""Writes expected.jsonl.gz of car_loan: what a batch over its files says of every window, slice and subject, by SciPy and scikit-learn
on the rows themselves. The README there says how close the program has to come.

Bins are those of distances.py, over all training rows; a segment's value with 1,000 training rows or more is compared with those rows.
"""

import csv
import datetime
import gzip
import json
from pathlib import Path

import numpy as np
from scipy import special, stats
from scipy.spatial import distance
from sklearn import metrics

from golden import OUT, plain

SET = Path(__file__).resolve().parent.parent / "AcceptanceTests/Fixtures/car_loan"
HOUR = 3_600_000
DAY = 24 * HOUR
HORIZON = 180 * DAY
WINDOWS = [("1d", DAY, DAY), ("30d", 30 * DAY, 7 * DAY)]
NUMERIC = ["car_value", "debt_to_income_ratio", "driver_tenure", "loan_length", "score"]
CATEGORICAL = ["repaid_loan_on_prev_car", "salary_range", "size_of_downpayment"]
SUBJECTS = sorted(NUMERIC + CATEGORICAL)
SEGMENT = "salary_range"
LEAST_ROWS = 1000
FLOOR = 1e-4


def text(value):
    """A category as its text; None where it is missing."""
    return None if value in (None, "") else str(value).lower() if str(value) in ("True", "False") else str(value)


def column(rows, name):
    values = [row[name] for row in rows]
    if name in CATEGORICAL:
        return np.array([text(value) for value in values], object)
    return np.array([np.nan if value in (None, "") else float(value) for value in values])


def is_missing(values):
    return np.array([value is None for value in values]) if values.dtype == object else np.isnan(values)


def iso(milliseconds):
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Subject:
    """One column's training rows: its bins, and the counts of any rows in them."""

    def __init__(self, values):
        self.values = values
        present = values[~is_missing(values)]
        self.is_numeric = values.dtype != object
        if self.is_numeric:
            cuts = np.unique(np.quantile(present, np.arange(1, 10) / 10, method="inverted_cdf"))
            # A tenth or more at the minimum: what lies below it is a bin of its own.
            self.edges = ([np.nextafter(cuts[0], -np.inf)] if cuts[0] == present.min() else []) + list(cuts) + [np.inf]
            self.deviation = present.std()
        else:
            self.known = {value: i for i, value in enumerate(sorted(set(present)))}

    def counts(self, values):
        missing = is_missing(values)
        present = values[~missing]
        if self.is_numeric:
            bins, count = np.searchsorted(self.edges, present, side="left"), len(self.edges)
        else:
            count = len(self.known) + 1
            bins = np.array([self.known.get(value, count - 1) for value in present], int)
        return np.append(np.bincount(bins, minlength=count), missing.sum())

    def unseen(self, values):
        return 0 if self.is_numeric else sum(value is not None and value not in self.known for value in values)

    def compare(self, baseline, window):
        b, w = self.counts(baseline), self.counts(window)
        is_used = b + w > 0
        b, w = b[is_used], w[is_used]
        p, q = b / b.sum(), w / w.sum()
        pf, qf = np.maximum(p, FLOOR), np.maximum(q, FLOOR)
        chi2, p_value = (0.0, 1.0) if len(b) < 2 else stats.chi2_contingency([b, w], correction=False)[:2]
        found = {
            "psi": np.sum((qf - pf) * np.log(qf / pf)),
            "jensen_shannon": 0.0 if np.array_equal(p, q) else distance.jensenshannon(p, q, base=2),
            "hellinger": distance.euclidean(np.sqrt(p), np.sqrt(q)) / np.sqrt(2),
            "total_variation": distance.cityblock(p, q) / 2, "l_infinity": distance.chebyshev(p, q),
            "chi2": chi2, "chi2_p_value": p_value,
        }
        if self.is_numeric:
            b, w = baseline[~np.isnan(baseline)], window[~np.isnan(window)]
            if len(w) == 0:
                return found
            test, wasserstein = stats.ks_2samp(b, w, method="asymp"), stats.wasserstein_distance(b, w)
            found |= {
                "ks": test.statistic, "ks_p_value": test.pvalue, "wasserstein": wasserstein, "mean": w.mean(),
                "standard_deviation": w.std(), "wasserstein_normalised": wasserstein / self.deviation,
            }
        return found


def performance(labels, scores):
    if len(labels) == 0:
        return {}
    bins = np.digitize(scores, [j / 10 for j in range(1, 10)], right=True)
    gaps = [(np.sum(bins == j), abs(scores[bins == j].mean() - labels[bins == j].mean())) for j in np.unique(bins)]
    decisions = (scores >= 0.5).astype(int)
    has_both = 0 < labels.sum() < len(labels)
    clipped = np.clip(scores, 1e-15, 1), np.clip(1 - scores, 1e-15, 1)
    return {
        "auc": metrics.roc_auc_score(labels, scores) if has_both else None,
        "average_precision": metrics.average_precision_score(labels, scores) if has_both else None,
        "brier": np.mean((scores - labels) ** 2),
        "log_loss": -np.mean(special.xlogy(labels, clipped[0]) + special.xlogy(1 - labels, clipped[1])),
        "ece": sum(count * gap for count, gap in gaps) / len(labels), "mce": max(gap for _, gap in gaps),
        "accuracy": metrics.accuracy_score(labels, decisions),
        "precision": metrics.precision_score(labels, decisions, zero_division=np.nan),
        "recall": metrics.recall_score(labels, decisions, zero_division=np.nan),
        "f1": metrics.f1_score(labels, decisions, zero_division=np.nan),
    }


def read(name):
    with gzip.open(SET / name, "rt") as file:
        return list(csv.DictReader(file)) if name.endswith(".csv.gz") else [json.loads(line) for line in file]


def standing_labels(predictions):
    """The label that counts for each prediction, NaN where none does: of those within the horizon the one with the latest time."""
    times = {row["prediction_id"]: row["timestamp_ms"] for row in predictions}
    latest = {}
    for row in read("labels.jsonl.gz"):
        key, at = row["prediction_id"], row["labelled_at_ms"]
        if at - times[key] <= HORIZON and at >= latest.get(key, (0,))[0]:
            latest[key] = (at, row["repaid"])
    found = [latest.get(row["prediction_id"], (0, None))[1] for row in predictions]
    return np.array([np.nan if label is None else float(label) for label in found])


def main():
    train, predictions = read("train.csv.gz"), read("predictions.jsonl.gz")
    subjects = {name: Subject(column(train, name)) for name in SUBJECTS}
    columns = {name: column(predictions, name) for name in SUBJECTS}
    times = np.array([row["timestamp_ms"] for row in predictions])
    versions = np.array([row["model_version"] for row in predictions])
    labels = standing_labels(predictions)
    slices = [("all", np.ones(len(times), bool))]
    slices += [(f"version={version}", versions == version) for version in sorted(set(versions))]
    for value in sorted(set(columns[SEGMENT]) - {None}):
        slices.append((f"{SEGMENT}={value}", columns[SEGMENT] == value))
    slices.sort(key=lambda slice: slice[0].encode())

    lines = []
    for window, size, every in WINDOWS:
        first = int(times.min()) // every * every + every
        for end in range(first, int(times.max()) + size + 1, every):
            inside = (times >= end - size) & (times < end)
            for name, is_member in slices:
                rows = inside & is_member
                if not rows.any():
                    continue
                head = {"monitor": "car-loan", "window": window, "start": iso(end - size), "end": iso(end), "slice": name}
                place = (end, size, name.encode())
                value = name.removeprefix(f"{SEGMENT}=")
                own = subjects[SEGMENT].values == value if value != name else None
                against = "slice" if own is not None and own.sum() >= LEAST_ROWS else "all"
                for subject in SUBJECTS:
                    if own is not None and subject == SEGMENT:
                        continue
                    mine = columns[subject][rows]
                    baseline = subjects[subject].values
                    lines.append((*place, 0, subject, {
                        "type": "drift", **head, "subject": subject, "against": against, "rows": int(rows.sum()),
                        "missing": int(is_missing(mine).sum()), "unseen": int(subjects[subject].unseen(mine)),
                        "metrics": subjects[subject].compare(baseline[own] if against == "slice" else baseline, mine),
                    }))
                known = rows & ~np.isnan(labels)
                lines.append((*place, 1, "", {
                    "type": "performance", **head, "predictions": int(rows.sum()), "labelled": int(known.sum()),
                    "coverage": known.sum() / rows.sum(), "metrics": performance(labels[known].astype(int), columns["score"][known]),
                }))
    lines.sort(key=lambda line: line[:5])
    with open(OUT / "expected.jsonl.gz", "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
        for line in lines:
            packed.write(json.dumps(plain(line[-1]), separators=(",", ":")).encode() + b"\n")


if __name__ == "__main__":
    main()
