#!/usr/bin/env python3
"""Writes train.csv.gz of car_loan: the reference rows of NannyML's synthetic set, which its package ships.

Predictions are the set's analysis rows and labels its targets, with what was drawn at random and is not recorded: which values are
missing, which 700 down payments are the new category 50 %, and when a label comes, is wrong at first or retracted. So those two files
are kept, and all else in them is compared with the set.
"""
import gzip
import json
import os
import pathlib
import sys

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
import nannyml  # noqa: E402

OUT = pathlib.Path(sys.argv[1])
SET = pathlib.Path(__file__).resolve().parent.parent / "AcceptanceTests/Fixtures/car_loan"
FEATURES = ["car_value", "debt_to_income_ratio", "loan_length", "driver_tenure", "salary_range", "repaid_loan_on_prev_car",
            "size_of_downpayment"]
FIRST_OF_V2 = 30_000


def lines(name):
    return [json.loads(line) for line in gzip.open(SET / name)]


def check(is_right, what):
    if not is_right:
        sys.exit(f"car_loan: {what}")


def check_predictions(rows):
    found = lines("predictions.jsonl.gz")
    check(len(found) == len(rows), f"{len(found)} predictions, and the set has {len(rows)} rows")
    for i, (line, row) in enumerate(zip(found, rows.to_dict("records"))):
        wanted = {name: round(row[name], 6) if isinstance(row[name], float) else row[name] for name in FEATURES} | {
            "prediction_id": f"loan-{row['id']}", "timestamp_ms": int(row["timestamp"].value // 10**6),
            "model_version": "v1" if i < FIRST_OF_V2 else "v2", "score": row["y_pred_proba"]}
        check(line.keys() == wanted.keys(), f"the keys of prediction {i} are {list(line)}")
        for name, value in line.items():
            is_drawn = name in ("driver_tenure", "salary_range") and value is None or name == "size_of_downpayment" and value == "50%"
            check(is_drawn or value == wanted[name], f"prediction {i} has {name} {value}, and the set {wanted[name]}")


def check_labels(targets):
    """The last label of every prediction is the set's, or none."""
    latest = {line["prediction_id"]: line["repaid"] for line in sorted(lines("labels.jsonl.gz"), key=lambda line: line["labelled_at_ms"])}
    wanted = {f"loan-{id}": repaid for id, repaid in zip(targets.id, targets.repaid)}
    for id, repaid in latest.items():
        check(repaid in (None, wanted[id]), f"{id} has the label {repaid}, and the set {wanted[id]}")


reference, analysis, targets = nannyml.load_synthetic_car_loan_dataset()
analysis["timestamp"] = analysis.timestamp.astype("datetime64[ns]")
check_predictions(analysis)
check_labels(targets)
text = reference.rename(columns={"y_pred_proba": "score"})[[*FEATURES, "score", "repaid"]].to_csv(index=False)
with open(OUT / "train.csv.gz", "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
    packed.write(text.encode())
