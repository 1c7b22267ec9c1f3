"""Levels from the baseline's own evidence, and all that hours are judged by."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage, stats

from .evidence import Rules, accumulate
from .hours import Fit, fit, others, views, whiten
from .streams import table, values


@dataclass(frozen=True)
class Tail:
    """Peaks above u0 come `rate` times per stream and hour; their mean excess has a Gamma(alpha, beta) slope."""

    u0: float
    rate: float
    alpha: float
    beta: float

    def quantile(self, rate):
        """What a peak exceeds `rate` times an hour: the excess with its slope integrated out is Lomax."""
        return self.u0 + stats.lomax(self.alpha, scale=self.beta).isf(min(rate / self.rate, 1))


def peaks(evidence):
    """The highest evidence of each run of hours with any."""
    runs, count = ndimage.label(evidence > 0)
    return list(ndimage.maximum(evidence, runs, range(1, count + 1))) if count else []


def tails(found, stream_hours, settings):
    """One tail of the 20 highest peaks, and one of the 60 highest, or of a fifth of all (20 at least) if that is fewer.

    With fewer than five peaks above a threshold a broad tail is taken.
    """
    found = np.sort(found)
    out = []
    for wanted in settings.tail_counts:
        count = min(wanted, max(20, len(found) // 5), len(found) - 1)
        if count < 5:
            out.append(Tail(0.0, 1.0, 10.0, 10.0))
            continue
        threshold, alpha = found[-count - 1], count + settings.tail_prior
        excess = (found[-count:] - threshold).sum()
        out.append(Tail(threshold, count / stream_hours, alpha, max(excess + settings.tail_prior, alpha)))
    return out


def level(its_tails, highest, rate):
    """A level near the stream's own highest peak is put two mean excesses above that."""
    found = max(tail.quantile(rate) for tail in its_tails)
    return highest + 2 * its_tails[0].beta / its_tails[0].alpha if highest > found - 1 else found


@dataclass
class Calibration:
    """excess (2, K): variance of the innovations of hours that were not fitted; own (2, K): highest peak; tails: of each view, by kind."""

    excess: np.ndarray
    own: np.ndarray
    tails: list


def calibrate(values, rules, settings):
    """Each half of the baseline judged by the fit of the other; halves are whole weeks, whole days with less than two of them."""
    hours, streams = values.y.shape
    unit = 168 if hours >= 336 else 24
    middle = hours // 2 // unit * unit
    halves = slice(0, middle), slice(middle, hours)
    judged = []
    for train, test in (halves, halves[::-1]):
        null = fit(values.part(train), True, settings)
        weights, left = others(whiten(values.part(train), null, settings).u, values.streams, settings.ridge)
        white = whiten(values.part(test), null, settings)
        judged.append((null, white, *views(white, weights, left)))
    hours_judged = sum(white.ok.sum(0) for _, white, _, _ in judged)
    square = sum((np.clip(x, -4, 4) ** 2).sum(0) for _, _, x, _ in judged)
    excess = np.stack([
        values.by_kind(lambda of: max(1.0, square[view, of].sum() / max(hours_judged[of].sum(), 1))) for view in (0, 1)])
    found = [[[] for _ in range(streams)] for _ in (0, 1)]
    for null, white, x, response in judged:
        free, _, _ = accumulate(
            0, x / np.sqrt(excess), response / np.sqrt(excess), white, replace(rules, memory=null.phi), settings,
            np.full((1, 2, streams), np.inf))
        for view in (0, 1):
            for k in range(streams):
                found[view][k] += peaks(free[:, 0, view, k])
    own = np.array([[max(its, default=0.0) for its in view] for view in found])
    pooled = [{
        kind: tails([peak for k in values.of_kind(kind) for peak in view[k]], len(values.of_kind(kind)) * hours, settings)
        for kind in values.kinds} for view in found]
    return Calibration(excess, own, pooled)


@dataclass
class Null:
    """What hours are judged by. f (2, K): variance that innovations have beyond 1; levels (tiers, 2, K)."""

    plan: str
    tables: list
    streams: list
    fit: Fit
    m: np.ndarray
    s: np.ndarray
    f: np.ndarray
    rules: Rules
    levels: np.ndarray
    calibration: Calibration | None
    typical_i: np.ndarray
    typical_gain: np.ndarray


def null(first, subjects, counts, settings):
    """The null of at least seven days: `hours` from 28 days on, `short` from 14 on, else `fixed`, whose levels are no tail's."""
    tables = [table(subject, one, settings) for subject, one in zip(subjects, counts)]
    found = values(first, subjects, counts, tables, settings)
    hours, k = found.y.shape
    plan = "hours" if hours >= 672 else "short" if hours >= 336 else "fixed"
    assert hours >= 168
    its = fit(found, plan != "fixed", settings)
    white = whiten(found, its, settings)
    is_share = np.array([stream.is_share for stream in found.streams])
    m, s = others(white.u, found.streams, settings.ridge + (36 / hours if plan == "fixed" else 0))
    calibration = None
    if plan == "fixed":
        standard_error = np.sqrt(its.var * (1 + its.phi) / ((1 - its.phi) * hours))
        rules = Rules(its.phi, np.where(is_share, settings.cap, np.inf), np.full(k, np.inf),
                      np.maximum(max(settings.tolerance, 0.3), 2 * standard_error))
        f = np.full((2, k), (hours + 24) / (hours - 24))
        levels = np.stack([np.full((2, k), np.log(8 / settings.rate(tier, k)) + 3) for tier in settings.tiers])
    else:
        is_heavy = np.abs(white.u).max(0) > settings.heavy
        is_bursty = is_heavy | (found.by_kind(lambda of: is_heavy[of].mean()) > 1 / 3) | (is_share & (plan == "short"))
        rules = Rules(its.phi, np.where(is_bursty, settings.cap, np.inf),
                      settings.beyond * found.by_kind(lambda of: np.abs(white.r[:, of]).max()), np.full(k, settings.tolerance))
        calibration = calibrate(found, rules, settings)
        f = (1 + calibration.excess) / 2
        levels = np.array([[[
            level(calibration.tails[view][stream.kind], calibration.own[view, q], settings.rate(tier, k))
            for q, stream in enumerate(found.streams)] for view in (0, 1)] for tier in settings.tiers])
    if plan != "hours":
        floor = np.array([tier.share_floor for tier in settings.tiers])[:, None, None]
        levels = np.where(is_share, np.maximum(levels, floor), levels)
    typical = [np.nanmedian(np.where(white.ok, array, np.nan), 0) for array in (white.response, white.gain)]
    return Null(plan, tables, found.streams, its, m, s, f, rules, levels, calibration, *typical)
