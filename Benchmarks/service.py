"""The service itself under measurement: a broker full of events, and `leeway run` reading it."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

# Event time of the first event that `LeewayBenchmarks stage` writes: 2024-01-01T00:00:00Z.
START = 1_704_067_200


class Stage:
    """A broker in a process of its own, and a folder with what `leeway run` needs; both are gone at the end."""

    def __init__(self, program: Path, folder: Path, **options):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "monitors").mkdir(parents=True)
        words = [program, "stage", "--folder", folder]
        for name, value in options.items():
            words += ["--" + name.replace("_", "-"), str(value)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the stage ended with {self.process.wait()}")
        self.facts = json.loads(line)

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Service:
    """`leeway run` over a stage's folder."""

    def __init__(self, program: Path, folder: Path):
        self.log = open(folder / "leeway.log", "w+")
        self.started = time.monotonic()
        words = [program, "run", "--config", folder / "leeway.yaml", "--monitors", folder / "monitors"]
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log)
        self.address = None

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def said(self) -> str:
        if self.process.poll() is not None:
            self.fail("ended")
        return Path(self.log.name).read_text()

    def fail(self, why: str) -> None:
        raise SystemExit(f"leeway run {why}:\n{Path(self.log.name).read_text()[-4000:]}")

    def until(self, what: str, condition, patience: float = 900, pause: float = 0.2):
        """What `condition` gives, once it gives anything."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(pause)
        self.fail(f"has not {what} in {patience:.0f} s")

    def listen(self) -> str:
        if self.address is None:
            find = lambda: re.search(r"metrics on (http://[^/]+)/", self.said())
            self.address = self.until("served its pages", find, pause=0.01).group(1)
        return self.address

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.listen() + path, timeout=60) as answer:
            return answer.read()

    def accepted(self) -> int:
        found = re.findall(rb'^leeway_events_total\{[^}]*outcome="accepted"[^}]*\} (\S+)', self.get("/metrics"), re.M)
        return int(sum(map(float, found)))

    def closed_through(self, monitor: str) -> float:
        """Event time up to which windows have been judged, in seconds; 0 before any has."""
        time = json.loads(self.get(f"/api/v1/monitors/{monitor}"))["closed_through"]
        return 0 if time is None else seconds(time)

    def resident(self) -> tuple[float, float]:
        """Megabytes of memory now, and the most there have been."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        now, peak = (int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M).group(1)) for name in ("VmRSS", "VmHWM"))
        return now / 1000, peak / 1000

    def processor_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
