#!/usr/bin/env python3
"""Writes sets of two versions beside this file: pip install numpy scikit-learn scipy && python3 make_version_sets.py

`shadow` and `eta` have both versions score every id, `canary` each a share. Every folder has a monitor with `compare`,
training rows, predictions and labels as services log them, and in expected.json what scikit-learn, SciPy and DeLong's formula
say of each day: scores against scores, and every metric's difference with its 99 % interval and p-value. Labels come late,
some never, some twice, some corrected, some retracted.
"""
import datetime
import json
import pathlib

import numpy as np
from scipy import stats
from sklearn import metrics as sk

HERE = pathlib.Path(__file__).parent
DAY = 86_400_000
START = 1_760_054_400_000  # 2025-10-10T00:00:00Z
HORIZON = 2 * DAY
Z = stats.norm.ppf(0.995)
rng = np.random.default_rng(41)


def iso(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def write(folder, name, lines):
    (HERE / folder).mkdir(exist_ok=True)
    (HERE / folder / name).write_text("\n".join(lines) + "\n")


def labels(ids, times, truth, wrong):
    """What is logged, and the label that stands for each id (None where none does)."""
    out, stands = [], {}
    for i, t, y, w in zip(ids, times, truth, wrong):
        kind = rng.choice(["plain", "never", "twice", "corrected", "retracted"], p=[.78, .07, .05, .07, .03])
        at = int(t) + 60_000 + int(rng.integers(DAY))
        stands[i] = None if kind in ("never", "retracted") else y
        if kind == "never":
            continue
        out.append((at, i, w if kind == "corrected" else y))
        if kind == "twice":
            out.append((at, i, y))
        if kind in ("corrected", "retracted"):
            out.append((at + 3_600_000, i, y if kind == "corrected" else None))
    out.sort(key=lambda x: x[0])
    return [json.dumps({"id": i, "at": at, "y": y}) for at, i, y in out], stands


def monitor(name, task, output):
    threshold = "threshold: 0.5\n" if task == "binary" else ""
    return f"""monitor: {name}
task: {task}
predictions:
  topic: {name}.predictions
  fields: {{id: id, time: at, version: model, {output}}}
  time_format: epoch_ms
labels:
  topic: {name}.labels
  fields: {{id: id, time: at, value: y}}
  time_format: epoch_ms
  horizon: 2d
{threshold}features: {{x: numeric}}
baseline: baseline.json
panes: 1h
windows: [{{size: 1d, every: 1d}}]
lateness: 1h
compare: {{champion: v1, challenger: v2}}
checks:
  - {{name: worse, on: comparison, metric: {"auc" if task == "binary" else "mae"}, window: 1d, warning: {{{"max_drop: 0.01" if task == "binary" else "max_rise: 1%"}}}}}
  - {{name: other, on: comparison, metric: ks, window: 1d, warning: 0.05}}
alerts: {{warning: [log]}}
""".split("\n")


def placements(score, y):
    """Of each positive the share of negatives below it, of each negative the share of positives above it, ties half."""
    pos, neg = score[y == 1], score[y == 0]
    greater = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
    return greater.mean(axis=1), greater.mean(axis=0)


def normal(estimate, error):
    p = 2 * stats.norm.sf(abs(estimate) / error) if error > 0 else float(estimate == 0)
    return {"difference": estimate, "lower": estimate - Z * error, "upper": estimate + Z * error, "p_value": p}


def ratio(kind, decision, y):
    """Numerator and denominator of each row."""
    ones = np.ones(len(y))
    return {
        "accuracy": ((decision == y) * 1.0, ones), "precision": ((decision & y) * 1.0, decision * 1.0),
        "recall": ((decision & y) * 1.0, y * 1.0), "f1": (2.0 * (decision & y), decision * 1.0 + y),
        "predicted_positive_rate": (decision * 1.0, ones),
    }[kind]


SKLEARN = {
    "accuracy": sk.accuracy_score, "precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score,
    "predicted_positive_rate": lambda y, d: d.mean(),
}


def influence(kind, decision, y):
    a, b = ratio(kind, decision, y)
    return (a - a.sum() / b.sum() * b) / b.sum()


def losses(score, y):
    return {"brier": (score - y) ** 2, "log_loss": -np.log(np.where(y == 1, score, 1 - score))}


def paired_binary(a, b, y):
    out = {}
    grid = [np.minimum((s * 64).astype(int), 63) for s in (a, b)]
    (p1, n1), (p2, n2) = (placements(g, y) for g in grid)
    error = np.sqrt((p2 - p1).var(ddof=1) / len(p1) + (n2 - n1).var(ddof=1) / len(n1))
    out["auc"] = {"champion": sk.roc_auc_score(y, grid[0]), "challenger": sk.roc_auc_score(y, grid[1]),
                  **normal(p2.mean() - p1.mean(), error), "method": "paired_binned"}
    for name in ("brier", "log_loss"):
        x, z = losses(a, y)[name], losses(b, y)[name]
        d = z - x
        out[name] = {"champion": x.mean(), "challenger": z.mean(), **normal(d.mean(), d.std(ddof=1) / np.sqrt(len(d))),
                     "method": "paired"}
    u, v = (a >= 0.5) * 1, (b >= 0.5) * 1
    for name, metric in SKLEARN.items():
        error = np.sqrt(((influence(name, v, y) - influence(name, u, y)) ** 2).sum())
        x, z = metric(y, u), metric(y, v)
        found = normal(z - x, error)
        if name not in ("precision", "f1"):  # McNemar's exact test
            left, right = ratio(name, u, y)[0], ratio(name, v, y)[0]
            one, other = int((left > right).sum()), int((left < right).sum())
            found["p_value"] = stats.binomtest(one, one + other, 0.5).pvalue if one + other else 1.0
        out[name] = {"champion": x, "challenger": z, **found, "method": "paired"}
    return out


def unpaired_binary(a, ya, b, yb):
    out = {}
    (p1, n1), (p2, n2) = placements(a, ya), placements(b, yb)
    error = np.sqrt(sum(s.var(ddof=1) / len(s) for s in (p1, n1, p2, n2)))
    x, z = sk.roc_auc_score(ya, a), sk.roc_auc_score(yb, b)
    out["auc"] = {"champion": x, "challenger": z, **normal(z - x, error), "method": "unpaired"}
    for name in ("brier", "log_loss"):
        l, r = losses(a, ya)[name], losses(b, yb)[name]
        t = stats.ttest_ind(r, l, equal_var=False)
        error = np.sqrt(l.var(ddof=1) / len(l) + r.var(ddof=1) / len(r))
        assert abs(t.statistic - (r.mean() - l.mean()) / error) < 1e-9
        out[name] = {"champion": l.mean(), "challenger": r.mean(), **normal(r.mean() - l.mean(), error),
                     "method": "unpaired"}
    u, v = (a >= 0.5) * 1, (b >= 0.5) * 1
    for name, metric in SKLEARN.items():
        error = np.sqrt((influence(name, u, ya) ** 2).sum() + (influence(name, v, yb) ** 2).sum())
        x, z = metric(ya, u), metric(yb, v)
        out[name] = {"champion": x, "challenger": z, **normal(z - x, error), "method": "unpaired"}
    return out


def paired_regression(a, b, y):
    d = abs(b - y) - abs(a - y)
    return {"mae": {"champion": sk.mean_absolute_error(y, a), "challenger": sk.mean_absolute_error(y, b),
                    **normal(d.mean(), d.std(ddof=1) / np.sqrt(len(d))), "method": "paired"}}


def make(folder, task, n, share):
    """`share` of the ids are scored by both versions; the others by one, in turn."""
    column = "score" if task == "binary" else "prediction"
    ids = [f"{folder}-{i}" for i in range(n)]
    times = np.sort(START + rng.integers(2 * DAY - 3_600_000, size=n)) + 1000
    times[n // 2] = START + DAY - 1000  # the champion before midnight, the challenger after it
    if task == "binary":
        risk = rng.beta(1.2, 2.2, size=n)
        truth = (rng.random(n) < risk).astype(int)
        score = lambda noise, tilt: np.clip(np.round(risk * tilt + rng.normal(0, noise, n), 2), 0.01, 0.99)
        outputs = {"v1": score(0.12, 1.0), "v2": score(0.2, 1.1)}
        wrong = 1 - truth
        train = np.round(np.tile(np.arange(0, 101) / 100, 8), 2)
    else:
        truth = np.round(rng.gamma(4, 8, size=n), 1)
        outputs = {v: np.round(truth + rng.normal(bias, sd, n), 1) for v, bias, sd in (("v1", 0, 4), ("v2", 1, 5))}
        wrong = np.round(truth + 7, 1)
        train = np.round(rng.gamma(4, 8, size=800), 1)
    log, stands = labels(ids, times, truth.tolist(), wrong.tolist())
    has = {"v1": np.ones(n, bool), "v2": np.ones(n, bool)}
    if share < 1:
        split = rng.random(n) < 0.5
        has = {"v1": split, "v2": ~split}
        both = rng.random(n) < share
        has["v1"] |= both
        has["v2"] |= both
    at = {"v1": times, "v2": times + 2000}
    rows = []
    for version in ("v1", "v2"):
        for i in np.flatnonzero(has[version]):
            rows.append((int(at[version][i]), json.dumps(
                {"id": ids[i], "at": int(at[version][i]), "model": version, "x": 1, column: outputs[version][i]})))
    rows.sort(key=lambda x: x[0])
    # Past everything, so that every window closes and matures.
    rows.append((0, json.dumps({"id": "end", "at": START + 9 * DAY, "model": "v1", "x": 1, column: 0.5})))
    log.append(json.dumps({"id": "end", "at": START + 9 * DAY, "y": 0}))
    write(folder, "predictions.jsonl", [r for _, r in rows])
    write(folder, "labels.jsonl", log)
    write(folder, "monitor.yaml", monitor(folder, task, f"{column}: {column}")[:-1])
    write(folder, "train.csv", [f"x,{column}"] + [f"1,{v}" for v in train])

    labelled = np.array([stands[i] is not None for i in ids])
    expected = []
    for day in range(2):
        inside = {v: has[v] & (at[v] >= START + day * DAY) & (at[v] < START + (day + 1) * DAY) for v in at}
        later = np.maximum(at["v1"], at["v2"])
        both = has["v1"] & has["v2"] & (later >= START + day * DAY) & (later < START + (day + 1) * DAY)
        a, b, pairs = (inside["v1"] & labelled, inside["v2"] & labelled, both & labelled)
        paired = bool(2 * pairs.sum() >= min(a.sum(), b.sum()))
        if task == "binary":
            found = (paired_binary(outputs["v1"][pairs], outputs["v2"][pairs], truth[pairs]) if paired else
                     unpaired_binary(outputs["v1"][a], truth[a], outputs["v2"][b], truth[b]))
        else:
            found = paired_regression(outputs["v1"][pairs], outputs["v2"][pairs], truth[pairs])
        ks = stats.ks_2samp(outputs["v1"][inside["v1"]], outputs["v2"][inside["v2"]], method="asymp")
        expected.append({
            "end": iso(START + (day + 1) * DAY), "paired": paired,
            "predictions": {"champion": int(inside["v1"].sum()), "challenger": int(inside["v2"].sum()),
                            "pairs": int(both.sum())},
            "labelled": {"champion": int(a.sum()), "challenger": int(b.sum()), "pairs": int(pairs.sum())},
            "drift": {"ks": ks.statistic, "ks_p_value": ks.pvalue}, "differences": found,
        })
    (HERE / folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


make("shadow", "binary", 700, 1)
make("canary", "binary", 900, 0.1)
make("eta", "regression", 500, 1)
