"""Simulated traffic of one model, in hourly counts and in rows, for traffic.py and shift.py.

The service's tests and benchmarks draw the same traffic, number for number, so what is drawn, from which seed and in which
order is part of the definition. σ is the standard deviation of a feature's latent value over all rows, √1.125.

    hours    t = 0, 1, … from Monday 2026-01-05T00:00Z
    rows     Poisson(rows v_t exp(0.1 z_t − 0.005)), z an AR(1); ln v_t = 0.5 cos 2π(h − 14)/24 − 0.3 [weekend] + 0.2 t/T, v of mean 1
    means    μ_tj = 0.5 cos 2π(h − peak_j)/24 + week_j [weekend] + a_tj + 0.1 sin(2π t/8760 + phase_j)
    noise    a_tj = √0.08 (√½ Σ_k load_jk common_tk + √½ own_tj), each an AR(1) of unit variance, memory 0.9
    a row    latent x_j = μ_tj + √0.92 (±√0.3 shared + √0.7 own); the value is x (features 0 to 7), eˣ (8 to 12), sinh 1.2 x
             (from 13 on), or x's category, the shares of the categories in the proportion 1 : 1/2 : 1/3 …
    cells    16 of a number, cut at QUANTILES; those of a category feature are its categories, the 16th holds all further ones
    missing  a share of 0, 1 or 2 % of a feature, and bursts: five a week, geometric(½) hours, 5 to 40 % of one feature or of four
    harsh    `df`: innovations of Student's t; `holidays` in eight weeks: days with 40 % fewer rows and ±0.5 in five features
    score    logistic(0.8 x_0 − 0.6 x_1 + 0.4 x_8 + 0.5 [first category of the first category feature] − 0.5)
    label    1 with the score as probability, known after an exponential delay of six hours on average
"""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

QUANTILES = np.array([.005, .02, .05, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .98, .995])
CELLS = len(QUANTILES) + 1
FIRST_HOUR = 490_992  # since 1970
MEMORY = 0.9
NOISE = 0.08
SIGMA = np.sqrt(1 + 0.5**2 / 2)
HOUR_MS = 3_600_000
# What the parts of a seed after (seed, quarter) say is drawn.
PATHS, COUNTS, ROWS = 0, 1, 2


@dataclass(frozen=True)
class World:
    """What is simulated. rows: on average per hour; df: of the innovations' t distribution, 0 for normal ones."""

    baseline: int = 1344
    production: int = 2184
    numeric: int = 16
    categories: tuple = (5, 12, 40, 200)
    rows: float = 1000.0
    df: int = 0
    holidays: float = 0.0

    @property
    def hours(self):
        return self.baseline + self.production

    @property
    def features(self):
        return self.numeric + len(self.categories)

    def is_numeric(self, feature):
        return feature < self.numeric

    def category_bounds(self, feature):
        """Latent values between neighbouring categories."""
        shares = 1 / np.arange(1, self.categories[feature - self.numeric] + 1)
        return stats.norm.ppf(np.cumsum(shares / shares.sum())[:-1]) * SIGMA

    def cell_bounds(self, feature):
        """Latent values between neighbouring cells."""
        if self.is_numeric(feature):
            return stats.norm.ppf(QUANTILES) * SIGMA
        return self.category_bounds(feature)[: CELLS - 1]


@dataclass(frozen=True)
class Change:
    """What happens to one feature from the hour `onset` on.

    mean:X and category:X move the latent value by X σ, gradual:X/Dd does within D days; scale:X multiplies it; missing:X is a least
    share of missing values; swap exchanges the two largest categories; unit multiplies the values by 1000; labels (in rows only)
    turns the labels round. sign: of mean, category and gradual.
    """

    name: str
    feature: int
    onset: int
    sign: int = 1


def value(feature, latent):
    if feature < 8:
        return latent
    return np.exp(latent) if feature < 13 else np.sinh(1.2 * latent)


def latent(feature, values):
    if feature < 8:
        return values
    return np.log(values) if feature < 13 else np.arcsinh(values) / 1.2


def autoregressive(random, shape, df=0):
    """AR(1) of unit variance along the first axis; the innovations are drawn before the first values."""
    innovations = random.standard_t(df, shape) * np.sqrt((df - 2) / df) if df else random.standard_normal(shape)
    out = np.empty(shape)
    out[0] = random.standard_normal(shape[1:])
    for t in range(1, len(out)):
        out[t] = MEMORY * out[t - 1] + np.sqrt(1 - MEMORY**2) * innovations[t]
    return out


class Paths:
    """Of every hour: `means` of the latent values and shares of `missing` values, by feature, and the number of `rows`."""

    def __init__(self, world, seed, quarter):
        random = np.random.default_rng([seed, quarter, PATHS])
        hours, features = world.hours, world.features
        t = np.arange(hours)
        hour_of_day, is_weekend = t % 24, t // 24 % 7 >= 5
        volume = np.exp(0.5 * np.cos(2 * np.pi * (hour_of_day - 14) / 24) - 0.3 * is_weekend + 0.2 * t / hours)
        rate = world.rows * volume / volume.mean() * np.exp(0.1 * autoregressive(random, (hours,)) - 0.005)
        peak, week, phase = random.uniform(0, 24, features), random.uniform(-.3, .3, features), random.uniform(0, 2 * np.pi, features)
        common = autoregressive(random, (hours, 2), world.df)
        load = random.standard_normal((features, 2))
        load /= np.linalg.norm(load, axis=1, keepdims=True)
        own = autoregressive(random, (hours, features), world.df)
        self.means = (
            0.5 * np.cos(2 * np.pi * (hour_of_day[:, None] - peak) / 24) + np.outer(is_weekend, week)
            + np.sqrt(NOISE) * (np.sqrt(.5) * common @ load.T + np.sqrt(.5) * own)
            + 0.1 * np.sin(2 * np.pi * t[:, None] / 8760 + phase))
        for day in random.choice(hours // 24, int(world.holidays * hours / 1344), replace=False):
            on = slice(24 * day, 24 * day + 24)
            self.means[on, random.choice(features, 5, replace=False)] += random.choice([-.5, .5], 5)
            rate[on] *= 0.6
        self.missing = np.tile(random.choice([0, .01, .02], features), (hours, 1))
        for _ in range(random.poisson(5 * hours / 168)):
            start, length, share = random.integers(hours), random.geometric(.5), random.uniform(.05, .4)
            hit = [random.integers(features)] if random.random() < .8 else random.choice(features, 4, replace=False)
            burst = self.missing[start:start + length]
            burst[:, hit] = np.maximum(burst[:, hit], share)
        self.rows = random.poisson(rate)


class FeaturePaths:
    """Of every hour of one feature: mean and standard deviation of the latent value, share of missing values, bounds between cells."""

    def __init__(self, world, paths, feature, change=None):
        self.means, self.missing = paths.means[:, feature].copy(), paths.missing[:, feature].copy()
        self.deviations = np.full(world.hours, np.sqrt(1 - NOISE))
        self.bounds = np.tile(world.cell_bounds(feature), (world.hours, 1))
        self.is_swapped = np.zeros(world.hours, bool)
        if not change or change.feature != feature:
            return
        since = np.arange(world.hours) - change.onset
        on = since >= 0
        kind, _, amount = change.name.partition(":")
        if kind in ("mean", "category"):
            self.means[on] += change.sign * float(amount) * SIGMA
        elif kind == "gradual":
            size, days = amount.removesuffix("d").split("/")
            self.means += np.clip(since / (24 * float(days)), 0, 1) * change.sign * float(size) * SIGMA
        elif kind == "scale":
            self.means[on] *= float(amount)
            self.deviations[on] *= float(amount)
        elif kind == "missing":
            self.missing[on] = np.maximum(self.missing[on], float(amount))
        elif kind == "unit":
            self.bounds[on] = latent(feature, value(feature, self.bounds[on]) / 1000)
        elif kind == "swap":
            self.is_swapped = on
        elif kind != "labels":
            raise ValueError(f"unknown change {change.name}")


def counts(world, seed, quarter, paths, feature, change=None):
    """Cells (hours × cells) and missing values (hours) of one feature: of each hour one multinomial draw, a binomial for each cell."""
    name = change.name.encode() if change and change.feature == feature else b""
    random = np.random.default_rng([seed, quarter, COUNTS, feature, *name])
    mine = FeaturePaths(world, paths, feature, change if name else None)
    missing = random.binomial(paths.rows, mine.missing)
    left, used = paths.rows - missing, np.zeros(world.hours)
    below = special.ndtr((mine.bounds - mine.means[:, None]) / mine.deviations[:, None])
    cells = np.empty((world.hours, below.shape[1] + 1), np.int64)
    for cell, share in enumerate(below.T):
        cells[:, cell] = random.binomial(left, np.clip((share - used) / np.maximum(1 - used, 1e-300), 0, 1))
        left, used = left - cells[:, cell], share
    cells[:, -1] = left
    cells[mine.is_swapped, :2] = cells[mine.is_swapped, 1::-1]
    return cells, missing


@dataclass(frozen=True)
class Row:
    """Times in ms since 1970; `values` has None where one is missing."""

    time: int
    id: str
    values: list
    score: float
    label: int
    label_time: int


def rows(world, seed, quarter, paths, hour, change=None):
    """The rows of an hour in the order of their times."""
    random = np.random.default_rng([seed, quarter, ROWS, hour])
    n, features = int(paths.rows[hour]), world.features
    side = np.where(np.arange(features) % 2 == 0, -1, 1)
    noise = side * np.sqrt(.3) * random.standard_normal((n, 1)) + np.sqrt(.7) * random.standard_normal((n, features))
    changed = change if change and hour >= change.onset else None
    mine = [FeaturePaths(world, paths, feature, changed) for feature in range(features)]
    x = np.array([one.means[hour] for one in mine]) + np.array([one.deviations[hour] for one in mine]) * noise
    is_missing = random.random((n, features)) < np.array([one.missing[hour] for one in mine])
    columns = []
    for feature, column in enumerate(x.T):
        name = changed.name if changed and changed.feature == feature else ""
        if world.is_numeric(feature):
            found = [round(float(one), 6) for one in value(feature, column) * (1000 if name == "unit" else 1)]
        else:
            place = np.searchsorted(world.category_bounds(feature), column)
            place = np.where((place < 2) & (name == "swap"), 1 - place, place)
            found = [f"c{one}" for one in place]
        columns.append([None if gone else one for gone, one in zip(is_missing[:, feature], found)])
    is_first = x[:, world.numeric] < world.category_bounds(world.numeric)[0]
    score = special.expit(0.8 * x[:, 0] - 0.6 * x[:, 1] + 0.4 * x[:, 8] + 0.5 * is_first - 0.5)
    label = (random.random(n) < score) != bool(changed and changed.name == "labels")
    time = np.sort(random.integers(0, HOUR_MS, n)) + (FIRST_HOUR + hour) * HOUR_MS
    label_time = time + (random.exponential(6.0, n) * HOUR_MS).astype(np.int64)
    return [
        Row(int(time[i]), f"{quarter}-{hour}-{i}", [column[i] for column in columns], round(float(score[i]), 6), int(label[i]),
            int(label_time[i]))
        for i in range(n)]
