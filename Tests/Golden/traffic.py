#!/usr/bin/env python3
"""Writes traffic.json: numbers of the traffic in traffic_model.py, against which the tests hold the traffic that they draw.

Counts are compared by their sum by cell and by a checksum over all hours; of rows there are the first three of an hour.
"""

import numpy as np

import traffic_model as model
from golden import write
from traffic_model import Change, World

# Settings, seed, quarter, change, features.
CASES = [
    (dict(), 1, 0, None, [0, 19]),
    (dict(), 1, 1, Change("mean:0.5", 3, 1700), [3]),
    (dict(), 7, 2, Change("scale:1.22", 9, 1700), [9, 8]),
    (dict(), 7, 2, Change("missing:0.05", 1, 1700), [1]),
    (dict(), 2, 5, Change("swap", 17, 1700), [17]),
    (dict(), 2, 5, Change("unit", 14, 1700), [14]),
    (dict(), 2, 5, Change("unit", 10, 2000), [10]),
    (dict(), 3, 3, Change("gradual:0.5/7d", 0, 1700, -1), [0]),
    (dict(), 3, 4, Change("category:0.5", 18, 1500, -1), [18]),
    (dict(df=5, holidays=1.0), 4, 1, None, [5]),
    (dict(rows=100.0), 5, 9, None, [4]),
    (dict(rows=5e6), 123456789012, 3, None, [16]),
    (dict(rows=20.0, baseline=672, production=504, numeric=4, categories=(5, 40)), 6, 0, None, [0, 5]),
]
ROWS = [
    (hour, change)
    for hour in (0, 1701)
    for change in (
        None, Change("labels", 0, 1700), Change("swap", 18, 1700), Change("unit", 9, 1700), Change("scale:2", 2, 1700))
]


def checksum(cells, missing):
    """Sum over hours t and places c of (31 t + c + 1) times the count, modulo 2^61; the missing values come last."""
    counts = np.column_stack([cells, missing]).astype(object)
    t, c = np.indices(counts.shape).astype(object)
    return int(((31 * t + c + 1) * counts).sum() % 2**61)


def case(settings, seed, quarter, change, features):
    world = World(**settings)
    paths = model.Paths(world, seed, quarter)
    found = []
    for feature in features:
        cells, missing = model.counts(world, seed, quarter, paths, feature, change)
        found.append({"feature": feature, "cells": cells.sum(0), "missing": missing.sum(), "checksum": checksum(cells, missing)})
    return {
        "settings": settings, "seed": seed, "quarter": quarter, "change": change and vars(change), "counts": found,
        "first_mean": paths.means[0, 0], "last_mean": paths.means[-1, -1], "mean_squares": (paths.means**2).sum(),
        "missing": paths.missing.sum(), "rows": paths.rows.sum(), "first_rows": paths.rows[:5],
    }


def rows(hour, change):
    world = World()
    found = model.rows(world, 3, 1, model.Paths(world, 3, 1), hour, change)
    return {
        "hour": hour, "change": change and vars(change), "count": len(found), "labels": sum(row.label for row in found),
        "rows": [{
            "time": row.time, "id": row.id, "values": [f"{one:.5f}" if isinstance(one, float) else one for one in row.values],
            "score": f"{row.score:.5f}", "label": bool(row.label), "label_time": row.label_time,
        } for row in found[:3]],
    }


write("traffic.json", {
    "cases": [case(*one) for one in CASES],
    "rows": [rows(*one) for one in ROWS],
    "uniform": [np.random.default_rng(seed).random(3) for seed in ([0], [1, 2, 3, 4, 5, 6], [2**40, 7])],
})
