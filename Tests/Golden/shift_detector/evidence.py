"""Evidence of a lasting step: how it grows, when it is an alarm, the incidents of alarms, and which step is found within which time."""

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Rules:
    """Of every stream: memory, cap in nats an hour, the |r| that lifts it, and tolerated wander."""

    memory: np.ndarray
    cap: np.ndarray
    beyond: np.ndarray
    tolerance: np.ndarray


@dataclass(frozen=True)
class Alarm:
    """size: mean of r since `start`, when the step is supposed to have begun."""

    hour: int
    tier: int
    stream: int
    view: int
    w: float
    level: float
    delta: float
    size: float
    start: int


def accumulate(first, x, response, white, rules, settings, levels):
    """Evidence in nats: `free` of any hypothesis, `held` of those whose mean of r agrees, both (T, tiers, 2, K), and the alarms.

    With d = δ · response, a step that begins now has the log-likelihood ratio d (x − d/2) against none; one that goes on, of which
    the filter has learnt the part b and sees e = d (1 − b), (e − e₀)(x − (e + e₀)/2) against a wander e₀ of at most 0.8 |δ|. The
    larger of the two is kept, and no evidence is below 0. What agrees is on δ's side with at least |δ|/2. An alarm ends all
    hypotheses of its tier, stream and view.
    """
    delta = settings.hypotheses
    sign, size = np.sign(delta), np.abs(delta)
    shape = (*levels.shape, len(delta))
    evidence, learnt, total, rows, start = (np.zeros(shape) for _ in range(5))
    free, held, alarms = [], [], []
    for t in range(len(x)):
        r, ok, gain = white.r[t][:, None], white.ok[t][:, None], white.gain[t][:, None]
        limit = np.where(np.abs(r) > rules.beyond[:, None], np.inf, rules.cap[:, None])
        d = delta * response[t][..., None]
        now = x[t][..., None]
        begins = np.minimum(d * (now - d / 2), limit)
        wander = sign * np.minimum(rules.tolerance[:, None], 0.8 * size) * response[t][..., None] * (1 - learnt)
        seen = d * (1 - learnt)
        goes_on = evidence + np.minimum((seen - wander) * (now - (seen + wander) / 2), limit)
        is_new = (begins >= goes_on) | (evidence <= 0)
        evidence = np.where(is_new, begins, goes_on)
        learnt = np.where(is_new, 0, learnt)
        learnt = rules.memory[:, None] * (learnt + gain * (1 - learnt))
        total, rows = np.where(is_new, r, total + r), np.where(is_new, 0, rows) + ok
        start = np.where(is_new, first + t, start)
        for array in (evidence, learnt, total, rows):
            array[evidence < 0] = 0
        agreeing = np.where(sign * total >= size / 2 * rows, evidence, 0)
        free.append(evidence.max(-1))
        held.append(agreeing.max(-1))
        hit = held[-1] >= levels
        for tier, stream, view in np.argwhere(hit.swapaxes(1, 2)).tolist():
            at = (tier, view, stream, int(agreeing[tier, view, stream].argmax()))
            alarms.append(Alarm(
                first + t, tier, stream, view, held[-1][at[:3]], levels[at[:3]], delta[at[3]], total[at] / rows[at], int(start[at])))
        for array in (evidence, learnt, total, rows):
            array[hit] = 0
    return np.array(free), np.array(held), alarms


def incidents(alarms, white, first, streams):
    """What opens and closes, by hour, tier and subject: opened by the first alarm, closed after 24 hours without one once the mean
    of r over a day is less than half of the step that opened it."""
    out, open_ = [], {}
    for t in range(len(white.r)):
        for alarm in (one for one in alarms if one.hour == first + t):
            key = (alarm.tier, streams[alarm.stream].subject)
            if key not in open_:
                out.append(["opened", alarm.hour, *key])
            open_[key] = (open_[key][0] if key in open_ else alarm, alarm.hour)
        for key, (opening, latest) in list(open_.items()):
            day = slice(max(t - 23, 0), t + 1)
            mean = white.r[day, opening.stream].sum() / max(white.ok[day, opening.stream].sum(), 1)
            if first + t - latest >= 24 and np.sign(opening.delta) * mean < abs(opening.delta) / 2:
                out.append(["closed", first + t, *key])
                del open_[key]
    return out


LOOKS = (1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 504)


def power(step, response, gain, memory, level, tolerance, horizon, settings):
    """Chance that a lasting step is an alarm within `horizon` hours: the best of the bank's sizes and of the hours looked at."""
    sizes = np.array(settings.sizes)
    part = np.empty(horizon)  # what the filter has left of a step, hour by hour
    learnt = 0.0
    for t in range(horizon):
        part[t] = 1 - learnt
        learnt = memory * (learnt + gain * part[t])
    wander = np.where(np.arange(horizon)[:, None] == 0, 0, np.minimum(tolerance, 0.8 * sizes))
    seen = (part * response)[:, None]
    weight = (sizes - wander) * seen
    mean = np.cumsum(weight * seen * (step - (sizes + wander) / 2), 0)
    deviation = np.sqrt(np.cumsum(weight**2, 0))
    looks = [hours - 1 for hours in LOOKS if hours <= horizon]
    return stats.norm.cdf((mean[looks] - level) / deviation[looks]).max()


def smallest_step(null, stream, tier, horizon, settings, wanted=0.8):
    """The smallest step in [0, 20] that is found so, by 30 halvings, in the better view."""
    found = []
    for view in (0, 1):
        scale = np.sqrt(null.f[view, stream] * (null.s[stream] if view else 1))
        low, high = 0.0, 20.0
        for _ in range(30):
            middle = (low + high) / 2
            is_found = power(
                middle, null.typical_i[stream] / scale, null.typical_gain[stream], null.fit.phi[stream],
                null.levels[tier, view, stream], null.rules.tolerance[stream], horizon, settings) >= wanted
            low, high = (low, middle) if is_found else (middle, high)
        found.append(high)
    return min(found)
