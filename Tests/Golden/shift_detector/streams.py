"""Settings, and the hourly values of the streams that counts become."""

from dataclasses import dataclass, field

import numpy as np
from scipy import stats

SHARES = ("missing", "invalid", "unseen", "outside")


@dataclass(frozen=True)
class Tier:
    """One false alarm of the whole model in `hours` × `safety`; share_floor: least level of shares with under 28 days of baseline."""

    name: str
    hours: float
    safety: float
    share_floor: float


@dataclass(frozen=True)
class Settings:
    """tolerance: wander that is no drift; heavy: largest |u| of a stream without bursts; cap: nats an hour of one with;
    beyond: so many times the baseline's largest |r| lifts the cap; tail_counts, tail_prior: peaks behind a level."""

    tiers: tuple = (Tier("critical", 2184.0, 2.0, 30.0), Tier("warning", 168.0, 1.0, 0.0))
    shares: tuple = SHARES
    largest: int = 8
    sizes: tuple = (0.25, 0.5, 1.0, 2.0)
    tolerance: float = 0.1
    phis: tuple = (0.0, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
    ridge: float = 0.05
    heavy: float = 6.0
    cap: float = 2.0
    beyond: float = 2.0
    tail_counts: tuple = (20, 60)
    tail_prior: float = 5.0
    spread_rows: int = 10
    utc_offset: int = 0
    total_streams: int | None = None

    @property
    def hypotheses(self):
        return np.concatenate([self.sizes, np.negative(self.sizes)])

    def rate(self, tier, streams):
        """Times an hour that a stream in one view may exceed its level."""
        return 1 / (tier.safety * tier.hours * 2 * (self.total_streams or streams))


@dataclass(frozen=True)
class Subject:
    """other: the cell that holds many categories, which is never a stream."""

    name: str
    numeric: bool
    other: int | None


@dataclass(frozen=True)
class Counts:
    """Rows by hour of one subject; `cells` (T, C) are its valid values but for `unseen`, and hold `outside` too."""

    cells: np.ndarray
    missing: np.ndarray
    invalid: np.ndarray
    unseen: np.ndarray
    outside: np.ndarray

    def part(self, hours):
        return Counts(**{name: array[hours] for name, array in vars(self).items()})


def scores(total):
    """Shares p of the baseline's cells and their mean normal scores s, of mean 0 and variance 1 under p.

    The mean of a normal variable between its quantiles at F₋ and F is (φ(z₋) − φ(z)) / p. An empty cell takes the quantile at F,
    half a row away from 0 and 1 at least.
    """
    rows = total.sum()
    p = total / rows
    if np.count_nonzero(total) < 2:
        return p, np.zeros(len(p))
    reached = np.clip(np.append(0, np.cumsum(p)), 0, 1)
    density = stats.norm.pdf(stats.norm.ppf(np.clip(reached, 1e-12, 1 - 1e-12)))
    s = stats.norm.ppf(np.clip(reached[1:], 0.5 / rows, 1 - 0.5 / rows))
    s[p > 0] = -np.diff(density)[p > 0] / p[p > 0]
    s -= np.average(s, weights=p)
    return p, s / np.sqrt(np.average(s**2, weights=p))


@dataclass(frozen=True)
class Table:
    """Of one subject's baseline: shares and scores of its cells, and its largest categories."""

    p: np.ndarray
    s: np.ndarray
    largest: list


def table(subject, counts, settings):
    total = counts.cells.sum(0).astype(float)
    p, s = scores(total)
    if subject.numeric:
        return Table(p, s, [])
    by_size = np.argsort(-total, kind="stable")
    largest = [int(cell) for cell in by_size if total[cell] > 0 and cell != subject.other]
    return Table(p, np.zeros(len(p)), largest[: settings.largest])


@dataclass(frozen=True)
class Stream:
    subject: int
    kind: str
    cell: int = -1

    @property
    def is_share(self):
        return self.kind in SHARES


def angle(k, n):
    """Anscombe's transform of a share k/n; its sampling variance is about 1/n."""
    return 2 * np.arcsin(np.sqrt((k + 3 / 8) / (n + 3 / 4)))


@dataclass
class Values:
    """Of every stream and hour (T, K): y, the rows n behind it (0: no value), and w, its variance per row."""

    first: int
    streams: list = field(default_factory=list)
    y: np.ndarray = None
    n: np.ndarray = None
    w: np.ndarray = None

    def part(self, hours):
        return Values(self.first + hours.start, self.streams, self.y[hours], self.n[hours], self.w[hours])

    @property
    def hours(self):
        return self.first + np.arange(len(self.y))

    def of_kind(self, kind):
        return np.array([k for k, stream in enumerate(self.streams) if stream.kind == kind])

    @property
    def kinds(self):
        return list(dict.fromkeys(stream.kind for stream in self.streams))

    def by_kind(self, number):
        """(K,): every stream has the number of its kind."""
        found = {kind: number(self.of_kind(kind)) for kind in self.kinds}
        return np.array([found[stream.kind] for stream in self.streams])


def values(first, subjects, counts, tables, settings):
    streams, columns = [], []
    for j, (subject, one, its) in enumerate(zip(subjects, counts, tables)):
        valid = (one.cells.sum(1) + one.unseen).astype(float)
        if subject.numeric:
            rows = np.maximum(valid, 1)
            y = one.cells @ its.s / rows
            away = its.s - y[:, None]
            m2 = np.maximum((one.cells * away**2).sum(1) / rows, 1e-4)
            m4 = (one.cells * away**4).sum(1) / rows
            sample = np.maximum(m2 * rows / np.maximum(rows - 1, 1), 1e-3)
            streams += [Stream(j, "location"), Stream(j, "spread")]
            columns += [
                (y, valid, m2),
                (np.log(sample), np.where(valid >= settings.spread_rows, valid, 0), np.clip(m4 / m2**2 - 1, 0.2, 20)),
            ]
        parts = [("category", cell, one.cells[:, cell], valid) for cell in its.largest]
        of = {"missing": valid + one.missing, "invalid": valid + one.missing + one.invalid}
        parts += [
            (kind, -1, getattr(one, kind), of.get(kind, valid))
            for kind in settings.shares if kind != ("unseen" if subject.numeric else "outside")
        ]
        for kind, cell, k, n in parts:
            streams.append(Stream(j, kind, cell))
            columns.append((angle(k, n), n, np.ones(len(n))))
    y, n, w = (np.stack(arrays, 1).astype(float) for arrays in zip(*columns))
    return Values(first, streams, y, n, w)
