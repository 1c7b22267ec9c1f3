#!/usr/bin/env python3
"""`make bench`: builds the benchmarks, installs the peers, and prints one table.

usage: Benchmarks/run.py [--no-build] [--quote] [NAME...]

--quote puts the rows that have a budget or a peer into docs/speed.md. A benchmark that fails is a budget missed; the others go on.

Programs that are compared run in turns on the same files, and the best turn of each counts; what they answer must agree
before their times are compared. Times are of the processor, so a busy machine weighs on both alike. A benchmark is a
generator of `Row`s in BENCHMARKS: add one, and it is in the table.
"""

import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import service
from service import Service, Stage

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "Benchmarks" / "peers"
FILES = ROOT / ".build" / "bench"
VENVS = ROOT / ".build" / "bench-venv"
PROGRAM = ROOT / ".build" / "release" / "LeewayBenchmarks"
SERVICE = ROOT / ".build" / "release" / "leeway"
TURNS = 3
# Of the large ledger that `start` makes.
GIGABYTES = 10


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
        peer = f"{number(self.peer)} ({self.peer_name})" if self.peer else ""
        ratio = f"{self.ratio:.2g} ×" if self.ratio and self.ratio < 10 else f"{self.ratio:.0f} ×" if self.ratio else ""
        return [self.what, f"{number(self.ours)} {self.unit}".strip(), peer, ratio, self.budget, verdict(self)]


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


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


# MARK: the service


MONITOR = """\
monitor: bench
task: binary
predictions:
  topic: predictions
  fields: {{id: prediction_id, time: timestamp_ms, score: score}}
  time_format: epoch_ms
features:
{features}
baseline: bench.baseline.json
panes: 5m
windows:
  - {{size: 1h, every: 5m}}
lateness: 10m
checks:
  - {{name: drift, on: features, metric: psi, window: 1h, warning: 0.2}}
alerts:
  warning: [log]
"""

CONFIGURATION = """\
kafka: {{bootstrap: "{bootstrap}", group: leeway, threads: {threads}}}
ledger: sqlite:leeway.db
http: {{listen: "127.0.0.1:0"}}
"""


def monitor(folder: Path, shape: str = "plain") -> Path:
    """A monitor file of the traffic and its baseline, fitted by the service's own command."""
    _, training, bins = files(shape)
    monitors = folder / "monitors"
    monitors.mkdir(parents=True)
    subjects = [subject for subject in json.loads(bins.read_text()) if subject["name"] != "score"]
    features = [f"  {s['name']}: {'numeric' if 'knots' in s else 'categorical'}" for s in subjects]
    path = monitors / "bench.yaml"
    path.write_text(MONITOR.format(features="\n".join(features)))
    subprocess.run([SERVICE, "baseline", "fit", path, "--from", training], check=True, stdout=subprocess.DEVNULL)
    return path


def processor_seconds(process: subprocess.Popen) -> dict[str, float]:
    """Of every thread of a process, by its name."""
    tick = os.sysconf("SC_CLK_TCK")
    seconds: dict[str, float] = {}
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        name, rest = re.match(r"\d+ \((.*)\) (.*)", (task / "stat").read_text(), re.S).groups()
        fields = rest.split()
        seconds[name] = seconds.get(name, 0) + (int(fields[11]) + int(fields[12])) / tick
    return seconds


@contextmanager
def running(words: list, **options) -> Iterator[subprocess.Popen]:
    """A process that is ended at the end, whatever happens."""
    process = subprocess.Popen(words, stdin=subprocess.PIPE, text=True, **options)
    try:
        yield process
    finally:
        process.stdin.close()
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def samples(base: str) -> dict[str, float]:
    with urllib.request.urlopen(base + "/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[:1] != "#")}


# MARK: benchmarks


def decode() -> Iterator[Row]:
    """Decoding and aggregating: a row for every shape of message and every format, and one with slices."""
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
            yield Row("allocations in a million of them", "", mine["allocations"], most=0)
    for shape in ("plain", "nested"):
        text, avro, protobuf = in_turns(
            lambda: ours("decode", shape=shape),
            lambda: ours("decode", shape=shape, format="avro"),
            lambda: ours("decode", shape=shape, format="protobuf"),
        )
        for name, binary in (("Avro", avro), ("Protobuf", protobuf)):
            agree(text["counts"] == binary["counts"], f"decode {shape} {name}")
            yield Row(
                f"decode + aggregate, 20 features, {shape}, {name}, {binary['bytes_per_event']:.0f} bytes",
                "events/s",
                binary["events_per_second"],
                text["events_per_second"],
                "the same in JSON",
                least_ratio=0.9,
            )
            yield Row("allocations in a million of them", "", binary["allocations"], most=0)
    (sliced,) = in_turns(lambda: ours("decode", segments=2))
    yield Row("the same, with version and two segments", "events/s", sliced["events_per_second"], least=400_000)
    yield Row("allocations in a million of them", "", sliced["allocations"], most=0)


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
    numeric = {name for name, subject in subjects.items() if subject["ks"] is not None}
    categorical = subjects.keys() - numeric
    for what, wanted, found in (
        ("ks of NannyML", numeric, nannyml["ks"]),
        ("psi of Evidently", categorical, evidently["psi"]),
        ("counts of whylogs", subjects.keys(), whylogs["present"]),
    ):
        agree(wanted and wanted == found.keys(), f"drift, subjects of {what}")
    # NannyML estimates the statistic from a thousand bins.
    worst = max(abs(value - subjects[name]["ks"]) for name, value in nannyml["ks"].items())
    agree(worst < 0.002, f"drift, ks of NannyML (by {worst})")
    worst = max(abs(value - subjects[name]["psi_of_known"]) for name, value in evidently["psi"].items())
    agree(worst < 1e-6, f"drift, psi of Evidently (by {worst})")
    agree(all(subjects[name]["present"] == n for name, n in whylogs["present"].items()), "drift, counts of whylogs")
    for name, theirs in (("NannyML", nannyml), ("Evidently", evidently), ("whylogs, profile only", whylogs)):
        yield Row("messages to drift of 21 subjects", "events/s", mine["events_per_second"],
                  theirs["events_per_second"], name, least_ratio=1)


def growth() -> Iterator[Row]:
    """How the work grows: all but the last column of Benchmarks/README.md's tables."""
    done = subprocess.run([PROGRAM, "growth"], check=True, capture_output=True, text=True)
    for line in map(json.loads, done.stdout.splitlines()):
        each = "" if line["what"] == "partitions" else f", {line['work_per_second'] / 1e6:.1f} million {line['what']}/s"
        yield Row(f"{line['count']} {line['what']}{each}", "events/s", line["events_per_second"])
    for days in (1, 7, 28):
        mine = ours("evaluation", features=20, days=days)
        yield Row(f"one evaluation, 20 features, {mine['panes']:,} panes, warm", "ms", mine["warm_milliseconds"])
        yield Row(f"one evaluation, 20 features, {mine['panes']:,} panes, after a start", "ms",
                  mine["cold_milliseconds"])


def replay() -> Iterator[Row]:
    """`leeway replay` of one long file, with one thread and with one for each processor; by the wall's clock.

    What it costs to judge the windows in the end is the same for a short file, and is taken off by one.
    """
    folder = FILES / "replay"
    shutil.rmtree(folder, ignore_errors=True)
    path = monitor(folder)
    events, rest = 10_000_000, 100_000
    long, short = folder / "long.jsonl", folder / "short.jsonl"
    for file, count in ((long, events), (short, rest)):
        subprocess.run([PROGRAM, "log", "--events", str(count), "--out", file], check=True)

    def run(file: Path, threads: int) -> tuple[float, float, str]:
        out = folder / f"results-{threads}.jsonl"
        words = [SERVICE, "replay", path, "--threads", str(threads), "--predictions", file, "--out", out]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(words, check=True, stderr=subprocess.DEVNULL)
        seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return seconds, used, hashlib.sha256(out.read_bytes()).hexdigest()

    processors = os.cpu_count() or 1
    results = set()
    for threads in sorted({1, processors}):
        base = min(run(short, threads)[0] for _ in range(TURNS))
        seconds, used, result = run(long, threads)
        results.add(result)
        name = "1 thread" if threads == 1 else f"{threads} threads"
        # The decode rate of the first budget, for each processor, less what reading the file costs.
        yield Row(f"replay of {events // 1_000_000} million events, {name}", "events/s",
                  (events - rest) / (seconds - base), least=1_000_000)
        yield Row("processor seconds for a million of them", "s", used * 1e6 / events)
    agree(len(results) == 1, "replay with one thread and with several")
    shutil.rmtree(folder)


def labels() -> Iterator[Row]:
    """A monitor with labels, through the service's intake and a ledger; by the wall's clock, with its disk."""
    FILES.mkdir(parents=True, exist_ok=True)
    ledger = FILES / "labels.db"
    for waiting in (1_000_000, 10_000_000):
        for file in FILES.glob("labels.db*"):
            file.unlink()
        yield from joined("SQLite", waiting, ours("labels", sqlite=ledger, waiting=waiting, joins=500_000))
    for file in FILES.glob("labels.db*"):
        file.unlink()
    # A server of its own, its disk flushed as usual; no budget of ours depends on somebody else's settings.
    mine = ours("labels", postgres="own", waiting=1_000_000, joins=200_000)
    yield from joined("PostgreSQL", 1_000_000, mine, budget=False)


def joined(ledger: str, waiting: int, mine: dict, budget: bool = True) -> Iterator[Row]:
    millions = f"{waiting // 1_000_000} million"
    for name, unit, what, least in (
        ("predictions", "events/s", f"{ledger}: predictions taken in until {millions} wait", 100_000),
        ("joins", "labels/s", f"{ledger}: labels joined, {millions} waiting", 30_000),
    ):
        phase = mine[name]
        yield Row(what, unit, phase["per_second"], least=least if budget else None)
        yield Row("processor seconds for a million of them", "s", phase["processor_seconds_per_million"])
        if "server_processor_seconds_per_million" in phase:
            yield Row("those of the server", "s", phase["server_processor_seconds_per_million"])
        yield Row("the longest flush of them", "ms", phase["longest_flush_seconds"] * 1000)
        yield Row("processor time of the costliest", "ms", phase["longest_flush_processor_seconds"] * 1000)
    yield Row("resident memory", "MB", mine["resident_megabytes"])


def kafka() -> Iterator[Row]:
    """Kafka to committed panes: `leeway run`, a broker in a process of its own that was filled before, an SQLite ledger.

    By the wall's clock from the moment the group has given the partitions, to the commit of the last event; the
    broker's share of the processors is shown beside.
    """
    folder = FILES / "kafka"
    shutil.rmtree(folder, ignore_errors=True)
    monitor(folder)
    events = 3_000_000
    words = [PROGRAM, "broker", "--events", str(events), "--partitions", "192"]
    with running(words, stdout=subprocess.PIPE) as broker:
        filled = json.loads(broker.stdout.readline() or "null")
        if not filled:
            sys.exit("the broker could not be filled")
        for threads in sorted({1, os.cpu_count() or 1}):
            turns = [from_broker(folder, filled["bootstrap"], broker, events, threads) for _ in range(TURNS)]
            took = min(turns, key=lambda turn: turn["seconds"])
            for turn in turns:
                print(f"kafka: {json.dumps(turn)}", file=sys.stderr)
            name = "1 thread" if threads == 1 else f"{threads} threads"
            yield Row(f"Kafka to committed panes, {filled['bytes_per_event']:.0f} bytes, lz4, SQLite, {name}",
                      "events/s", events / took["seconds"], least=300_000)
            yield Row("processor seconds for a million of them, leeway", "s", took["leeway"] * 1e6 / events)
            yield Row("processor seconds for a million of them, the broker", "s", took["broker"] * 1e6 / events)
            for stage, seconds in took["stages"].items():
                yield Row(f"of the threads that read, for a million: {stage}", "s", seconds * 1e6 / events)


def from_broker(folder: Path, bootstrap: str, broker: subprocess.Popen, events: int, threads: int) -> dict:
    """One run of the service over all that the broker has, from an empty ledger."""
    for file in folder.glob("leeway.db*"):
        file.unlink()
    configuration = folder / "leeway.yaml"
    configuration.write_text(CONFIGURATION.format(bootstrap=bootstrap, threads=threads))
    words = [SERVICE, "run", "--config", configuration, "--monitors", folder / "monitors"]
    log = folder / "log.txt"
    with log.open("w") as said, running(words, stderr=said, stdout=said) as service:

        def wait(what: str, probe: Callable):
            deadline = time.monotonic() + 900
            while time.monotonic() < deadline:
                if service.poll() is not None:
                    break
                found = probe()
                if found:
                    return found
                time.sleep(0.2)
            sys.exit(f"kafka: {what} did not happen:\n{log.read_text()[-2000:]}")

        base = wait("the start", lambda: re.search(r"on (http://[0-9.:]+)/", log.read_text())).group(1)
        wait("the group's answer", lambda: samples(base).get('leeway_rebalances_total{outcome="assigned"}'))
        start, used, brokers = time.monotonic(), processor_seconds(service), processor_seconds(broker)
        before = samples(base)

        def done() -> dict | None:
            now = samples(base)
            return now if now.get('leeway_events_total{monitor="bench",outcome="accepted"}', 0) >= events else None

        after = wait("the last commit", done)
        seconds = time.monotonic() - start
        threads = {name: round(value - used.get(name, 0), 2) for name, value in processor_seconds(service).items()}
        stages = {
            name.split('"')[1]: after[name] - before.get(name, 0)
            for name in after
            if name.startswith("leeway_stage_seconds_total{")
        }
        missing = {name: value for name, value in after.items() if name.startswith("leeway_events_total{") and value}
        agree(list(missing.values()) == [events], f"kafka: {missing}")
        return {
            "seconds": seconds,
            "leeway": sum(threads.values()),
            "broker": sum(processor_seconds(broker).values()) - sum(brokers.values()),
            "stages": stages,
            "threads": {name: value for name, value in threads.items() if value},
        }


def detectors() -> Iterator[Row]:
    """ADWIN on every numeric subject, the same values in the same order, beside river's."""
    events, _, bins = files("plain")
    mine, theirs = in_turns(lambda: ours("adwin"), lambda: peer("river", "river_adwin.py", events, bins))
    agree(mine["changes"] == theirs["changes"], "detectors, changes that ADWIN finds")
    agree(any(mine["changes"].values()), "detectors, no change to find")
    yield Row("messages to ADWIN of 17 subjects", "events/s", mine["events_per_second"], theirs["events_per_second"],
              "river", least_ratio=1)


def evaluation() -> Iterator[Row]:
    """Judging a window of a week in panes of five minutes, all of 100 features; by the wall's clock, commit included."""
    mine = ours("evaluation")
    what = f"one evaluation, {mine['features']} features, {mine['panes']:,} panes"
    yield Row(f"{what}, warm", "ms", mine["warm_milliseconds"], most=50)
    yield Row(f"{what}, after a start", "ms", mine["cold_milliseconds"])
    yield Row("processor time of that", "ms", mine["cold_processor_milliseconds"])


def memory() -> Iterator[Row]:
    """The service over a backlog of a week: what it takes at most, beside what `leeway check` has said it would."""
    minutes = 7 * 24 * 60 + 120
    options = dict(monitors=10, features=50, partitions=16, events=150_000, minutes=minutes)
    with Stage(PROGRAM, FILES / "memory", window="{size: 7d, every: 6h}", **options) as stage:
        estimate = estimated_megabytes(stage.folder)
        with Service(SERVICE, stage.folder) as run:
            run.until("counted every event", lambda: run.accepted() == 10 * stage.facts["events"])
            # A lateness before the last event of the partition that is behind.
            end = service.START + (minutes - 13) * 60
            for monitor in range(10):
                run.until("judged every window", lambda: run.closed_through(f"m{monitor}") >= end)
            now, peak = run.resident()
    yield Row("resident memory, 10 monitors of 50 features and 3 slices, 7 days: at most", "MB", peak, most=512)
    yield Row("the same in the end", "MB", now)
    yield Row("what leeway check says of it", "MB", estimate, least=peak * 0.75, most=peak * 1.25)


def estimated_megabytes(folder: Path) -> float:
    words = [SERVICE, "check", "--config", folder / "leeway.yaml", "--monitors", folder / "monitors"]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"^memory: about (\d+) MB", said, re.M).group(1))


def started(stage: Stage) -> dict:
    """Seconds from exec to what happens first: the group joined, partitions, an event counted, all, windows judged."""
    found = {}
    with Service(SERVICE, stage.folder) as run:
        since = lambda: time.monotonic() - run.started
        run.until("joined the group", lambda: "as group bench" in run.said(), pause=0.005)
        found["joined"] = since()
        run.until("got partitions", lambda: "assigned predictions" in run.said(), pause=0.005)
        found["assigned"] = since()
        run.until("counted an event", lambda: run.accepted() > 0, pause=0.005)
        found["event"] = since()
        run.until("counted all", lambda: run.accepted() == 4 * stage.facts["events"], pause=0.05)
        found["all"] = since()
        end = service.START + (600 - 11) * 60
        for monitor in range(4):
            run.until("judged every window", lambda: run.closed_through(f"m{monitor}") >= end)
        found["judged"] = since()
    return found


def start() -> Iterator[Row]:
    """From exec to the first event counted, on a new ledger and on one of 10 GB."""
    folder = FILES / "start"
    FILES.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(FILES).free
    if free < (GIGABYTES + 4) * 1e9:
        sys.exit(f"start: a ledger of {GIGABYTES} GB needs 4 GB more on the disk of {FILES}, which has {free / 1e9:.0f}")
    with Stage(PROGRAM, folder, monitors=4, features=50, partitions=4, events=20_000, minutes=600,
               window="{size: 7d, every: 1h}") as stage:
        empty = started(stage)
        for file in folder.glob("ledger.db*"):
            file.unlink()
        made = ours("ledger", folder=folder, monitors=4, features=50, gigabytes=GIGABYTES)
        full = started(stage)
    for what, found, most in (("a new ledger", empty, None), (f"one of {made['gigabytes']:.1f} GB", full, 2000)):
        # When a group gives partitions is the broker's to say; the embedded one takes seconds.
        wait = found["assigned"] - found["joined"]
        yield Row(f"from exec to the first event counted, {what}, but for the group", "ms",
                  (found["event"] - wait) * 1000, most=most)
        yield Row("what the group took", "ms", wait * 1000)
    yield Row("until every event of a backlog is counted, while the first evaluation runs", "ms", full["all"] * 1000)
    yield Row("until the first evaluation of every monitor has ended", "ms", full["judged"] * 1000)


def disk() -> Iterator[Row]:
    """Result lines of a year on disk, and how fast packed ones are read."""
    folder = FILES / "disk"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    read = ours("lines", folder=folder)
    yield Row("result lines read, packed, by the processor's time", "lines/s", read["packed_lines_per_second"],
              read["plain_lines_per_second"], "the same lines plain", least_ratio=1)
    year = ours("year", sqlite=folder / "year.db")
    shutil.rmtree(folder)
    what = f"20 features, ten slices, {year['lines_a_day']:,} lines a day"
    yield Row(f"a year of results of {what}, SQLite", "GB", year["gigabytes"], most=3)
    yield Row("lines of them that stay", "", year["lines_kept"])
    yield Row("writing, packing and thinning, processor seconds for a million lines", "s",
              year["processor_seconds_per_million"])
    yield Row("the oldest of them read", "lines/s", year["oldest_lines_per_second"])
    # A month tells what a line takes, which is what differs; behind it the room of thinned lines is used again.
    other = ours("year", postgres="own", days=30)
    bytes_a_line = other["gigabytes"] * 1e9 / other["lines_kept"]
    yield Row("bytes a line, PostgreSQL, tables and indexes", "bytes", bytes_a_line)
    yield Row("the lines of that year at so many bytes, PostgreSQL", "GB", bytes_a_line * year["lines_kept"] / 1e9, most=3)


def metrics() -> Iterator[Row]:
    """`/metrics` over HTTP while the intake works off a backlog as fast as it can, and windows close."""
    with Stage(PROGRAM, FILES / "metrics", monitors=1, features=20, segments=2, partitions=120, events=3_000_000,
               minutes=240) as stage:
        with Service(SERVICE, stage.folder) as run:
            run.until("counted an event", lambda: run.accepted() > 0)
            times, series = [], 0
            processor, began = run.processor_seconds(), time.monotonic()
            counted = first = run.accepted()
            while counted < stage.facts["events"]:
                before = time.monotonic()
                text = run.get("/metrics")
                times.append(time.monotonic() - before)
                series = max(series, sum(not line.startswith(b"#") for line in text.splitlines()))
                if len(times) % 20 == 0:
                    counted = run.accepted()
                # As often as a great many scrapers would.
                time.sleep(0.01)
            seconds = time.monotonic() - began
            rate = (counted - first) / seconds
            cores = (run.processor_seconds() - processor) / seconds
    if len(times) < 200:
        sys.exit(f"metrics: only {len(times)} answers were timed; the backlog was too short")
    times.sort()
    yield Row("series at /metrics", "", series, least=5000)
    yield Row("events taken in meanwhile", "events/s", rate)
    yield Row("processor time that the service had meanwhile", "% of a core", cores * 100)
    yield Row(f"/metrics under full load, 99th percentile of {len(times)} answers", "ms",
              times[len(times) * 99 // 100] * 1000, most=50)
    yield Row("the median", "ms", times[len(times) // 2] * 1000)


BENCHMARKS = {
    "decode": decode,
    "drift": drift,
    "detectors": detectors,
    "kafka": kafka,
    "replay": replay,
    "evaluation": evaluation,
    "labels": labels,
    "memory": memory,
    "start": start,
    "disk": disk,
    "metrics": metrics,
    "growth": growth,
}


HEAD = ["| what | ours | peer | ratio | budget | |", "|---|---|---|---|---|---|"]
SPEED = ROOT / "docs" / "speed.md"


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def quote(rows: list[Row]) -> None:
    """Puts the rows with a budget or a peer between the marks of docs/speed.md."""
    begin, end = "<!-- make bench -->\n", "<!-- end -->"
    text = SPEED.read_text()
    if begin not in text:
        sys.exit(f"docs/speed.md has no {begin.strip()}")
    before, rest = text.split(begin, 1)
    table = [line(cells) for cells in (row.cells() for row in rows if row.budget or row.peer)]
    SPEED.write_text(before + begin + "\n".join(HEAD + table) + "\n" + end + rest.split(end, 1)[1])


def main(words: list[str]) -> None:
    options = {word for word in words if word.startswith("--")}
    names = [word for word in words if word not in options] or list(BENCHMARKS)
    for unknown in options - {"--no-build", "--quote"}:
        sys.exit(f"{unknown} is not known; see the beginning of this file")
    for name in names:
        if name not in BENCHMARKS:
            sys.exit(f"no benchmark is called {name}; there are {', '.join(BENCHMARKS)}")
    if "--no-build" not in options:
        environment = {**os.environ, "LEEWAY_BENCHMARKS": "1"}
        for product in ("LeewayBenchmarks", "leeway"):
            build = ["swift", "build", "-c", "release", "--product", product]
            subprocess.run(build, cwd=ROOT, check=True, env=environment, stdout=sys.stderr)
    print("\n".join(HEAD), flush=True)
    rows: list[Row] = []
    failed = 0
    for name in names:
        try:
            for row in BENCHMARKS[name]():
                rows.append(row)
                print(line(row.cells()), flush=True)
        except (Exception, SystemExit) as failure:
            failed += 1
            reason = str(failure).replace("\n", " ")
            if isinstance(failure, subprocess.CalledProcessError) and failure.stderr:
                print(failure.stderr, file=sys.stderr)
            print(line([name, f"failed: {reason}", "", "", "", "NOT MET"]), flush=True)
    if "--quote" in options:
        quote(rows)
    missed = sum(not row.met for row in rows)
    if missed or failed:
        sys.exit(f"{missed} of the budgets were not met, {failed} of the benchmarks failed")


if __name__ == "__main__":
    main(sys.argv[1:])
