from __future__ import annotations

from pathlib import Path

import pytest

import leeway

from .conftest import MONITOR, training, write_monitor


def test_a_good_monitor_has_no_problems(baseline: leeway.Baseline, shop: Path) -> None:
    assert leeway.check(shop) == []


def test_errors_are_as_the_command_says_them(shop: Path) -> None:
    write_monitor(shop, ("task: binary", "task: binery"), ("metric: auc", "metric: auk"))
    with pytest.raises(leeway.ConfigurationError) as error:
        leeway.check("shop.yaml")
    assert str(error.value).splitlines() == [
        "shop.yaml:2:7: task is binery; it takes binary, multiclass or regression. Did you mean binary?",
        "shop.yaml:16:11: baseline is shop.baseline.json; there is no such file yet. "
        "Make it with: leeway baseline fit shop.yaml --from FILE --out shop.baseline.json",
        "shop.yaml:22:42: checks[1].metric is auk; no metric has that name. Did you mean auc?",
        "leeway: 3 errors",
    ]
    assert error.value.exit_code == 1
    first = error.value.problems[0]
    assert (first.file, first.line, first.column, first.severity) == ("shop.yaml", 2, 7, "error")
    assert str(first) == str(error.value).splitlines()[0]
    assert len(error.value.problems) == 3


def test_warnings_are_returned(baseline: leeway.Baseline, shop: Path) -> None:
    text = MONITOR[: MONITOR.index("checks:")]
    shop.write_text(text)
    found = leeway.check("shop.yaml")
    assert [str(problem) for problem in found] == [
        "shop.yaml:1:1: warning: the monitor has no checks, so nothing ever fires; add one under checks:, "
        "as {name: input-drift, on: features, metric: psi, window: 7d, warning: 0.2}"
    ]
    assert (found[0].line, found[0].severity) == (1, "warning")


def test_fit_and_replay_say_the_same_of_a_broken_file(shop: Path) -> None:
    shop.write_text("monitor: shop\ntask: [binary\n")
    for call in (lambda: leeway.fit(training(), shop), lambda: leeway.replay(training(), None, shop)):
        with pytest.raises(leeway.ConfigurationError) as error:
            call()
        assert str(error.value).startswith(f"{shop}:")


def test_no_such_file(shop: Path) -> None:
    with pytest.raises(leeway.InputError) as error:
        leeway.fit(training(), "other.yaml")
    assert str(error.value) == "other.yaml: there is no such monitor file; monitor_from(frame) writes a first one"
