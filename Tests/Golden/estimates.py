#!/usr/bin/env python3
"""Writes nannyml.json.

For every 30-day window of car_loan (slice all) NannyML's confidence-based estimate of AUC and accuracy, fitted to the training
rows: isotonic calibration, the raw score's decision at 0.5.
"""
import datetime
import gzip
import json
import os
import pathlib
import sys
import warnings

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
import nannyml  # noqa: E402
import pandas as pd  # noqa: E402

warnings.filterwarnings("ignore", message="The resulting number of chunks is too low")
OUT = pathlib.Path(sys.argv[1])
SET = pathlib.Path(__file__).parent.parent / "AcceptanceTests/Fixtures/car_loan"


def lines(name):
    return [json.loads(line) for line in gzip.open(SET / name)]


def milliseconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


train = pd.read_csv(SET / "train.csv.gz")
reference = pd.DataFrame({"p": train.score, "decision": (train.score >= 0.5).astype(int), "y": train.repaid.astype(int)})
estimator = nannyml.CBPE(y_pred_proba="p", y_pred="decision", y_true="y", metrics=["roc_auc", "accuracy"],
                         problem_type="classification_binary", chunk_number=10)
estimator.fit(reference)
predictions = pd.DataFrame(lines("predictions.jsonl.gz"))
out = []
for line in lines("expected.jsonl.gz"):
    if (line["type"], line["window"], line["slice"]) != ("performance", "30d", "all"):
        continue
    start, end = milliseconds(line["start"]), milliseconds(line["end"])
    score = predictions.score[(predictions.timestamp_ms >= start) & (predictions.timestamp_ms < end)].dropna()
    window = pd.DataFrame({"p": score.values, "decision": (score.values >= 0.5).astype(int)})
    estimator.chunker = nannyml.chunk.SizeBasedChunker(chunk_size=len(window))
    found = estimator.estimate(window).filter(period="analysis").to_df()
    out.append({"end": line["end"], "auc": float(found[("roc_auc", "value")].iloc[0]),
                "accuracy": float(found[("accuracy", "value")].iloc[0])})
(OUT / "nannyml.json").write_text(json.dumps(out, indent=0) + "\n")
