from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import leeway
from leeway import _html

from .conftest import START, logs

html5lib = pytest.importorskip("html5lib")

HOSTILE = '<script>alert("1")</script>&\'"'


def parsed(text: str) -> Any:
    """By the rules of HTML5, where any mistake is an error."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def line(**more: Any) -> dict[str, Any]:
    end = more.pop("end", START + pd.Timedelta(days=1))
    return {"monitor": "shop", "window": "1d", "start": str(end - pd.Timedelta(days=1)), "end": str(end), "slice": "all", **more}


def drift(subject: str, psi: float, **more: Any) -> dict[str, Any]:
    return line(type="drift", subject=subject, against="all", baseline="sha256:0", rows=1000, missing=0, invalid=0, unseen=None,
                complete=True, final=True, metrics={"psi": psi, "missing_ratio": 0.25}, **more)  # fmt: skip


def test_the_page_of_a_real_replay(baseline: leeway.Baseline, shop: Path, tmp_path: Path) -> None:
    result = leeway.replay(*logs(), shop)
    path = result.save_html(tmp_path / "r.html")
    tree = parsed(path.read_text(encoding="utf-8"))
    assert tree.find(".//title").text == "Leeway: shop"
    assert [heading.text for heading in tree.iter("h3")] == ["What moved most", "Performance", "Incidents"]
    rows = [[(cell.text or "") for cell in row.iter("td")] for row in tree.iter("tr")]
    greatest = result.drift[result.drift["slice"] == "all"].groupby("subject")["psi"].max().sort_values(ascending=False)
    subjects = [row[0] for row in rows if len(row) == 7 and row[0] in set(greatest.index)]
    assert subjects == list(greatest.index)
    text = "".join(tree.itertext())
    assert "4320 predictions accepted" in text
    performance = result.performance[result.performance["slice"] == "all"]
    assert performance["final"].tolist() == [True, True, False]
    auc = performance[performance["final"]]["auc"]
    assert "Dashed: labels may still come." in text
    assert f"auc, windows of 1d, final: last {auc.iloc[-1]:.4g}, least {auc.min():.4g}, greatest {auc.max():.4g}. Verdicts: " in text
    assert "limit 0.7" in text
    assert len([e for e in tree.iter() if str(e.tag).endswith("polyline")]) >= 4


def test_nothing_is_fetched_and_nothing_runs(baseline: leeway.Baseline, shop: Path) -> None:
    found = leeway.replay(*logs(), shop)._repr_html_()
    for word in ("<script", "http:", "https:", "url(", "@import", "onload", "javascript:", "<img", "<link"):
        assert word not in found


def test_all_text_is_escaped() -> None:
    incident = {"type": "incident", "monitor": HOSTILE, "incident": HOSTILE, "at": str(START), "transition": "opened", "tier": "critical",
                "reason": HOSTILE, "checks": [HOSTILE], "subjects": [HOSTILE], "slices": [HOSTILE]}  # fmt: skip
    verdict = line(type="verdict", check=HOSTILE, subject="performance", metric=HOSTILE, stage="final", value=0.5, p_value=None,
                   q_value=None, null=None, against=None, threshold=0.7, rows=10, tier="critical", certain=True, bound=0.6)  # fmt: skip
    performance = line(type="performance", predictions=10, labelled=10, coverage=1.0, stage="final", final=True, metrics={HOSTILE: 0.5})
    named = {**drift(HOSTILE, 0.3), "monitor": HOSTILE, "window": HOSTILE}
    result = leeway.Result([named, performance, verdict, incident], summary=[HOSTILE], warnings=[HOSTILE])
    tree = parsed(_html.page(result))
    assert not list(tree.iter("script"))
    text = "".join(tree.itertext())
    # The title twice, as the page's and as a heading; counts, warning, window, subject, chart, metric, incident, cause, subjects …
    assert text.count(HOSTILE) >= 10
    assert "<script" not in _html.page(result)


def test_the_greatest_comes_first_and_the_rest_is_counted() -> None:
    result = leeway.Result([drift(f"f{i}", i / 100) for i in range(20)])
    tree = parsed(_html.page(result))
    rows = [[(cell.text or "") for cell in row.iter("td")] for row in tree.iter("tr")]
    assert [row[0] for row in rows if row] == [f"f{i}" for i in range(19, 7, -1)]
    assert "and 8 more in result.drift" in "".join(tree.itertext())


def test_incomplete_windows_count_only_where_there_are_no_others() -> None:
    partial = {**drift("a", 9.0, end=START), "complete": False}
    text = "".join(parsed(_html.page(leeway.Result([partial, drift("a", 0.125)]))).itertext())
    assert "0.125" in text
    assert " 9" not in text
    assert " 9" in "".join(parsed(_html.page(leeway.Result([partial]))).itertext())


def test_no_lines() -> None:
    text = "".join(parsed(_html.page(leeway.read_results([]))).itertext())
    assert "No window was compared with the baseline." in text
    assert "No labels, so no performance." in text


def test_many_windows_stay_small() -> None:
    ends = pd.date_range(START, periods=5000, freq="h")
    values = [0.1] * 5000
    values[4321] = 7.5
    found = leeway.Result([drift("a", value, end=end) for value, end in zip(values, ends)])._repr_html_()
    assert len(found) < 12_000
    assert "7.5" in found
    points = _html._thinned(values)
    assert len(points) <= _html.MOST_POINTS
    assert (4321, 7.5) in points
    assert points == sorted(points)
