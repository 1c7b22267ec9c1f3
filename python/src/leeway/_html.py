"""The summary of a result as HTML and SVG, for notebooks and as a page: no scripts, nothing fetched, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Optional

import pandas as pd

from ._results import TIERS

if TYPE_CHECKING:
    from ._replay import Result

# Limits, so that a long replay stays a page that a notebook can hold.
MOST_SUBJECTS = 12
MOST_CHARTS = 6
MOST_INCIDENTS = 20
MOST_WARNINGS = 10
MOST_POINTS = 300
MOST_TEXT = 120

# Readable on white and on black, and told apart by their words too.
_COLOURS = {"ok": "#2e8b57", "info": "#3f7fd0", "warning": "#c77700", "critical": "#d1383d", "insufficient_data": "#808080"}
_STYLE = (
    "<style>.leeway{font:14px/1.45 system-ui,sans-serif;max-width:60em}"
    ".leeway h3{margin:1.1em 0 .3em;font-size:1.05em}.leeway p{margin:.3em 0}"
    ".leeway table{border-collapse:collapse;margin:.3em 0;font:inherit}.leeway td svg{max-width:none}"
    ".leeway th,.leeway td{text-align:left;padding:.2em .8em .2em 0;border-bottom:1px solid #8885;vertical-align:middle}"
    ".leeway .w{white-space:nowrap}"
    ".leeway .n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.leeway figure{margin:.5em 0}"
    ".leeway figcaption{margin-bottom:.2em}.leeway figure svg{max-width:100%;height:auto}</style>"
)
#: Distances by which subjects are ranked, the first that a result has.
_DISTANCES = ("psi", "jensen_shannon", "ks", "wasserstein_normalised")
_MAIN_METRICS = ("auc", "accuracy", "mae")


def page(result: Result) -> str:
    """A whole document."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{_t(_title(result))}</title></head><body>\n{summary_html(result)}\n</body></html>\n"
    )


def summary_html(result: Result) -> str:
    """The part of a document that notebooks show."""
    parts = [_STYLE, f"<h2>{_t(_title(result))}</h2>", _overview(result)]
    parts += [_moved(result), _performance(result), _incidents(result)]
    return f'<div class="leeway">{"".join(parts)}</div>'


def _title(result: Result) -> str:
    return "Leeway: " + (", ".join(sorted({str(line["monitor"]) for line in result.lines})) or "no results")


def _t(text: Any) -> str:
    """Any text from outside, shortened and escaped."""
    text = str(text)
    return escape(text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…", quote=True)


def _number(value: Any) -> str:
    if value is None or pd.isna(value):
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _when(moment: Any) -> str:
    return "–" if pd.isna(moment) else f"{moment:%Y-%m-%d %H:%M}"


def _tier(tier: Any) -> str:
    if pd.isna(tier):
        return "–"
    word = "not judged" if tier == "insufficient_data" else str(tier)
    return f'<span style="color:{_COLOURS.get(str(tier), "#808080")}">● </span>{_t(word)}'


def _table(head: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML. The second part of a heading says whether its column is of numbers."""
    cells = "".join(f'<th scope="col"{_n(is_number)}>{_t(name)}</th>' for name, is_number in head)
    body = "".join("<tr>" + "".join(f"<td{_n(is_number)}>{cell}</td>" for cell, (_, is_number) in zip(row, head)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def _n(is_number: bool) -> str:
    return ' class="n"' if is_number else ""


def _overview(result: Result) -> str:
    drift = result.drift
    parts = []
    if len(drift):
        parts.append(f"<p>Windows from {_when(drift['start'].min())} to {_when(drift['end'].max())} UTC.</p>")
    parts += [f"<p>{escape(line)}</p>" for line in result.summary]
    verdicts = result.verdicts
    if len(verdicts) and not result.summary:
        counts = verdicts["tier"].value_counts()
        parts.append(f"<p>Verdicts: {', '.join(f'{counts[t]} {t}' for t in TIERS if counts.get(t))}.</p>")
    if result.warnings:
        shown = "".join(f"<li>{escape(text)}</li>" for text in result.warnings[:MOST_WARNINGS])
        more = len(result.warnings) - MOST_WARNINGS
        parts.append(f"<h3>Warnings</h3><ul>{shown}{f'<li>and {more} more</li>' if more > 0 else ''}</ul>")
    return "".join(parts)


def _moved(result: Result) -> str:
    drift = result.drift
    drift = drift[(drift["slice"] == "all").fillna(False)]
    name = next((name for name in _DISTANCES if name in drift and drift[name].notna().any()), None)
    if name is None:
        return "<h3>What moved most</h3><p>No window was compared with the baseline.</p>"
    whole = drift[drift["complete"].fillna(False).astype(bool)]
    drift = whole if len(whole) else drift
    sizes = drift["end"] - drift["start"]
    drift = drift[sizes == sizes.max()].sort_values("end")
    window = str(drift["window"].iloc[0])
    peaks = drift.dropna(subset=[name]).sort_values(name, ascending=False, kind="stable").drop_duplicates("subject")
    greatest = max(float(peaks[name].iloc[0]), 1e-9) if len(peaks) else 1.0
    verdicts = result.verdicts
    verdicts = verdicts[(verdicts["slice"] == "all").fillna(False)]
    rows = []
    for _, peak in peaks.head(MOST_SUBJECTS).iterrows():
        subject = peak["subject"]
        series = drift[drift["subject"] == subject]
        judged = verdicts[verdicts["subject"] == subject]["tier"]
        rows.append((
            _t(subject),
            _whole(_bar(float(peak[name]), greatest) + f" {_number(float(peak[name]))}"),
            _whole(_when(peak["end"])),
            _spark(series[name].tolist(), f"{name} of {subject} over time"),
            _number(float(series[name].iloc[-1])),
            _number(float(peak["missing_ratio"])) if "missing_ratio" in peak else "–",
            _tier(judged.max()) if len(judged) else "no check",
        ))  # fmt: skip
    more = len(peaks) - MOST_SUBJECTS
    head = [
        ("subject", False), (f"greatest {name}", False), ("in the window to", False), ("over time", False), ("last", True),
        ("missing", True), ("worst verdict", False),
    ]  # fmt: skip
    note = f"<p>and {more} more in <code>result.drift</code></p>" if more > 0 else ""
    return f"<h3>What moved most</h3><p>Windows of {_t(window)}, all slices together.</p>{_table(head, rows)}{note}"


def _whole(html: str) -> str:
    """On one line."""
    return f'<span class="w">{html}</span>'


def _bar(value: float, greatest: float) -> str:
    width = max(1.0, 80 * value / greatest)
    return (
        f'<svg width="80" height="10" viewBox="0 0 80 10" aria-hidden="true"><rect width="{width:.1f}" height="10" fill="#3f7fd0"/></svg>'
    )


def _thinned(values: Sequence[float]) -> list[tuple[int, float]]:
    """Points with their places; of many, the least and the greatest of each stretch, so that no peak is lost."""
    points = [(i, value) for i, value in enumerate(values) if not pd.isna(value)]
    if len(points) <= MOST_POINTS:
        return points
    step = -(-2 * len(points) // MOST_POINTS)
    kept: list[tuple[int, float]] = []
    for start in range(0, len(points), step):
        part = points[start : start + step]
        pair = {min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])}
        kept += sorted(pair)
    return kept


def _path(points: Sequence[tuple[float, float]], *, dashed: bool = False) -> str:
    if len(points) == 1:
        x, y = points[0]
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="currentColor"/>'
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = ' stroke-dasharray="2 3"' if dashed else ""
    return f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.5"{dashes}/>'


def _spark(values: Sequence[float], title: str) -> str:
    points = _thinned(values)
    if not points:
        return "–"
    top = max(max(value for _, value in points), 1e-9)
    last = max(len(values) - 1, 1)
    line = _path([(2 + 116 * i / last, 22 - 20 * value / top) for i, value in points])
    return f'<svg width="120" height="24" viewBox="0 0 120 24" role="img"><title>{_t(title)}</title>{line}</svg>'


def _performance(result: Result) -> str:
    table = result.performance
    table = table[(table["slice"] == "all").fillna(False)]
    if not len(table):
        return "<h3>Performance</h3><p>No labels, so no performance.</p>"
    verdicts = result.verdicts
    verdicts = verdicts[(verdicts["slice"] == "all").fillna(False) & (verdicts["subject"] == "performance").fillna(False)]
    charts = []
    pairs = verdicts[["metric", "window", "stage"]].drop_duplicates().itertuples(index=False, name=None)
    wanted = [(metric, window, stage) for metric, window, stage in pairs if metric in table]
    if not wanted:
        main = next((name for name in _MAIN_METRICS if name in table), None)
        sizes = table["end"] - table["start"]
        longest = table[sizes == sizes.max()]
        wanted = [(main, longest["window"].iloc[0], "final")] if main else []
    for metric, window, stage in wanted[:MOST_CHARTS]:
        lines = table[(table["window"] == window) & (table["stage"] == stage)].sort_values("end")
        judged = verdicts[(verdicts["metric"] == metric) & (verdicts["window"] == window) & (verdicts["stage"] == stage)]
        charts.append(_chart(lines, judged, str(metric), str(window), str(stage)))
    more = len(wanted) - MOST_CHARTS
    note = f"<p>and {more} more in <code>result.performance</code></p>" if more > 0 else ""
    return f"<h3>Performance</h3>{''.join(charts) or '<p>See <code>result.performance</code>.</p>'}{note}"


def _chart(lines: pd.DataFrame, judged: pd.DataFrame, metric: str, window: str, stage: str) -> str:
    values = lines[metric].astype(float).tolist()
    points = _thinned(values)
    if not points:
        return f"<p>{_t(metric)} has no value in windows of {_t(window)}.</p>"
    tiers = judged["tier"].value_counts()
    counts = ", ".join(f"{tiers[tier]} {tier}" for tier in TIERS if tiers.get(tier))
    limits = sorted(set(judged["threshold"].dropna().tolist()))[:4]
    # The 99 % bound of each verdict, by the end of its window.
    bounds: dict[Any, float] = dict(zip(judged["end"], judged["bound"].astype(float)))
    ends = lines["end"].tolist()
    edge = [bounds.get(ends[i]) for i, _ in points]
    every = [value for _, value in points] + limits + [bound for bound in edge if bound is not None and not pd.isna(bound)]
    low, high = min(every), max(every)
    spread = (high - low) or abs(high) or 1.0
    low, high = low - 0.08 * spread, high + 0.08 * spread
    last = max(len(values) - 1, 1)

    def x(i: float) -> float:
        return 60 + 520 * i / last

    def y(value: float) -> float:
        return float(130 - 120 * (value - low) / (high - low))

    marks = [_level(y(limit), f"limit {_number(limit)}", "#d1383d") for limit in limits]
    marks += [_whisker(x(i), y(value), bound, y) for (i, value), bound in zip(points, edge)]
    # What is not mature may still change: it is dashed, and in no number of the caption where anything is mature.
    is_mature = lines["final"].fillna(False).astype(bool).tolist()
    mature = [point for point in points if is_mature[point[0]]]
    rest = [point for point in points if not mature or point[0] >= mature[-1][0]]
    if mature:
        marks.append(_path([(x(i), y(value)) for i, value in mature]))
    if len(rest) > (1 if mature else 0):
        marks.append(_path([(x(i), y(value)) for i, value in rest], dashed=True))
    told = [value for _, value in mature or points]
    scale = [
        _label(2, y(value), _number(value)) for value in (low + 0.08 * spread, high - 0.08 * spread)
    ] + [_label(60, 150, _when(ends[0])), _label(580, 150, _when(ends[-1]), "end")]  # fmt: skip
    caption = f"<strong>{_t(metric)}</strong>, windows of {_t(window)}, {_t(stage)}: last {_number(told[-1])}"
    caption += f", least {_number(min(told))}, greatest {_number(max(told))}"
    caption += f". Verdicts: {counts}." if counts else ". No check judges it."
    caption += " Dashed: labels may still come." if len(rest) > (1 if mature else 0) else ""
    title = f"{metric} over time, with limits and 99 % bounds"
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f'<svg width="600" height="156" viewBox="0 0 600 156" role="img"><title>{_t(title)}</title>'
        f"{''.join(scale)}{''.join(marks)}</svg></figure>"
    )


def _label(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y + 4:.1f}" font-size="11" text-anchor="{anchor}" fill="currentColor">{_t(text)}</text>'


def _level(y: float, text: str, colour: str) -> str:
    line = f'<line x1="60" x2="580" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-dasharray="4 3"/>'
    return line + f'<text x="580" y="{y - 3:.1f}" font-size="11" text-anchor="end" fill="{colour}">{_t(text)}</text>'


def _whisker(x: float, y: float, bound: Optional[float], scale: Any) -> str:
    if bound is None or pd.isna(bound):
        return ""
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{scale(bound):.1f}" stroke="currentColor" stroke-opacity=".35"/>'


def _incidents(result: Result) -> str:
    table = result.incidents
    if not len(table):
        return "<h3>Incidents</h3><p>None.</p>"
    rows = []
    groups = list(table.groupby("incident", sort=False))
    for name, group in groups[:MOST_INCIDENTS]:
        first, last = group.iloc[0], group.iloc[-1]
        subjects = list(dict.fromkeys(subject for found in group["subjects"] for subject in found))
        shown = ", ".join(map(str, subjects[:5])) + (f" and {len(subjects) - 5} more" if len(subjects) > 5 else "")
        ended = last["transition"] in ("resolved", "withdrawn")
        rows.append((
            _t(name), _whole(_when(first["at"])), _tier(group["tier"].max()), _t(first["reason"]), _t(shown),
            _t(last["transition"]), _whole(_when(last["at"])) if ended else "open",
        ))  # fmt: skip
    head = [(name, False) for name in ("incident", "opened", "highest tier", "cause", "subjects", "last step", "ended")]
    more = len(groups) - MOST_INCIDENTS
    note = f"<p>and {more} more in <code>result.incidents</code></p>" if more > 0 else ""
    return f"<h3>Incidents</h3>{_table(head, rows)}{note}"
