#!/usr/bin/env python3
"""`make bench`: builds the benchmarks, installs the peers, and prints one table.

usage: Benchmarks/run.py [--no-build] [NAME...]

Programs that are compared run in turns on the same files, and the best turn of each counts; what they answer must agree
before their times are compared. Times are of the processor, so a busy machine weighs on both alike. A benchmark is a
generator of `Row`s in BENCHMARKS: add one, and it is in the table.
"""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "Benchmarks" / "peers"
FILES = ROOT / ".build" / "bench"
VENVS = ROOT / ".build" / "bench-venv"
PROGRAM = ROOT / ".build" / "release" / "LeewayBenchmarks"
TURNS = 3


@dataclass
class Row:
    what: str
    unit: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    least: float | None = None
    most: float | None = None
    least_ratio: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.peer else None

    @property
    def budget(self) -> str:
        words = []
        if self.least is not None:
            words.append(f"≥ {self.least:,.0f}")
        if self.most is not None:
            words.append(f"≤ {self.most:,.0f}")
        if self.least_ratio is not None:
            words.append(f"≥ {self.least_ratio:g} ×")
        return ", ".join(words)

    @property
    def met(self) -> bool:
        return (
            (self.least is None or self.ours >= self.least)
            and (self.most is None or self.ours <= self.most)
            and (self.least_ratio is None or (self.ratio or 0) >= self.least_ratio)
        )

    def cells(self) -> list[str]:
        peer = f"{self.peer:,.0f} ({self.peer_name})" if self.peer else ""
        ratio = f"{self.ratio:.2g} ×" if self.ratio and self.ratio < 10 else f"{self.ratio:.0f} ×" if self.ratio else ""
        return [self.what, f"{self.ours:,.0f} {self.unit}", peer, ratio, self.budget, verdict(self)]


def verdict(row: Row) -> str:
    if not row.budget:
        return ""
    return "met" if row.met else "NOT MET"


# MARK: running


def ours(command: str, **options) -> dict:
    words = [str(PROGRAM), command]
    for name, value in options.items():
        words += ["--" + name.replace("_", "-"), str(value)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def python(peer: str) -> Path:
    """The interpreter that has the peer; installed on the first call, or when its requirements have changed."""
    wanted = (PEERS / "requirements" / f"{peer}.txt").read_text()
    place = VENVS / peer
    stamp = place / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {peer} ...", file=sys.stderr, flush=True)
        venv.create(place, with_pip=True, clear=True)
        install = [place / "bin" / "pip", "install", "--quiet", "-r", PEERS / "requirements" / f"{peer}.txt"]
        subprocess.run(install, check=True)
        stamp.write_text(wanted)
    return place / "bin" / "python"


def peer(name: str, script: str, *paths: Path) -> dict:
    # One thread for those that would use more, and nothing sent to anybody.
    quiet = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}
    words = [python(name), PEERS / script, *paths]
    done = subprocess.run(words, check=True, capture_output=True, text=True, env={**os.environ, **quiet})
    return json.loads(done.stdout.strip().splitlines()[-1])


def best(turns: list[dict]) -> dict:
    return max(turns, key=lambda turn: turn["events_per_second"])


def in_turns(*programs: Callable[[], dict]) -> list[dict]:
    turns = [[program() for program in programs] for _ in range(TURNS)]
    return [best([turn[i] for turn in turns]) for i in range(len(programs))]


def agree(condition: bool, what: str) -> None:
    if not condition:
        sys.exit(f"{what}: the answers differ, so their times are not compared")


def files(shape: str) -> tuple[Path, Path, Path]:
    """Events, training rows and bins; the same bytes every time."""
    FILES.mkdir(parents=True, exist_ok=True)
    events, training, bins = (FILES / f"{shape}{end}" for end in (".jsonl", ".training.jsonl", ".bins.json"))
    words = [PROGRAM, "generate", "--shape", shape]
    words += ["--events-out", events, "--training-out", training, "--bins-out", bins]
    subprocess.run(words, check=True)
    return events, training, bins


# MARK: benchmarks


def decode() -> Iterator[Row]:
    """Decoding and aggregating: a row for every shape of message, and one with slices."""
    plain = None
    for shape in ("plain", "nested", "unordered", "escaped"):
        events, _, bins = files(shape)
        mine, theirs = in_turns(
            lambda: ours("decode", shape=shape), lambda: peer("orjson", "orjson_numpy.py", events, bins)
        )
        agree(mine["counts"] == theirs["counts"], f"decode {shape}")
        rate = mine["events_per_second"]
        plain = plain or rate
        yield Row(
            f"decode + aggregate, 20 features, {shape}, {mine['bytes_per_event']:.0f} bytes",
            "events/s",
            rate,
            theirs["events_per_second"],
            "orjson + NumPy",
            least=1_000_000 if shape == "plain" else plain / 2,
            least_ratio=4 if shape == "plain" else None,
        )
        if shape == "plain":
            yield Row("allocations in a million events", "", mine["allocations"], most=0)
    (sliced,) = in_turns(lambda: ours("decode", segments=2))
    yield Row("the same, with version and two segments", "events/s", sliced["events_per_second"], least=400_000)
    yield Row("allocations in a million events", "", sliced["allocations"], most=0)


def drift() -> Iterator[Row]:
    """Messages in, drift of 21 subjects out, beside the libraries that people use for it."""
    events, training, bins = files("plain")
    mine, nannyml, evidently, whylogs = in_turns(
        lambda: ours("drift"),
        lambda: peer("nannyml", "nannyml_drift.py", events, training, bins),
        lambda: peer("evidently", "evidently_drift.py", events, training, bins),
        lambda: peer("whylogs", "whylogs_profile.py", events, bins),
    )
    subjects = {subject["name"]: subject for subject in mine["subjects"]}
    # NannyML estimates the statistic from a thousand bins.
    worst = max(abs(value - subjects[name]["ks"]) for name, value in nannyml["ks"].items())
    agree(worst < 0.002, f"drift, ks of NannyML (by {worst})")
    worst = max(abs(value - subjects[name]["psi_of_known"]) for name, value in evidently["psi"].items())
    agree(worst < 1e-6, f"drift, psi of Evidently (by {worst})")
    agree(all(subjects[name]["present"] == n for name, n in whylogs["present"].items()), "drift, counts of whylogs")
    for name, theirs in (("NannyML", nannyml), ("Evidently", evidently), ("whylogs, profile only", whylogs)):
        yield Row("messages to drift of 21 subjects", "events/s", mine["events_per_second"],
                  theirs["events_per_second"], name)


def growth() -> Iterator[Row]:
    """Events a second against features and segments."""
    done = subprocess.run([PROGRAM, "growth"], check=True, capture_output=True, text=True)
    for line in map(json.loads, done.stdout.splitlines()):
        slices = f", version and {line['segments']} segments" if line["segments"] else ""
        yield Row(f"{line['features']} features{slices}, {line['bytes_per_event']:.0f} bytes", "events/s",
                  line["events_per_second"])


def labels() -> Iterator[Row]:
    """A monitor with labels, through the service's intake and an SQLite ledger; by the wall's clock, with its disk."""
    FILES.mkdir(parents=True, exist_ok=True)
    ledger = FILES / "labels.db"
    for waiting in (1_000_000, 10_000_000):
        for file in FILES.glob("labels.db*"):
            file.unlink()
        mine = ours("labels", sqlite=ledger, waiting=waiting, joins=500_000)
        predictions, joins = mine["predictions"], mine["joins"]
        millions = f"{waiting // 1_000_000} million"
        yield Row(f"predictions taken in until {millions} wait", "events/s", predictions["per_second"], least=100_000)
        yield Row("processor seconds for a million of them", "s", predictions["processor_seconds_per_million"])
        yield Row(f"labels joined, {millions} waiting", "labels/s", joins["per_second"], least=30_000)
        yield Row("processor seconds for a million of them", "s", joins["processor_seconds_per_million"])
        yield Row("resident memory", "MB", mine["resident_megabytes"])
    for file in FILES.glob("labels.db*"):
        file.unlink()


def evaluation() -> Iterator[Row]:
    """Judging a window of a week in panes of five minutes, all of 100 features; by the wall's clock, commit included."""
    mine = ours("evaluation")
    what = f"one evaluation, {mine['features']} features, {mine['panes']:,} panes"
    yield Row(f"{what}, warm", "ms", mine["warm_milliseconds"], most=50)
    yield Row(f"{what}, after a start", "ms", mine["cold_milliseconds"])


BENCHMARKS = {"decode": decode, "drift": drift, "growth": growth, "evaluation": evaluation, "labels": labels}


def main(words: list[str]) -> None:
    build = "--no-build" not in words
    names = [word for word in words if word != "--no-build"] or list(BENCHMARKS)
    for name in names:
        if name not in BENCHMARKS:
            sys.exit(f"no benchmark is called {name}; there are {', '.join(BENCHMARKS)}")
    if build:
        environment = {**os.environ, "LEEWAY_BENCHMARKS": "1"}
        words = ["swift", "build", "-c", "release", "--product", "LeewayBenchmarks"]
        subprocess.run(words, cwd=ROOT, check=True, env=environment, stdout=sys.stderr)
    print("| what | ours | peer | ratio | budget | |\n|---|---|---|---|---|---|", flush=True)
    missed = 0
    for name in names:
        for row in BENCHMARKS[name]():
            missed += not row.met
            print("| " + " | ".join(row.cells()) + " |", flush=True)
    if missed:
        sys.exit(f"{missed} of the budgets were not met")


if __name__ == "__main__":
    main(sys.argv[1:])
