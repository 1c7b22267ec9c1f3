#!/usr/bin/env python3
"""Writes shift.json.gz: what the shift detector says of a small case at every stage, by the modules of shift_detector.

Four numeric and two categorical subjects, 28 days of baseline and 21 of production, 1,000 rows an hour. In production subject 1
moves by half a standard deviation at hour 840 and stays there, subject 3 loses 60 % of its values in hours 1000 to 1029, and hour
900 has no rows; a few rows are invalid, outside or unseen. Numbers have 12 significant digits, infinity is "inf".
"""

import gzip
import json

import numpy as np

import traffic_model as traffic
from golden import OUT, plain
from shift_detector import evidence, hours, null, streams

WORLD = traffic.World(baseline=672, production=504, numeric=4, categories=(5, 40))
SETTINGS = streams.Settings()
SEED, QUARTER = 11, 0


def case():
    """Subjects and their counts."""
    paths = traffic.Paths(WORLD, SEED, QUARTER)
    paths.means[840:, 1] += 0.5 * traffic.SIGMA
    paths.missing[1000:1030, 3] = 0.6
    paths.rows[900] = 0
    random = np.random.default_rng(SEED)
    subjects, counts = [], []
    for j in range(WORLD.features):
        numeric = WORLD.is_numeric(j)
        is_lumped = not numeric and WORLD.categories[j - WORLD.numeric] > traffic.CELLS
        subjects.append(streams.Subject(f"f{j:02d}", numeric, traffic.CELLS - 1 if is_lumped else None))
        cells, missing = traffic.counts(WORLD, SEED, QUARTER, paths, j)
        rows = cells.sum(1)
        invalid = np.minimum(random.poisson(0.2 if j == 0 else 0, WORLD.hours), rows)
        outside = np.minimum(random.poisson(0.5 if j == 2 else 0, WORLD.hours), cells[:, -1])
        unseen = np.minimum(random.poisson(0.3 if j == 5 else 0, WORLD.hours), rows)
        is_more = (random.random(WORLD.hours) < 0.9) & (np.arange(WORLD.hours) >= 950) & (rows > 0) & (j == 5)
        counts.append(streams.Counts(cells, missing, invalid, unseen + 3 * is_more, outside))
    return subjects, counts


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [rounded(one) for one in value]
    if isinstance(value, (float, np.floating)):
        if np.isinf(value):
            return "inf"
        return int(value) if value == int(value) and abs(value) < 1e15 else float(f"{value:.12g}")
    return plain(value)


def fitted(subjects, counts, part):
    return null.null(traffic.FIRST_HOUR + part.start, subjects, [one.part(part) for one in counts], SETTINGS)


def fallback(days, subjects, counts):
    """The null of the last days of the baseline."""
    its = fitted(subjects, counts, slice(WORLD.baseline - 24 * days, WORLD.baseline))
    return {
        "days": days, "plan": its.plan, "var": its.fit.var, "phi": its.fit.phi, "f": its.f, "cap": its.rules.cap,
        "beyond": its.rules.beyond, "tolerance": its.rules.tolerance, "levels": its.levels,
    }


def online(its, values):
    """The hours of production; the filter begins at rest."""
    white = hours.whiten(values, its.fit, SETTINGS)
    x, response = hours.views(white, its.m, its.s)
    root = np.sqrt(its.f)
    _, held, alarms = evidence.accumulate(values.first, x / root, response / root, white, its.rules, SETTINGS, its.levels)
    found = {"u": white.u, "v": x[:, 1] / root[1], "i": white.response, "gain": white.gain, "held": held}
    return found, alarms, evidence.incidents(alarms, white, values.first, its.streams)


def main():
    subjects, counts = case()
    its = fitted(subjects, counts, slice(0, WORLD.baseline))
    values = streams.values(traffic.FIRST_HOUR, subjects, counts, its.tables, SETTINGS)
    production = values.part(slice(WORLD.baseline, WORLD.hours))
    found, alarms, incidents = online(its, production)
    result = {
        "about": "see Tests/Golden/shift.py",
        "config": vars(SETTINGS) | {"tiers": [vars(tier) for tier in SETTINGS.tiers]},
        "first": traffic.FIRST_HOUR, "baseline_hours": WORLD.baseline,
        "subjects": [vars(subject) for subject in subjects],
        "counts": [vars(one) for one in counts],
        "tables": [vars(table) for table in its.tables],
        "streams": [[stream.subject, stream.kind, stream.cell] for stream in its.streams],
        "values": {"y": values.y, "n": production.n, "w": production.w},
        "fit": vars(its.fit),
        "null": {"m": its.m, "s": its.s, "f": its.f, "cap": its.rules.cap, "beyond": its.rules.beyond, "tolerance": its.rules.tolerance,
                 "typical_i": its.typical_i, "typical_gain": its.typical_gain},
        "calibration": {"excess": its.calibration.excess, "own": its.calibration.own, "tails": [
            {kind: [vars(tail) for tail in tails] for kind, tails in view.items()} for view in its.calibration.tails]},
        "levels": its.levels,
        "online": found,
        "alarms": [vars(alarm) for alarm in alarms],
        "incidents": incidents,
        "fallback": [fallback(days, subjects, counts) for days in (14, 10)],
        "explain": [
            [stream, tier, within, evidence.smallest_step(its, stream, tier, within, SETTINGS)]
            for stream in (0, 1, 2, 5, 22) for tier in (0, 1) for within in (1, 24, 168)],
    }
    with open(OUT / "shift.json.gz", "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
        packed.write(json.dumps(rounded(result), separators=(",", ":")).encode())


if __name__ == "__main__":
    main()
