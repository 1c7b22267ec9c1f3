#!/usr/bin/env python3
"""Writes sets of two versions.

In `shadow`, `eta` and `kinds` both versions score every id, in the `_canary` sets each a share. Every folder has a monitor with
`compare`, training rows, predictions and labels as services log them, and in expected.json what scikit-learn, SciPy and
DeLong's formula say of each day: scores against scores, and for everything and for each zone every metric's difference with its
99 % interval and p-value. Labels come late, some never, some twice, some corrected, some retracted.

Where a metric is no mean, its error is that of its influence function, row by row, which `checked` holds against how
scikit-learn's own value moves as one row gets a little more weight.
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
HORIZON = 2 * DAY
Z = stats.norm.ppf(0.995)
KINDS = np.array(["bird", "cat", "dog", "eel"])
rng = np.random.default_rng(41)


def iso(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def write(folder, name, lines):
    (OUT / folder).mkdir(exist_ok=True)
    (OUT / folder / name).write_text("\n".join(lines) + "\n")


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


WORSE = {"binary": "metric: auc, window: 1d, slices: each, warning: {max_drop: 0.01}",
         "regression": "metric: rmse, window: 1d, slices: each, warning: {max_rise: 1%}",
         "multiclass": "metric: macro_f1, window: 1d, slices: each, warning: {max_drop: 0.01}"}
OUTPUT = {"binary": "score: score", "regression": "prediction: prediction",
          "multiclass": "prediction: prediction, probabilities: probabilities"}


def monitor(name, task):
    threshold = "threshold: 0.5\n" if task == "binary" else ""
    return f"""monitor: {name.replace("_", "-")}
task: {task}
predictions:
  topic: {name}.predictions
  fields: {{id: id, time: at, version: model, {OUTPUT[task]}}}
  time_format: epoch_ms
labels:
  topic: {name}.labels
  fields: {{id: id, time: at, value: y}}
  time_format: epoch_ms
  horizon: 2d
{threshold}features: {{x: numeric}}
segments: [zone]
baseline: baseline.json
panes: 1h
windows: [{{size: 1d, every: 1d}}]
lateness: 1h
compare: {{champion: v1, challenger: v2}}
checks:
  - {{name: worse, on: comparison, {WORSE[task]}}}
  - {{name: other, on: comparison, metric: {"psi" if task == "multiclass" else "ks"}, window: 1d, warning: 0.1}}
alerts: {{warning: [log]}}""".split("\n")


def placements(score, y):
    """Of each positive the share of negatives below it, of each negative the share of positives above it, ties half."""
    pos, neg = score[y == 1], score[y == 0]
    greater = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
    return greater.mean(axis=1), greater.mean(axis=0)


def entry(champion, challenger, error, method, p_value=None):
    difference = challenger - champion
    if p_value is None:
        p_value = 2 * stats.norm.sf(abs(difference) / error) if error > 0 else float(difference == 0)
    return {"champion": champion, "challenger": challenger, "difference": difference, "lower": difference - Z * error,
            "upper": difference + Z * error, "p_value": p_value, "method": method}


def checked(influence, metric, n):
    """Each row's influence, of which some are held against a small step of scikit-learn's value by the row's weight."""
    for row in range(0, n, max(1, n // 5)):
        step = np.zeros(n)
        step[row] = 1e-4
        slope = (metric(np.ones(n) + step) - metric(np.ones(n) - step)) / 2e-4
        assert abs(slope - influence[row]) < 1e-7 + 1e-4 * abs(slope), (slope, influence[row])
    return influence


# Classes and decisions.

def ratio(kind, decision, y):
    """Numerator and denominator of each row."""
    ones = np.ones(len(y))
    return {
        "accuracy": ((decision == y) * 1.0, ones), "precision": ((decision & y) * 1.0, decision * 1.0),
        "recall": ((decision & y) * 1.0, y * 1.0), "f1": (2.0 * (decision & y), decision * 1.0 + y),
        "positive_rate": (y * 1.0, ones), "predicted_positive_rate": (decision * 1.0, ones),
    }[kind]


SKLEARN = {
    "accuracy": sk.accuracy_score, "precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score,
    "positive_rate": lambda y, d: y.mean(), "predicted_positive_rate": lambda y, d: d.mean(),
}


def ratio_influence(kind, decision, y):
    a, b = ratio(kind, decision, y)
    return (a - a.sum() / b.sum() * b) / b.sum()


def paired_ratio(name, u, v, y):
    error = np.sqrt(((ratio_influence(name, v, y) - ratio_influence(name, u, y)) ** 2).sum())
    p = None
    if name not in ("precision", "f1"):  # McNemar's exact test
        left, right = ratio(name, u, y)[0], ratio(name, v, y)[0]
        one, other = int((left > right).sum()), int((left < right).sum())
        p = stats.binomtest(one, one + other, 0.5).pvalue if one + other else 1.0
    return entry(SKLEARN[name](y, u), SKLEARN[name](y, v), error, "paired", p)


def unpaired_ratio(name, u, ya, v, yb):
    error = np.sqrt((ratio_influence(name, u, ya) ** 2).sum() + (ratio_influence(name, v, yb) ** 2).sum())
    return entry(SKLEARN[name](ya, u), SKLEARN[name](yb, v), error, "unpaired")


def paired_loss(x, z):
    d = z - x
    return entry(x.mean(), z.mean(), d.std(ddof=1) / np.sqrt(len(d)), "paired")


def unpaired_loss(x, z):
    error = np.sqrt(x.var(ddof=1) / len(x) + z.var(ddof=1) / len(z))
    t = stats.ttest_ind(z, x, equal_var=False)
    assert abs(t.statistic - (z.mean() - x.mean()) / error) < 1e-9
    return entry(x.mean(), z.mean(), error, "unpaired")


# Binary.

def ap_influence(score, y):
    """The derivative of average precision by each row's weight."""
    above = score[None, :] >= score[:, None]
    rows = above.sum(1)
    precision = (above * y[None, :]).sum(1) / rows
    positives = y.sum()
    average = (y * precision).sum() / positives
    through = (y[:, None] * above * (y[None, :] - precision[:, None]) / rows[:, None]).sum(0)
    return checked((y * (precision - average) + through) / positives,
                   lambda w: sk.average_precision_score(y, score, sample_weight=w), len(y))


def losses(score, y):
    return {"brier": (score - y) ** 2, "log_loss": -np.log(np.where(y == 1, score, 1 - score))}


def paired_binary(a, b, y):
    out = {}
    grid = [np.minimum((s * 64).astype(int), 63) for s in (a, b)]
    (p1, n1), (p2, n2) = (placements(g, y) for g in grid)
    error = np.sqrt((p2 - p1).var(ddof=1) / len(p1) + (n2 - n1).var(ddof=1) / len(n1))
    out["auc"] = entry(sk.roc_auc_score(y, grid[0]), sk.roc_auc_score(y, grid[1]), error, "paired_binned")
    error = np.sqrt(((ap_influence(grid[1], y) - ap_influence(grid[0], y)) ** 2).sum())
    out["average_precision"] = entry(
        sk.average_precision_score(y, grid[0]), sk.average_precision_score(y, grid[1]), error, "paired_binned")
    for name in ("brier", "log_loss"):
        out[name] = paired_loss(losses(a, y)[name], losses(b, y)[name])
    u, v = (a >= 0.5) * 1, (b >= 0.5) * 1
    return out | {name: paired_ratio(name, u, v, y) for name in SKLEARN}


def unpaired_binary(a, ya, b, yb):
    out = {}
    (p1, n1), (p2, n2) = placements(a, ya), placements(b, yb)
    error = np.sqrt(sum(s.var(ddof=1) / len(s) for s in (p1, n1, p2, n2)))
    out["auc"] = entry(sk.roc_auc_score(ya, a), sk.roc_auc_score(yb, b), error, "unpaired")
    error = np.sqrt((ap_influence(a, ya) ** 2).sum() + (ap_influence(b, yb) ** 2).sum())
    out["average_precision"] = entry(
        sk.average_precision_score(ya, a), sk.average_precision_score(yb, b), error, "unpaired")
    for name in ("brier", "log_loss"):
        out[name] = unpaired_loss(losses(a, ya)[name], losses(b, yb)[name])
    u, v = (a >= 0.5) * 1, (b >= 0.5) * 1
    return out | {name: unpaired_ratio(name, u, ya, v, yb) for name in SKLEARN}


# Regression: what each row adds to the value, as a mean over rows.

REGRESSION = {
    "mae": sk.mean_absolute_error, "rmse": sk.root_mean_squared_error,
    "bias": lambda y, a, sample_weight=None: np.average(a - y, weights=sample_weight),
    "mape": sk.mean_absolute_percentage_error,
    "wape": lambda y, a, sample_weight=None: np.average(abs(a - y), weights=sample_weight)
    / np.average(abs(y), weights=sample_weight),
    "r2": sk.r2_score,
}


def regression_influence(name, a, y):
    e, n = a - y, len(y)
    v = (y - y.mean()) ** 2
    rows = {
        "mae": abs(e), "rmse": e ** 2 / (2 * np.sqrt((e ** 2).mean())), "bias": e, "mape": abs(e / y),
        "wape": (abs(e) - abs(e).sum() / abs(y).sum() * abs(y)) / abs(y).mean(),
        "r2": -(e ** 2 - (e ** 2).sum() / v.sum() * v) / v.mean(),
    }[name]
    checked((rows - rows.mean()) / n, lambda w: REGRESSION[name](y, a, sample_weight=w), n)
    return rows


def paired_regression(a, b, y):
    out = {}
    for name, metric in REGRESSION.items():
        d = regression_influence(name, b, y) - regression_influence(name, a, y)
        out[name] = entry(metric(y, a), metric(y, b), d.std(ddof=1) / np.sqrt(len(d)), "paired")
    return out


def unpaired_regression(a, ya, b, yb):
    out = {}
    for name, metric in REGRESSION.items():
        l, r = regression_influence(name, a, ya), regression_influence(name, b, yb)
        error = np.sqrt(l.var(ddof=1) / len(l) + r.var(ddof=1) / len(r))
        out[name] = entry(metric(ya, a), metric(yb, b), error, "unpaired")
    return out


# Multiclass: probabilities by class, the decision the most probable.

def macro_f1(y, hat, sample_weight=None):
    return sk.f1_score(y, hat, average="macro", sample_weight=sample_weight)


def macro_influence(hat, y):
    kinds = np.union1d(hat, y)
    influence = sum(ratio_influence("f1", (hat == k) * 1, (y == k) * 1) for k in kinds) / len(kinds)
    return checked(influence, lambda w: macro_f1(y, hat, sample_weight=w), len(y))


def kinds_of(p):
    return KINDS[p.argmax(1)]


def class_loss(p, y):
    return -np.log(p[np.arange(len(y)), np.searchsorted(KINDS, y)])


def paired_multiclass(a, b, y):
    u, v = kinds_of(a), kinds_of(b)
    right = [(u == y) * 1, (v == y) * 1]
    ones = np.ones(len(y), int)
    error = np.sqrt(((macro_influence(v, y) - macro_influence(u, y)) ** 2).sum())
    return {
        "accuracy": paired_ratio("accuracy", *right, ones),
        "macro_f1": entry(macro_f1(y, u), macro_f1(y, v), error, "paired"),
        "log_loss": paired_loss(class_loss(a, y), class_loss(b, y)),
    }, {str(k): {name: paired_ratio(name, (u == k) * 1, (v == k) * 1, (y == k) * 1)
            for name in ("precision", "recall", "f1")} for k in KINDS}


def unpaired_multiclass(a, ya, b, yb):
    u, v = kinds_of(a), kinds_of(b)
    right = [(u == ya) * 1, np.ones(len(ya), int), (v == yb) * 1, np.ones(len(yb), int)]
    error = np.sqrt((macro_influence(u, ya) ** 2).sum() + (macro_influence(v, yb) ** 2).sum())
    return {
        "accuracy": unpaired_ratio("accuracy", *right),
        "macro_f1": entry(macro_f1(ya, u), macro_f1(yb, v), error, "unpaired"),
        "log_loss": unpaired_loss(class_loss(a, ya), class_loss(b, yb)),
    }, {str(k): {name: unpaired_ratio(name, (u == k) * 1, (ya == k) * 1, (v == k) * 1, (yb == k) * 1)
            for name in ("precision", "recall", "f1")} for k in KINDS}


PAIRED = {"binary": paired_binary, "regression": paired_regression, "multiclass": paired_multiclass}
UNPAIRED = {"binary": unpaired_binary, "regression": unpaired_regression, "multiclass": unpaired_multiclass}


def model(task, n):
    """The truth, what a first label may wrongly say, both versions' outputs, and training rows of an output."""
    if task == "binary":
        risk = rng.beta(1.2, 2.2, size=n)
        truth = (rng.random(n) < risk).astype(int)
        score = lambda noise, tilt: np.clip(np.round(risk * tilt + rng.normal(0, noise, n), 2), 0.01, 0.99)
        return truth, 1 - truth, {"v1": score(0.12, 1.0), "v2": score(0.2, 1.1)}, np.round(np.tile(np.arange(101) / 100, 8), 2)
    if task == "regression":
        truth = np.round(rng.gamma(4, 8, size=n) + 1, 1)
        outputs = {v: np.round(truth * tilt + rng.normal(bias, sd, n), 1)
                   for v, tilt, bias, sd in (("v1", 1, 0, 4), ("v2", .95, 1, 5))}
        return truth, np.round(truth + 7, 1), outputs, np.round(rng.gamma(4, 8, size=800), 1)
    logits = rng.normal(0, 1.2, (n, 4)) + np.log([.3, .35, .25, .1])
    def softmax(x):
        q = np.exp(x)
        return q / q.sum(1, keepdims=True)
    truth = KINDS[[rng.choice(4, p=q) for q in softmax(1.5 * logits)]]
    shown = lambda noise: softmax(1.5 * logits + rng.normal(0, noise, (n, 4))).round(6) + 1e-6
    return truth, np.roll(truth, 1), {"v1": shown(0.3), "v2": shown(0.9)}, np.tile(KINDS, 200)


def make(folder, task, n, share):
    """`share` of the ids are scored by both versions; the others by one, in turn."""
    ids = [f"{folder}-{i}" for i in range(n)]
    times = np.sort(START + rng.integers(2 * DAY - 3_600_000, size=n)) + 1000
    times[n // 2] = START + DAY - 1000  # the champion before midnight, the challenger after it
    truth, wrong, outputs, train = model(task, n)
    log, stands = labels(ids, times, truth.tolist(), wrong.tolist())
    zone = rng.choice(["east", "west"], n, p=[.6, .4])
    # A few are another zone's by the time the challenger is asked: no pair of either.
    zones = {"v1": zone, "v2": np.where(rng.random(n) < 0.02, np.where(zone == "east", "west", "east"), zone)}
    has = {"v1": np.ones(n, bool), "v2": np.ones(n, bool)}
    if share < 1:
        split = rng.random(n) < 0.5
        both = rng.random(n) < share
        has = {"v1": split | both, "v2": ~split | both}

    def output(version, i):
        if task == "multiclass":
            p = outputs[version][i]
            return {"prediction": str(KINDS[p.argmax()]), "probabilities": dict(zip(KINDS.tolist(), p.tolist()))}
        return {"score" if task == "binary" else "prediction": outputs[version][i]}

    at = {"v1": times, "v2": times + 2000}
    rows = []
    for version in ("v1", "v2"):
        for i in np.flatnonzero(has[version]):
            rows.append((int(at[version][i]), json.dumps(
                {"id": ids[i], "at": int(at[version][i]), "model": version, "x": 1, "zone": str(zones[version][i]),
                 **output(version, i)})))
    rows.sort(key=lambda x: x[0])
    # Past everything, so that every window closes and matures.
    last = {"binary": {"score": 0.5}, "regression": {"prediction": 0.5}, "multiclass": {"prediction": "cat"}}[task]
    rows.append((0, json.dumps({"id": "end", "at": START + 9 * DAY, "model": "v1", "x": 1, **last})))
    log.append(json.dumps({"id": "end", "at": START + 9 * DAY, "y": "cat" if task == "multiclass" else 0}))
    column = "score" if task == "binary" else "prediction"
    write(folder, "predictions.jsonl", [r for _, r in rows])
    write(folder, "labels.jsonl", log)
    write(folder, "monitor.yaml", monitor(folder, task))
    write(folder, "train.csv", [f"x,{column},zone"] + [f"1,{v},{('east', 'west')[i % 2]}" for i, v in enumerate(train)])

    labelled = np.array([stands[i] is not None for i in ids])
    expected = []
    for day in range(2):
        inside = {v: has[v] & (at[v] >= START + day * DAY) & (at[v] < START + (day + 1) * DAY) for v in at}
        later = np.maximum(at["v1"], at["v2"])
        both = has["v1"] & has["v2"] & (later >= START + day * DAY) & (later < START + (day + 1) * DAY)
        performance = {}
        for slice_ in ("all", "zone=east", "zone=west"):
            of = {v: np.ones(n, bool) if slice_ == "all" else zones[v] == slice_.split("=")[1] for v in at}
            first, second, pair = inside["v1"] & of["v1"], inside["v2"] & of["v2"], both & of["v1"] & of["v2"]
            a, b, pairs = first & labelled, second & labelled, pair & labelled
            paired = bool(2 * pairs.sum() >= min(a.sum(), b.sum()))
            found = (PAIRED[task](outputs["v1"][pairs], outputs["v2"][pairs], truth[pairs]) if paired else
                     UNPAIRED[task](outputs["v1"][a], truth[a], outputs["v2"][b], truth[b]))
            found, classes = found if task == "multiclass" else (found, None)
            performance[slice_] = {
                "paired": paired,
                "predictions": {"champion": int(first.sum()), "challenger": int(second.sum()), "pairs": int(pair.sum())},
                "labelled": {"champion": int(a.sum()), "challenger": int(b.sum()), "pairs": int(pairs.sum())},
                "differences": found} | ({"per_class": classes} if classes else {})
        drift = None
        if task != "multiclass":
            ks = stats.ks_2samp(outputs["v1"][inside["v1"]], outputs["v2"][inside["v2"]], method="asymp")
            drift = {"ks": ks.statistic, "ks_p_value": ks.pvalue}
        else:
            counts = [[(kinds_of(outputs[v])[inside[v]] == k).sum() for k in KINDS] for v in at]
            shares = [np.array(c) / sum(c) for c in counts]
            drift = {"total_variation": abs(shares[0] - shares[1]).sum() / 2,
                     "chi2_p_value": stats.chi2_contingency(counts, correction=False).pvalue}
        expected.append({"end": iso(START + (day + 1) * DAY), "drift": drift, "performance": performance})
    (OUT / folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


make("shadow", "binary", 700, 1)
make("canary", "binary", 900, 0.1)
make("eta", "regression", 500, 1)
make("eta_canary", "regression", 700, 0.1)
make("kinds", "multiclass", 600, 1)
make("kinds_canary", "multiclass", 800, 0.1)
