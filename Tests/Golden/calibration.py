#!/usr/bin/env python3
"""Writes calibration.json.

Calibration lines with their standard errors, and calibration in the large, by statsmodels' binomial GLM: of the label on the
logit of the score, and on nothing but a constant with that logit as the offset.
"""
import json
import pathlib
import sys

import numpy as np
import statsmodels.api as sm

OUT = pathlib.Path(sys.argv[1])
out = []
for seed, n, shift, slope in ((1, 200, 0.0, 1.0), (2, 500, 0.7, 1.0), (3, 1000, -0.4, 0.6), (4, 300, 2.5, 1.4), (5, 60, 0.0, 0.3)):
    random = np.random.default_rng(seed)
    scores = np.clip(np.round(random.beta(1.3, 2.1, n), 3), 0.001, 0.999)
    logits = np.log(scores / (1 - scores))
    labels = (random.random(n) < 1 / (1 + np.exp(-(shift + slope * logits)))).astype(int)
    family = sm.families.Binomial()
    line = sm.GLM(labels, sm.add_constant(logits), family=family).fit(tol=1e-14, maxiter=200)
    large = sm.GLM(labels, np.ones(n), family=family, offset=logits).fit(tol=1e-14, maxiter=200)
    out.append({
        "scores": scores.tolist(), "labels": labels.tolist(),
        "intercept": line.params[0], "slope": line.params[1], "intercept_error": line.bse[0], "slope_error": line.bse[1],
        "in_the_large": large.params[0], "in_the_large_error": large.bse[0]})
(OUT / "calibration.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
