#!/usr/bin/env python3
"""Writes the regression set `price` and the multiclass set `species`.

Each folder has a monitor, training rows, held-out rows, predictions and labels as services log them, and in expected.json what
scikit-learn says of every window and slice. Labels come late; some never, some past the horizon, some twice, some corrected,
some retracted.
"""
import datetime
import json
import pathlib
import sys

import numpy as np
from scipy import stats
from sklearn import metrics as sk

OUT = pathlib.Path(sys.argv[1])
DAY = 86_400_000
START = 1_760_054_400_000  # 2025-10-10T00:00:00Z
HORIZON = 7 * DAY
rng = np.random.default_rng(23)


def iso(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def write(folder, name, lines):
    (OUT / folder).mkdir(exist_ok=True)
    (OUT / folder / name).write_text("\n".join(lines) + "\n")


def label_log(ids, times, truth, wrong):
    """What is logged, and the label that counts for each id (None where none does)."""
    out, stands = [], {}
    for i, t, y, w in zip(ids, times, truth, wrong):
        delay = int(rng.exponential(DAY))
        kind = rng.choice(["plain", "never", "late", "twice", "corrected", "retracted"], p=[.72, .1, .04, .04, .07, .03])
        at = int(t) + min(delay, HORIZON)
        if kind == "late":
            at = int(t) + HORIZON + 1 + delay
        if kind == "never":
            stands[i] = None
            continue
        out.append((at, i, w if kind == "corrected" else y))
        stands[i] = None if kind == "late" else y
        if kind == "twice":
            out.append((at, i, y))
        if kind == "corrected":
            again = min(at + 3_600_000, int(t) + HORIZON)
            out.append((again if again > at else at + 1, i, y))
            if again <= at:
                stands[i] = w  # the correction came past the horizon
        if kind == "retracted":
            again = min(at + 3_600_000, int(t) + HORIZON)
            out.append((again, i, None))
            stands[i] = None
    out.sort(key=lambda x: x[0])
    return [json.dumps({"id": i, "at": at, "y": y}) for at, i, y in out], stands


def windows(times, region):
    """Row masks by (end, slice) of daily windows."""
    for d in range(int((times.max() - START) // DAY) + 1):
        inside = (times >= START + d * DAY) & (times < START + (d + 1) * DAY)
        for name, mask in [("all", inside)] + [(f"region={r}", inside & (region == r)) for r in np.unique(region)]:
            if mask.any():
                yield iso(START + (d + 1) * DAY), name, mask


def monitor(name, task, output, features, checks):
    return f"""monitor: {name}
task: {task}
predictions:
  topic: {name}.predictions
  fields: {{id: id, time: at, {output}}}
  time_format: epoch_ms
labels:
  topic: {name}.labels
  fields: {{id: id, time: at, value: y}}
  time_format: epoch_ms
  horizon: 7d
features: {{{features}}}
segments: [region]
baseline: baseline.json
panes: 6h
windows: [{{size: 1d, every: 1d}}]
lateness: 0s
checks:
""".splitlines() + [f"  - {{{check}}}" for check in checks]


def regression():
    n = 900
    def rows(k, shift):
        size = rng.gamma(4, 12, k).round(1)
        prediction = np.clip(2 * size + rng.normal(0, 6, k) + shift, 1, 260).round()
        target = (prediction * (1 + rng.normal(0.02, 0.12, k))).round(2)
        return size, prediction, np.where(np.abs(target) < 0.5, 1.0, target)
    size, h, y = rows(3000, 0)
    h[:260] = np.arange(1, 261)  # every value that a prediction takes is a knot
    region = lambda k: rng.choice(["north", "south"], k, p=[.7, .3])
    write("price", "train.csv", ["size,prediction,y,region"] + [f"{a},{b:g},{c},{r}" for a, b, c, r in zip(size, h, y, region(3000))])
    _, hh, hy = rows(1200, 0)
    write("price", "held_out.csv", ["prediction,y"] + [f"{b:g},{c}" for b, c in zip(hh, hy)])
    times = np.sort(START + rng.integers(0, 3 * DAY, n)); reg = region(n)
    size, p, t = rows(n, 15)
    ids = [f"p{i}" for i in range(n)]
    log, stands = label_log(ids, times, t.tolist(), (t + 40).round(2).tolist())
    write("price", "predictions.jsonl", [json.dumps({"id": i, "at": int(a), "prediction": float(b), "size": float(s), "region": r})
                                         for i, a, b, s, r in zip(ids, times, p, size, reg)])
    write("price", "labels.jsonl", log)
    write("price", "monitor.yaml", monitor("price", "regression", "prediction: prediction", "size: numeric", [
        "name: size, on: features, metric: psi, window: 1d, slices: each, min_rows: 20, warning: 0.2",
        "name: far, on: prediction, metric: wasserstein, window: 1d, slices: each, min_rows: 20, warning: 100",
        "name: error, on: performance, metric: mae, window: 1d, slices: each, min_rows: 20, warning: {max_rise: 20%}",
    ]))
    cuts = np.unique(np.quantile(h, np.arange(1, 10) / 10, method="inverted_cdf"))
    bins = lambda x: np.searchsorted(cuts, x, side="left")
    k = len(cuts) + 1
    mean_error = np.bincount(bins(hh), np.abs(hh - hy), k) / np.bincount(bins(hh), minlength=k)
    label = np.array([np.nan if stands[i] is None else stands[i] for i in ids], float)
    out = []
    for end, name, mask in windows(times, reg):
        has = mask & ~np.isnan(label)
        a, b = p[has], label[has]
        e = a - b
        out.append({"end": end, "slice": name, "predictions": int(mask.sum()), "labelled": int(has.sum()), "metrics": {
            "mae": sk.mean_absolute_error(b, a), "rmse": sk.root_mean_squared_error(b, a), "bias": e.mean(),
            "mape": sk.mean_absolute_percentage_error(b, a), "wape": np.abs(e).sum() / np.abs(b).sum(), "r2": sk.r2_score(b, a),
            "labelled_score_ks": stats.ks_2samp(a, p[mask & np.isnan(label)]).statistic,
            "estimated_mae_error": abs(mean_error[bins(p[mask])].mean() - np.abs(e).mean())},
            "quantiles": {f"absolute_error_p{q}": np.quantile(np.abs(e), q / 100, method="inverted_cdf") for q in (50, 90, 99)},
            "estimated": {"mae": mean_error[bins(p[mask])].mean()}})
    (OUT / "price" / "expected.json").write_text(json.dumps(out, indent=0) + "\n")


def multiclass():
    n, names = 900, np.array(["bird", "cat", "dog", "eel"])
    def rows(k, sharp):
        weight = rng.normal(0, 1, k).round(3)
        logits = np.stack([weight, -weight, rng.normal(0, 1, k), np.full(k, -2.0)], 1) * sharp
        q = np.exp(logits); q /= q.sum(1, keepdims=True)
        shown = q.round(4)
        truth = np.array([rng.choice(4, p=r) for r in q])
        return weight, shown, names[truth]
    region = lambda k: rng.choice(["north", "south"], k, p=[.7, .3])
    weight, q, y = rows(2000, 1.5)
    write("species", "train.csv", ["weight,prediction,y,region"]
          + [f"{a},{names[b.argmax()]},{c},{r}" for a, b, c, r in zip(weight, q, y, region(2000))])
    times = np.sort(START + rng.integers(0, 3 * DAY, n)); reg = region(n)
    weight, q, t = rows(n, 1.2)
    ids = [f"p{i}" for i in range(n)]
    log, stands = label_log(ids, times, t.tolist(), np.roll(t, 1).tolist())
    hat = names[q.argmax(1)]
    write("species", "predictions.jsonl", [json.dumps({"id": i, "at": int(a), "prediction": h, "weight": float(w), "region": r,
                                                       "probabilities": dict(zip(names.tolist(), map(float, b)))})
                                           for i, a, h, w, b, r in zip(ids, times, hat, weight, q, reg)])
    write("species", "labels.jsonl", log)
    output = "prediction: prediction, probabilities: probabilities"
    write("species", "monitor.yaml", monitor("species", "multiclass", output, "weight: numeric", [
        "name: classes, on: prediction, metric: jensen_shannon, window: 1d, slices: each, min_rows: 20, warning: 0.5",
        "name: right, on: performance, metric: accuracy, window: 1d, slices: each, min_rows: 20, warning: {max_drop: 5%}",
    ]))
    out = []
    for end, name, mask in windows(times, reg):
        has = mask & np.array([stands[i] is not None for i in ids])
        true = np.array([stands[i] or "" for i in ids])[has]
        h, b = hat[has], q[has]
        own = b[np.arange(len(true)), np.searchsorted(names, true)]
        top = b.max(1); right = h == true; at = np.searchsorted(np.arange(1, 10) / 10, top, side="left")
        gaps = [(int((at == j).sum()), abs(top[at == j].mean() - right[at == j].mean())) for j in range(10) if (at == j).any()]
        pr, rc, f1, support = sk.precision_recall_fscore_support(true, h, labels=names, zero_division=np.nan)
        clean = lambda v: None if np.isnan(v) else float(v)
        present = [j for j in range(4) if support[j] or (h == names[j]).any()]
        out.append({"end": end, "slice": name, "predictions": int(mask.sum()), "labelled": int(has.sum()), "metrics": {
            "accuracy": sk.accuracy_score(true, h), "macro_f1": sk.f1_score(true, h, average="macro"),
            "log_loss": float(-np.log(np.maximum(own, 1e-15)).mean()), "ece": sum(c * g for c, g in gaps) / len(true),
            "mce": max(g for _, g in gaps), "confident_ratio": float((q[mask].max(1) > 0.9).mean())},
            "per_class": {names[j]: {"labelled": int(support[j]), "predicted": int((h == names[j]).sum()),
                                     "precision": clean(pr[j]), "recall": clean(rc[j]), "f1": clean(f1[j])} for j in present},
            "confusion": sk.confusion_matrix(true, h, labels=names).tolist()})
    (OUT / "species" / "expected.json").write_text(json.dumps(out, indent=0) + "\n")


regression()
multiclass()
