#!/usr/bin/env python3
"""`make alarm-quality`: plays made-up model-quarters through the shift detector and prints false alarms and delays.

usage: Benchmarks/alarms.py [--quarters N] [--seed S] [--jobs J] [NAME...]

NAME is a kind of traffic of KINDS. Results are kept by kind and seed in .build/alarm-quality, so that a measurement may stop and
go on; quarters are numbered from 0. A quarter without changes counts false alarms: alarms at most 24 h apart are one incident,
of a subject or of the whole model. A change counts hours from its onset to the end of the hour of its subject's first alarm, at
most 504; it is left out where the subject had an alarm of the tier in the 24 h before. Intervals are 95 %, of the mean.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / ".build" / "alarm-quality"
PROGRAM = ROOT / ".build" / "release" / "LeewayBenchmarks"
APART = 24
PATIENCE = 504


@dataclass
class Kind:
    """What is played, and the most false critical incidents of a model-quarter that the upper end of the interval may say."""

    rows: int
    traffic: str = "smooth"
    most: float | None = None


KINDS = {
    "100": Kind(100, most=1.5),
    "1000": Kind(1000, most=1.1),
    "5000": Kind(5000, most=1.5),
    "harsh": Kind(1000, "harsh"),
}


@dataclass
class Run:
    quarter: int
    change: str | None
    feature: int | None = None
    onset: int = 0
    alarms: list[tuple[int, int, str]] = field(default_factory=list)  # hour, subject, tier

    def hours(self, tier: str, subject: int | None = None) -> list[int]:
        return sorted({h for h, s, t in self.alarms if t == tier and subject in (None, s)})


def play(name: str, seed: int, quarters: int, jobs: int) -> list[Path]:
    """Each job has a file of its own and every `jobs`-th stretch of quarters."""
    kind = KINDS[name]
    RESULTS.mkdir(parents=True, exist_ok=True)
    files = [RESULTS / f"{name}-{seed}-{job}.jsonl" for job in range(jobs)]
    had = {path for path in RESULTS.glob(f"{name}-{seed}-*.jsonl")}
    done = {run.quarter for path in had for run in read(path)}
    wanted = [quarter for quarter in range(quarters) if quarter not in done]

    def work(job: int) -> None:
        for quarter in wanted[job::jobs]:
            subprocess.run(
                [PROGRAM, "alarms", "--out", files[job], "--first", str(quarter), "--quarters", "1", "--seed", str(seed)]
                + ["--rows", str(kind.rows), "--traffic", kind.traffic],
                check=True,
            )

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, range(jobs)))
    return sorted(had | set(files))


def read(path: Path) -> list[Run]:
    """Runs of the quarters that are whole; what was cut short is played again."""
    runs: list[Run] = []
    whole: list[Run] = []
    for line in path.read_text().splitlines() if path.exists() else []:
        record = json.loads(line)
        if "end" in record:
            whole += [run for run in runs if run.quarter == record["end"]]
            runs = []
        elif record.get("run"):
            runs.append(Run(record["quarter"], record["change"], record.get("feature"), record.get("onset", 0)))
        else:
            runs[-1].alarms.append((record["hour"], record["subject"], record["tier"]))
    return whole


def incidents(hours: list[int]) -> int:
    return sum(1 for i, hour in enumerate(hours) if i == 0 or hour - hours[i - 1] > APART)


def interval(values: list[float]) -> tuple[float, float]:
    mean = statistics.fmean(values)
    return mean, 1.96 * statistics.pstdev(values) / math.sqrt(len(values))


def delays(runs: list[Run], quiet: dict[int, Run], change: str, tier: str) -> list[float]:
    out = []
    for run in runs:
        if run.change != change or run.feature is None:
            continue
        before = quiet[run.quarter].hours(tier, run.feature)
        if any(run.onset - APART <= hour < run.onset for hour in before):
            continue
        after = [h - run.onset + 1 for h in run.hours(tier, run.feature) if run.onset <= h < run.onset + PATIENCE]
        out.append(min(after, default=math.inf))
    return out


def delay(values: list[float]) -> str:
    if not values:
        return "–"
    share = sum(map(math.isfinite, values)) / len(values)
    middle = statistics.median(values)
    text = f"{middle:.0f} h" if math.isfinite(middle) else "–"
    return text if share > 0.995 else f"{text} ({share:.0%})"


def table(name: str, runs: list[Run]) -> bool:
    """Prints the rows of a kind; false where its budget is not kept."""
    quiet = {run.quarter: run for run in runs if run.change is None}
    changes = list(dict.fromkeys(run.change for run in runs if run.change))
    print(f"\n{name}: {len(quiet)} model-quarters, hours to the first alarm (share found within 21 days, if not all)")
    print("| tier | model incidents | subject incidents | " + " | ".join(changes) + " |")
    print("|---" * (3 + len(changes)) + "|")
    kept = True
    for tier in ("critical", "warning"):
        model, width = interval([incidents(run.hours(tier)) for run in quiet.values()])
        subject, subject_width = interval(
            [sum(incidents(run.hours(tier, s)) for s in {s for _, s, _ in run.alarms}) for run in quiet.values()]
        )
        cells = [delay(delays(runs, quiet, change, tier)) for change in changes]
        print(f"| {tier} | {model:.2f} ± {width:.2f} | {subject:.2f} ± {subject_width:.2f} | " + " | ".join(cells) + " |")
        most = KINDS[name].most
        if tier == "critical" and most is not None and model + width > most:
            print(f"the budget is not kept: {model + width:.2f} false critical incidents, and at most {most} are allowed")
            kept = False
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="NAME")
    parser.add_argument("--quarters", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    unknown = [name for name in options.kinds if name not in KINDS]
    if unknown:
        sys.exit(f"{unknown[0]} is no kind of traffic; there are {', '.join(KINDS)}")
    kept = []
    for name in options.kinds or KINDS:
        files = play(name, options.seed, options.quarters, options.jobs)
        runs = [run for path in files for run in read(path) if run.quarter < options.quarters]
        kept.append(table(name, runs))
    sys.exit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
