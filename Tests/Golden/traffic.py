#!/usr/bin/env python3
"""Writes traffic.json: python3 traffic.py OUT FOLDER

FOLDER holds the modules traffic and shift, with which the measurements of the shift detector were made; they are no part of this
repository, so `make golden` leaves this generator out. Counts are
compared by their sum by cell and by a checksum over all hours; of rows there are the first three of an hour.
"""
import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, sys.argv[2])
import traffic  # noqa: E402

assert np.__version__ == "2.4.6", np.__version__
OUT = pathlib.Path(sys.argv[1])

CASES = [
    (dict(), 1, 0, None, [0, 19]),
    (dict(), 1, 1, ("mean:0.5", 3, 1700, 1), [3]),
    (dict(), 7, 2, ("scale:1.22", 9, 1700, 1), [9, 8]),
    (dict(), 7, 2, ("missing:0.05", 1, 1700, 1), [1]),
    (dict(), 2, 5, ("swap", 17, 1700, 1), [17]),
    (dict(), 2, 5, ("unit", 14, 1700, 1), [14]),
    (dict(), 2, 5, ("unit", 10, 2000, 1), [10]),
    (dict(), 3, 3, ("gradual:0.5/7d", 0, 1700, -1), [0]),
    (dict(), 3, 4, ("category:0.5", 18, 1500, -1), [18]),
    (dict(df=5, holidays=1.0), 4, 1, None, [5]),
    (dict(rows=100.0), 5, 9, None, [4]),
    (dict(rows=5e6), 123456789012, 3, None, [16]),
    (dict(rows=20.0, baseline=672, production=504, numeric=4, categories=(5, 40)), 6, 0, None, [0, 5]),
]


def checksum(cells, missing):
    """Sum over hours t and places c of (31 t + c + 1) times the count, modulo 2^61; the missing values come last."""
    all_ = np.concatenate([cells, missing[:, None]], 1)
    t, c = np.indices(all_.shape)
    return sum(int(w) * int(x) for w, x in zip((31 * t + c + 1).ravel(), all_.ravel())) % 2**61


def case(settings, seed, quarter, change, features):
    world = traffic.World(**settings)
    change = traffic.Change(*change) if change else None
    p = traffic.paths(world, seed, quarter)
    counts = []
    for j in features:
        c = traffic.feature_counts(world, seed, quarter, p, j, change)
        counts.append(dict(feature=j, cells=c.cells.sum(0).tolist(), missing=int(c.missing.sum()),
                           checksum=checksum(c.cells, c.missing)))
    return dict(settings=settings, seed=seed, quarter=quarter, change=change and vars(change), counts=counts,
                first_mean=float(p.mu[0, 0]), last_mean=float(p.mu[-1, -1]), mean_squares=float((p.mu**2).sum()),
                missing=float(p.missing.sum()), rows=int(p.n.sum()), first_rows=p.n[:5].tolist())


def rows(hour, change):
    world = traffic.World()
    p = traffic.paths(world, 3, 1)
    found = traffic.rows_of_hour(world, 3, 1, p, hour, change)
    return dict(hour=hour, change=change and vars(change), count=len(found), labels=sum(r[4] for r in found),
                rows=[dict(time=r[0], id=r[1], values=[v if v is None or isinstance(v, str) else f"{v:.5f}" for v in r[2]],
                           score=f"{r[3]:.5f}", label=bool(r[4]), label_time=r[5]) for r in found[:3]])


if __name__ == "__main__":
    result = dict(
        cases=[case(*c) for c in CASES],
        rows=[rows(t, c) for t in (0, 1701) for c in (
            None, traffic.Change("labels", 0, 1700), traffic.Change("swap", 18, 1700), traffic.Change("unit", 9, 1700),
            traffic.Change("scale:2", 2, 1700))],
        uniform=[np.random.default_rng(s).random(3).tolist() for s in ([0], [1, 2, 3, 4, 5, 6], [2**40, 7])])
    (OUT / "traffic.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
