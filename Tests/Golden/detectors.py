#!/usr/bin/env python3
"""Writes detectors.json and detector_runs.json.

Traces of river's detectors with their defaults: on errors of a medium rate, and on what these never show: sparse and dense errors,
long runs of one value, and levels that stay at 0 or at 1 before they change. The first two methods also get real errors.
"""
import json
import pathlib
import sys

import numpy as np
import river
from river import drift

assert river.__version__ == "0.26.1", river.__version__
OUT = pathlib.Path(sys.argv[1])


def bits(seed, *parts):
    """Parts of (length, rate of errors), one after the other."""
    random = np.random.default_rng(seed)
    return [int(x) for n, rate in parts for x in random.random(n) < rate]


STREAMS = {
    "0001, 17 zeros, 26 ones": [0, 0, 0, 1] + [0] * 17 + [1] * 26,
    "a first error after 100 zeros": [0] * 100 + [1] + [0] * 99 + [1, 0] * 50,
    "all zeros": [0] * 1500,
    "all ones": [1] * 1500,
    "zeros, then ones": [0] * 700 + [1] * 300,
    "ones, then zeros": [1] * 700 + [0] * 300,
    "zeros, ones, zeros, ones": [0] * 400 + [1] * 60 + [0] * 400 + [1] * 60,
    "one error at the start, then none, then all": [1] + [0] * 500 + [1] * 100,
    "alternating, then ones": [0, 1] * 400 + [1] * 200,
    "every hundredth, then every fifth": [int(i % 100 == 99) for i in range(2000)] + [int(i % 5 == 4) for i in range(1000)],
    "sparse 0.001": bits(1, (6000, 0.001)),
    "sparse 0.002 to 0.02 at 3000": bits(2, (3000, 0.002), (3000, 0.02)),
    "sparse 0.01 to 0.1 at 1500": bits(3, (1500, 0.01), (1500, 0.1)),
    "dense 0.99": bits(4, (3000, 0.99)),
    "dense 0.9 to 0.999 at 1500": bits(5, (1500, 0.9), (1500, 0.999)),
    "dense 0.98 to 0.5 and back": bits(6, (1000, 0.98), (1000, 0.5), (1000, 0.98)),
    "runs of 5 to 60": [x for i, n in enumerate(np.random.default_rng(7).integers(5, 61, 80)) for x in [i % 2] * int(n)],
    "many short lives": bits(8, *[(60, 0.02), (60, 0.9)] * 20),
}


def reals(seed, *parts):
    """Parts of (length, mean, deviation), as texts of six places."""
    random = np.random.default_rng(seed)
    return [round(float(x), 6) for n, mean, deviation in parts for x in random.normal(mean, deviation, n)]


REALS = {
    "constant 0.1": [0.1] * 500,
    "0, then 3": [0.0] * 600 + [3.0] * 200,
    "3, then -3": [3.0] * 600 + [-3.0] * 200,
    "absolute errors 1 to 2 at 500": [abs(x) for x in reals(11, (500, 0, 1), (500, 0, 2))],
    "errors around 100, then 99": reals(12, (800, 100, 5), (800, 99, 5)),
    "rare large errors": [x if i % 97 == 0 else 0.0 for i, x in enumerate(reals(13, (1500, 40, 10)))],
    "dropping to nothing": reals(14, (700, 5, 2), (700, 0.001, 0.0001)),
}
MAKERS = {"adwin": drift.ADWIN, "page_hinkley": drift.PageHinkley, "ddm": drift.binary.DDM, "eddm": drift.binary.EDDM,
          "hddm_a": drift.binary.HDDMA, "hddm_w": drift.binary.HDDMW}


def trace(make, values):
    detector, changes, warnings = make(), [], []
    for i, x in enumerate(values):
        detector.update(x)
        if detector.drift_detected:
            changes.append(i)
        elif getattr(detector, "warning_detected", False):
            warnings.append(i)
    return changes, warnings[:200]


def case(name, values, methods):
    traces = {method: trace(MAKERS[method], values) for method in methods}
    return {"name": name, "drift_at": {m: t[0] for m, t in traces.items()}, "warning_at": {m: t[1] for m, t in traces.items()}}


random = np.random.default_rng(20260304)
COMMON = {
    "stationary 0.2": random.random(4000) < 0.2,
    "abrupt 0.2 to 0.4 at 2000": random.random(4000) < np.repeat([0.2, 0.4], 2000),
    "gradual 0.1 to 0.5": random.random(4000) < np.linspace(0.1, 0.5, 4000),
    "improving 0.4 to 0.1 at 1500": random.random(3000) < np.repeat([0.4, 0.1], 1500),
}
common = [(name, errors.astype(int).tolist()) for name, errors in COMMON.items()]
out = [{**case(name, values, MAKERS), "errors": "".join(map(str, values))} for name, values in common]
(OUT / "detectors.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")

out = [{**case(name, values, MAKERS), "errors": "".join(map(str, values))} for name, values in STREAMS.items()]
out += [{**case(name, values, ["adwin", "page_hinkley"]), "values": values} for name, values in REALS.items()]
(OUT / "detector_runs.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
