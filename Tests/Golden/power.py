#!/usr/bin/env python3
"""Writes power.json: what a distance comes to in a window of n rows, the chance that a step is found, and the smallest that is.

Distances and their slopes are taken from SciPy by numerical differentiation in the share of each place, and not from formulas; the rest
of the delta method is as in Sources/LeewayStatistics/Power.
"""

import numpy as np
from scipy import optimize, stats
from scipy.spatial import distance

from golden import write

random = np.random.default_rng(20261130)
FLOOR = 1e-4
POWER = 0.8


def psi(p, q):
    p, q = np.maximum(p, FLOOR), np.maximum(q, FLOOR)
    return float(np.sum((q - p) * np.log(q / p)))


def slopes(value, q, step=1e-6):
    """d value(q) / d q by central differences, each share by itself."""
    found = []
    for place in range(len(q)):
        up, down = q.copy(), q.copy()
        up[place] += step
        down[place] -= step
        found.append((value(up) - value(down)) / (2 * step))
    return np.array(found)


def variance(q, slope, n):
    return float(np.sum(q * slope**2) - np.sum(q * slope) ** 2) / n


def divergence(p, q):
    """Jensen–Shannon in bits of shares that need not sum to 1: the metric's square."""
    middle = (p + q) / 2
    return float((np.sum(p * np.log2(p / middle)) + np.sum(q * np.log2(q / middle))) / 2)


def of_bins(p, q, n, baseline_rows):
    k = len(p) - 1
    root = lambda square, noise, spread: (np.sqrt(square + noise), np.sqrt(spread) / (2 * np.sqrt(square + noise)))
    squared = distance.jensenshannon(p, q, base=2) ** 2
    assert np.isclose(squared, divergence(p, q))
    hellinger = 1 - np.sum(np.sqrt(p * q))
    sides = [(q - p, np.sqrt(q * (1 - q) / n))]
    folded = [stats.foldnorm.mean(abs(mean) / scale, scale=scale) for mean, scale in zip(*sides[0])]
    at = int(np.argmax(np.abs(q - p)))
    expected = (baseline_rows * p + n * q) / (baseline_rows + n)
    noncentral = float(np.sum((p - q) ** 2 / expected) * baseline_rows * n / (baseline_rows + n))
    return {
        "psi": [psi(p, q) + k / n, np.sqrt(variance(q, slopes(lambda x: psi(p, x), q), n))],
        "jensen_shannon": root(
            squared, k / (8 * np.log(2) * n), variance(q, slopes(lambda x: divergence(p, x), q), n)),
        "hellinger": root(
            hellinger, k / (8 * n), variance(q, slopes(lambda x: 1 - np.sum(np.sqrt(p * x)), q), n)),
        "total_variation": [
            sum(folded) / 2, np.sqrt(variance(q, slopes(lambda x: np.sum(np.abs(x - p)) / 2, q), n))],
        "l_infinity": [abs(q[at] - p[at]), np.sqrt(q[at] * (1 - q[at]) / n)],
        "chi_squared": [stats.ncx2.mean(k, noncentral), stats.ncx2.std(k, noncentral)],
    }


def of_places(places, p, q, n):
    widths = np.diff(places)
    below = lambda x: np.cumsum(x)[:-1]
    f, g = below(p), below(q)
    energy = lambda x: 2 * np.sum((below(p) - below(x)) ** 2 * widths)
    area = stats.wasserstein_distance(places, places, p, q)
    assert np.isclose(np.sqrt(energy(q)), stats.energy_distance(places, places, p, q))
    noise = np.sqrt(2 / (np.pi * n)) * np.sum(np.sqrt(g * (1 - g)) * widths)
    mean = np.sqrt(energy(q) + 2 * np.sum(g * (1 - g) * widths) / n)
    at = int(np.argmax(np.abs(f - g)))
    return {
        "ks": [abs(f[at] - g[at]), np.sqrt(g[at] * (1 - g[at]) / n)],
        "wasserstein": [
            np.hypot(area, noise),
            np.sqrt(variance(q, slopes(lambda x: np.sum(np.abs(f - below(x)) * widths), q, 1e-9), n))],
        "energy": [mean, np.sqrt(variance(q, slopes(energy, q), n)) / (2 * mean)],
    }


def chance(step, response, gain, memory, level, tolerance, horizon):
    """The largest chance over the hypotheses' sizes and the hours at which it is looked at, of evidence that is normal."""
    hours = np.arange(horizon)
    best = 0.0
    for size in (0.25, 0.5, 1.0, 2.0):
        seen, expectation = [], 0.0
        for _ in hours:
            seen.append(1 - expectation)
            expectation = memory * (expectation + gain * seen[-1])
        seen = np.array(seen) * response
        wander = np.where(hours == 0, 0.0, min(tolerance, 0.8 * size))
        weight = (size - wander) * seen
        mean = np.cumsum(weight * (step * seen - (size + wander) * seen / 2))
        spread = np.sqrt(np.cumsum(weight**2))
        looked = [t - 1 for t in (1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 504) if t <= horizon]
        best = max(best, float(stats.norm.cdf((mean[looked] - level) / spread[looked]).max()))
    return best


def shift(case):
    smallest = optimize.brentq(lambda x: chance(x, **case) - POWER, 0, 20, xtol=1e-10) if chance(20, **case) > POWER else 20
    return {**case, "step": 0.6, "chance": chance(0.6, **case), "smallest": smallest}


def ratio(was, rows, limit, significance, share):
    """The smallest rise that a window of which `share` has it shows, the exact test at the limit included."""
    fires = [k for k in range(rows + 1) if k >= limit * rows and stats.binom.sf(k - 1, rows, limit) <= significance]
    found = lambda rise: stats.binom.sf(fires[0] - 1, rows, min(was + share * rise, 1)) - POWER
    size = optimize.brentq(found, 0, 1 - was, xtol=1e-12) if found(1 - was) >= 0 else None
    return {"was": was, "rows": rows, "limit": limit, "significance": significance, "share": share, "size": size}


bins, places = [], []
for k, n, baseline_rows in ((3, 200, 5000), (8, 1000, 20_000), (11, 24_000, 100_000), (11, 700, 700)):
    p = random.dirichlet(np.full(k, 4.0))
    q = 0.6 * p + 0.4 * random.dirichlet(np.full(k, 4.0))
    bins.append({"p": p, "q": q, "n": n, "m": baseline_rows, **of_bins(p, q, n, baseline_rows)})
for k, n in ((5, 200), (40, 3000), (300, 24_000)):
    at = np.sort(random.normal(50, 20, k))
    p, q = random.dirichlet(np.full(k, 2.0)), random.dirichlet(np.full(k, 2.0))
    places.append({"places": at, "p": p, "q": q, "n": n, **of_places(at, p, q, n)})

write("power.json", {
    "bins": bins,
    "places": places,
    "shift": [
        shift({"response": r, "gain": g, "memory": m, "level": level, "tolerance": 0.1, "horizon": h})
        for r, g, m, level in ((3.0, 0.6, 0.9, 16.0), (12.0, 0.9, 0.5, 11.0), (1.2, 0.3, 0.98, 18.5), (0.4, 0.2, 0.0, 14.0))
        for h in (1, 24, 168, 504)
    ],
    "ratio": [
        ratio(was, rows, limit, significance, share)
        for was, rows, limit, significance in ((0.0, 200, 0.05, 0.01), (0.02, 1000, 0.05, 0.005), (0.1, 5000, 0.3, 0.01))
        for share in (1.0, 0.25, 0.04)
    ],
})
