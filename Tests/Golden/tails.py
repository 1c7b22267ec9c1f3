#!/usr/bin/env python3
"""Writes kolmogorov.json and tails.json.

The Kolmogorov distribution is SciPy's kstwo; the tails are mpmath's at 50 digits. Where it is computed are quantiles of that
distribution, to about 10⁻⁵: SciPy's search for them ends where the processor's rounding lets it. So the points in place are kept.
"""
import json
import pathlib
import sys

import mpmath as mp
import numpy as np
from scipy import stats

OUT = pathlib.Path(sys.argv[1])
IN_PLACE = pathlib.Path(__file__).resolve().parent.parent / "StatisticsTests/Fixtures/kolmogorov.json"
mp.mp.dps = 50


def dump(name, value):
    (OUT / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


in_place = json.loads(IN_PLACE.read_text()) if IN_PLACE.exists() else []


def kept(row, d):
    """The point in place, if it is the same but for the last digits."""
    there = in_place[row][0] if row < len(in_place) else d
    return there if np.isclose(there, d, rtol=1e-4, atol=0) else d


rows = []
for n in (1, 2, 3, 5, 10, 17, 30, 50, 77, 100, 139, 140, 141, 142, 160, 200, 300, 500, 599, 600, 601, 700, 1000, 2000, 3000,
          10000, 30000, 100000, 300000, 1000000):
    for p in (1 - 1e-6, 0.999, 0.95, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 1e-3, 1e-4, 1e-5, 1e-7, 1e-9, 1e-11, 1e-12):
        d = float(np.clip(stats.kstwo.isf(p, n), 0, 1))
        d = kept(len(rows), float(f"{d:.10g}"))
        rows.append([d, n, float(stats.kstwo.sf(d, n))])
    for spread in (0.5, 0.75, 0.76, 1.5, 2.19, 2.21, 3.99, 4.01, 10.0):  # both sides of every change of method
        d = float(f"{(spread / n) ** 0.5:.10g}")
        if d < 1:
            rows.append([d, n, float(stats.kstwo.sf(d, n))])
dump("kolmogorov.json", rows)


def chi2_sf(x, k):
    return float(mp.gammainc(mp.mpf(k) / 2, mp.mpf(x) / 2, mp.inf, regularized=True))


def beta_tail(x, a, b):
    return float(mp.betainc(a, b, 0, x, regularized=True))


def binomial_at_least(k, n, p):
    """The sum itself, until the terms vanish."""
    p = mp.mpf(p)
    term = mp.exp(mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1) + k * mp.log(p) + (n - k) * mp.log1p(-p))
    total, j = mp.mpf(0), k
    while j <= n and (term > total * mp.mpf(10) ** -30 or j < n * p):
        total += term
        term *= mp.mpf(n - j) / (j + 1) * p / (1 - p)
        j += 1
    return float(total)


dump("tails.json", {
    "chi2_sf": [[x, k, chi2_sf(x, k)] for k in (1, 3, 10, 99, 999, 5000)
                for x in (1e-8, 0.3, k * 0.5, k * 0.9, k * 1.0, k * 1.1, k * 1.5, k + 100.0, k + 600.0, k + 1300.0)],
    "f_sf": [[x, a, b, beta_tail(mp.mpf(b) / (mp.mpf(b) + mp.mpf(a) * mp.mpf(x)), mp.mpf(b) / 2, mp.mpf(a) / 2)]
             for a, b in ((0.3, 2.4), (1.5, 12.0), (20.0, 80.0), (7.7, 4000.0), (150.0, 150.0))
             for x in (0.01, 0.5, 0.99, 1.01, 1.7, 4.0, 20.0, 500.0)],
    "binomial_at_least": [[k, n, p, binomial_at_least(k, n, p)] for k, n, p in (
        (1, 1, 0.25), (1, 1000000, 1e-7), (50, 1000, 0.05), (5300, 100000, 0.05), (50500, 1000000, 0.05),
        (52000, 1000000, 0.05), (40, 200, 0.5), (200, 200, 0.5), (999990, 1000000, 0.99999), (3000, 100000000, 2e-5))],
    "normal_sf": [[x, float(mp.erfc(mp.mpf(x) / mp.sqrt(2)) / 2)] for x in (-8.0, -1.0, 0.0, 0.5, 3.0, 9.0, 25.0, 37.0)],
    "normal_ppf": [[p, float(-mp.sqrt(2) * mp.erfinv(1 - 2 * mp.mpf(p)))] for p in (1e-15, 1e-9, 0.02, 0.2, 0.49, 0.5001, 0.6, 0.8, 0.975, 0.99)],
    "student_sf": [[t, k, float(stats.t.sf(t, k))] for k in (1.0, 2.5, 30.0, 1000.0) for t in (-3.0, 0.0, 0.1, 2.0, 10.0, 60.0)],
})
