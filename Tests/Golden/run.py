#!/usr/bin/env python3
"""`make golden`: runs the generators in this folder and compares what they write with the files of the tests.

usage: Tests/Golden/run.py [--write] [NAME...]

Numbers may differ by 10⁻⁹ of themselves, since libraries of linear algebra round as the processor lets them; all else is the same.
--write puts the files in place instead. The packages of requirements/ go into .build/golden.
"""

import gzip
import hashlib
import json
import math
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
VENVS = TESTS.parent / ".build" / "golden"
STATISTICS, ACCEPTANCE = "StatisticsTests/Fixtures", "AcceptanceTests/Fixtures"

# Generator: where its files go, and which packages it needs.
GENERATORS = {
    "avro": ("CoreTests/Fixtures", "fastavro"),
    "calibration": (STATISTICS, "scipy"), "car_loan": (f"{ACCEPTANCE}/car_loan", "scipy"),
    "detectors": (STATISTICS, "river"), "distances": (STATISTICS, "scipy"),
    "estimates": (f"{ACCEPTANCE}/car_loan_estimates", "nannyml"), "fairness": (STATISTICS, "scipy"),
    "functions": (STATISTICS, "scipy"), "label_free": (STATISTICS, "scipy"), "performance": (STATISTICS, "scipy"),
    "power": (STATISTICS, "scipy"),
    "replay_sets": (f"{ACCEPTANCE}/replay_sets", "scipy"), "tails": (STATISTICS, "scipy"),
    "version_sets": (f"{ACCEPTANCE}/version_sets", "scipy"),
}
# Files whose generators are not here, by their digest: README.md says what they are.
KEPT = {
    "StatisticsTests/Fixtures/shift.json.gz":
        "29b927d787c180df6538daf88339e6cdf1095526888af3ad90802cec77f97f56",
    "StatisticsTests/Fixtures/traffic.json":
        "1bba5929bb346fa794a1c44f49792cb60c712567824b80612d1b749e77778dd1",
    "AcceptanceTests/Fixtures/car_loan/train.csv.gz":
        "3667b7f9075a5bf14e3519095811afd496b7690745504d7dcae82e951fa557b9",
    "AcceptanceTests/Fixtures/car_loan/predictions.jsonl.gz":
        "4bb5ac0aa14d3a715eab6236dc666b064eb8912015879ef5a7b78fede4fd21c6",
    "AcceptanceTests/Fixtures/car_loan/labels.jsonl.gz":
        "931b260c2f32cf7ab22825feac647dff9deca1ffee48b3157433ff164c206946",
}


def python(packages: str) -> Path:
    """An interpreter with the packages, installed when they have changed."""
    wanted, place = HERE / "requirements" / f"{packages}.txt", VENVS / packages
    installed = place / "installed.txt"
    if not installed.exists() or installed.read_text() != wanted.read_text():
        venv.create(place, with_pip=True, clear=True)
        subprocess.run(
            [place / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "-r", wanted],
            check=True)
        installed.write_text(wanted.read_text())
    return place / "bin/python"


def difference(found, wanted, place: str) -> str | None:
    """The first place where two values differ."""
    if isinstance(wanted, float) or isinstance(found, float):
        if isinstance(found, (int, float)) and isinstance(wanted, (int, float)):
            same = math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12)
            return None if same else f"{place}: {found} is made, and the file has {wanted}"
    if type(found) is not type(wanted):
        return f"{place}: {found!r} is made, and the file has {wanted!r}"
    if isinstance(wanted, dict):
        if found.keys() != wanted.keys():
            return f"{place}: the members differ: {sorted(found.keys() ^ wanted.keys())}"
        pairs = [(found[key], wanted[key], f"{place}.{key}") for key in wanted]
    elif isinstance(wanted, list):
        if len(found) != len(wanted):
            return f"{place}: {len(found)} elements are made, and the file has {len(wanted)}"
        pairs = [(a, b, f"{place}[{i}]") for i, (a, b) in enumerate(zip(found, wanted))]
    else:
        return None if found == wanted else f"{place}: {found!r} is made, and the file has {wanted!r}"
    return next((text for pair in pairs if (text := difference(*pair))), None)


def documents(path: Path):
    if path.suffix == ".json":
        return json.loads(path.read_text())
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    if path.name.endswith(".jsonl.gz"):
        return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    return path.read_text()


def compare(name: str, writes: bool) -> list[str]:
    folder, packages = GENERATORS[name]
    interpreter = python(packages)
    with tempfile.TemporaryDirectory() as temporary:
        out = TESTS / folder if writes else Path(temporary)
        subprocess.run([interpreter, HERE / f"{name}.py", out], check=True, stdout=subprocess.DEVNULL)
        problems = []
        for made in sorted(path for path in Path(temporary).rglob("*") if path.is_file()):
            path = f"{folder}/{made.relative_to(temporary)}"
            if not (TESTS / path).exists():
                problems.append(f"{path} is made, and there is no such file")
            elif text := difference(documents(made), documents(TESTS / path), f"Tests/{path}"):
                problems.append(text)
        return problems


def main() -> None:
    arguments = sys.argv[1:]
    writes = "--write" in arguments
    names = [name for name in arguments if name != "--write"] or list(GENERATORS)
    problems = [
        f"Tests/{path} is not the file that it was; its generator is not here, so it must stay as it is"
        for path, digest in KEPT.items() if hashlib.sha256((TESTS / path).read_bytes()).hexdigest() != digest
    ]
    for name in names:
        found = compare(name, writes)
        print(f"{name}: {'written' if writes else 'the same' if not found else 'differs'}", flush=True)
        problems += found
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
