"""What hours do by themselves: their profile, their memory, and what other streams explain; taken out of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg
from sklearn.linear_model import Ridge


def of_week(hours, settings):
    """Hour of the week from Monday 00:00 on; 1970 began on a Thursday."""
    return (np.asarray(hours) + 3 * 24 + settings.utc_offset) % 168


def profile(values, has_week, settings):
    """Expected y by hour of the week (168, K), NaN where the baseline has none.

    The mean of the hour of the day on weekdays or at weekends, and λ of what the hour of the week differs from it: λ = 1 − (variance
    of that difference by chance) / (its mean square), within [0, 1], 0 with less than two weeks.
    """
    hour = of_week(values.hours, settings)
    y = pd.DataFrame(np.where(values.n > 0, values.y, np.nan))
    week = np.arange(168)
    by_day = y.groupby(hour % 24).mean().reindex(week % 24).to_numpy()
    if not has_week:
        return by_day
    kind_of_day = lambda hour: hour % 24 + np.where(hour >= 120, 24, 0)
    base = y.groupby(kind_of_day(hour)).mean().reindex(kind_of_day(week)).to_numpy()
    base = np.where(np.isnan(base), by_day, base)
    if len(y) < 336:
        return base
    groups = (y - base[hour]).groupby(hour)
    difference, variance, count = (found.reindex(week).to_numpy() for found in (groups.mean(), groups.var(), groups.count()))
    is_used = count >= 2
    difference = np.where(is_used, difference, 0)
    by_chance = np.where(is_used, variance / np.maximum(count, 1), 0).sum(0)
    square = np.maximum((difference**2).sum(0), 1e-12 * np.maximum(is_used.sum(0), 1))
    return base + np.clip(1 - by_chance / square, 0, 1) * difference


@dataclass
class Fit:
    """profile (168, K), and of each stream: variance per row c, variance `var` and memory `phi` of the hours' own AR(1)."""

    profile: np.ndarray
    c: np.ndarray
    var: np.ndarray
    phi: np.ndarray


def innovations(r, noise, variance, memory):
    """u, of variance 1 and without memory, and S, the variance of r given the hours before, from a factor of r's covariance.

    The covariance of two hours is variance · memory^(hours between them), to which each hour's own adds its sampling noise.
    NaN in r: no value in that hour.
    """
    there = np.flatnonzero(np.isfinite(r))
    own = linalg.toeplitz(variance * memory ** np.arange(len(r)))
    factor = linalg.cholesky(own[np.ix_(there, there)] + np.diag(noise[there]), lower=True)
    u, s = np.full(len(r), np.nan), np.full(len(r), np.nan)
    u[there] = linalg.solve_triangular(factor, r[there], lower=True)
    s[there] = np.diag(factor) ** 2
    return u, s


def residuals(values, expected, settings):
    """r (T, K) = y − profile, NaN where there is no value or no profile."""
    return np.where(values.n > 0, values.y - expected[of_week(values.hours, settings)], np.nan)


def fit(values, has_week, settings):
    """Residuals are clipped at four robust deviations, u² at 16, so that a burst does not stretch the null."""
    expected = profile(values, has_week, settings)
    residual = residuals(values, expected, settings)
    streams = residual.shape[1]
    c = (values.w * values.n).sum(0) / np.maximum(values.n.sum(0), 1)
    noise = np.where(np.isfinite(residual), c / np.maximum(values.n, 1), np.nan)
    variance, memory = np.empty(streams), np.empty(streams)
    for k in range(streams):
        r, sampling = residual[:, k], noise[:, k]
        limit = 4 * max(1.4826 * np.nanmedian(np.abs(r)), np.sqrt(np.nanmedian(sampling)))
        r = np.clip(r, -limit, limit)
        variance[k] = max(np.nanmean(r**2) - np.nanmean(sampling), 0.02 * np.nanmean(sampling) + 1e-9)
        likelihoods = []
        for phi in settings.phis:
            u, s = innovations(r, sampling, variance[k], phi)
            likelihoods.append(-np.nansum(np.log(s) + np.minimum(u**2, 16)) / 2)
        memory[k] = settings.phis[int(np.argmax(likelihoods))]
    return Fit(expected, c, variance, memory)


@dataclass
class White:
    """(T, K): residuals r, whether there is a value, innovations u, the response of u to a unit step, and the filter's gain."""

    r: np.ndarray
    ok: np.ndarray
    u: np.ndarray
    response: np.ndarray
    gain: np.ndarray


def whiten(values, null, settings):
    r = residuals(values, null.profile, settings)
    ok = np.isfinite(r)
    noise = null.c / np.maximum(values.n, 1)
    pairs = [innovations(r[:, k], noise[:, k], null.var[k], null.phi[k]) for k in range(r.shape[1])]
    u, s = (np.stack(arrays, 1) for arrays in zip(*pairs))
    return White(*(np.where(ok, array, 0) for array in (r, ok, u, 1 / np.sqrt(s), 1 - noise / s)))


def others(u, streams, ridge):
    """Weights M (K, K) of every stream's u on the location and category streams of other subjects, and the share of its power left."""
    clipped = np.clip(u, -4, 4)
    weights = np.zeros((len(streams),) * 2)
    for subject in {stream.subject for stream in streams}:
        mine = [k for k, stream in enumerate(streams) if stream.subject == subject]
        rest = [k for k, stream in enumerate(streams) if stream.subject != subject and stream.kind in ("location", "category")]
        if rest:
            model = Ridge(alpha=ridge * len(u), fit_intercept=False, solver="cholesky").fit(clipped[:, rest], clipped[:, mine])
            weights[np.ix_(mine, rest)] = model.coef_
    wide = np.clip(u, -6, 6)
    power, left = (wide**2).mean(0), (np.clip(u - wide @ weights.T, -6, 6) ** 2).mean(0)
    return weights, np.where(power > 0, np.maximum(left, 1e-9) / np.maximum(power, 1e-9), 1)


def views(white, weights, left):
    """x and its response to a unit step, both (T, 2, K)."""
    v = (white.u - np.clip(white.u, -6, 6) @ weights.T) / np.sqrt(left)
    return np.stack([white.u, v], 1), np.stack([white.response, white.response / np.sqrt(left)], 1)
