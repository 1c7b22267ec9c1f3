#!/usr/bin/env python3
"""Writes functions.json: values of SciPy's distributions, intervals and corrections."""

import numpy as np
from scipy import stats

from golden import write

random = np.random.default_rng(20260303)

write("functions.json", {
    "chi2_sf": [
        [x, k, stats.chi2.sf(x, k)]
        for k in (1, 2, 5, 9, 30, 200) for x in (0, 0.01, 0.5, 1, 3.84, 10, 50, 200, 1000)
    ],
    "f_sf": [
        [x, *freedoms, stats.f.sf(x, *freedoms)]
        for freedoms in ((1.5, 12), (4, 40), (9.3, 300.5)) for x in (0, 0.2, 1, 2.5, 6, 30)
    ],
    # The distribution of one sample of n m / (n + m) values, as ks_2samp's method asymp takes it.
    "ks_two_sample_asymptotic_p": [
        [d, n, m, stats.kstwo.sf(d, round(n * m / (n + m)))]
        for n, m in ((20, 30), (200, 150), (1000, 5000), (100_000, 200_000))
        for d in (0.005, 0.01, 0.03, 0.08, 0.2, 0.5, 0.9)
    ],
    "binomial_at_least": [
        [k, n, p, stats.binom.sf(k - 1, n, p)]
        for k, n, p in ((0, 10, 0.1), (3, 10, 0.05), (40, 500, 0.05), (900, 10_000, 0.08), (5, 5, 0.5))
    ],
    "normal_ppf": [[p, stats.norm.ppf(p)] for p in (1e-12, 1e-6, 0.001, 0.025, 0.31, 0.5, 0.9, 0.999, 1 - 1e-9)],
    "benjamini_hochberg": [
        {"p_values": values, "adjusted": stats.false_discovery_control(values)}
        for values in ([0.01, 0.04, 0.03, 0.005, 0.8], [0.5], [0.0, 1.0, 0.2, 0.2], random.random(20).round(5))
    ],
    "wilson_interval_95": [
        [k, n, *stats.binomtest(k, n).proportion_ci(0.95, method="wilson")]
        for k, n in ((0, 10), (5, 10), (97, 100), (1, 1000))
    ],
})
