#!/usr/bin/env python3
"""`make golden`: runs the generators in this folder and compares what they write with the files of the tests.

usage: Tests/Golden/run.py [--write] [NAME...]

Integers, texts and the shape of every file are compared exactly, floating-point numbers to 10⁻¹² of themselves (10⁻¹⁵ near 0), not
their bytes: NumPy, BLAS and the C library pick their kernels by the processor, and sums in another order and other logarithms differ
in the last digits. LOOSER names the files that differ by more, and why. Every difference is printed with file, key and both values.
--write puts the files in place instead. Versions are those of requirements.txt; the packages go into .build/golden.
"""

import gzip
import hashlib
import json
import math
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
VENVS = TESTS.parent / ".build" / "golden"
PINS = HERE / "requirements.txt"
CORE, STATISTICS, ACCEPTANCE = "CoreTests/Fixtures", "StatisticsTests/Fixtures", "AcceptanceTests/Fixtures"

# NannyML has an environment of its own: with all that it needs it takes 2 GB, the others together half of one.
PACKAGES = {
    "main": [
        "fairlearn", "fastavro", "mpmath", "numpy", "pandas", "protobuf", "river", "scikit-learn", "scipy", "statsmodels",
    ],
    "nannyml": ["nannyml", "statsmodels"],  # which it imports and does not ask for
}
# Generator: where its files go.
GENERATORS = {
    "avro": CORE, "calibration": STATISTICS, "detectors": STATISTICS, "distances": STATISTICS, "fairness": STATISTICS,
    "functions": STATISTICS, "label_free": STATISTICS, "performance": STATISTICS, "power": STATISTICS, "protobuf": CORE,
    "shift": STATISTICS, "tails": STATISTICS, "traffic": STATISTICS, "replay_sets": f"{ACCEPTANCE}/replay_sets",
    "version_sets": f"{ACCEPTANCE}/version_sets", "car_loan_inputs": f"{ACCEPTANCE}/car_loan",
    "car_loan": f"{ACCEPTANCE}/car_loan", "estimates": f"{ACCEPTANCE}/car_loan_estimates",
}
NEED_NANNYML = {"car_loan_inputs", "estimates"}
TOLERANCE = 1e-12, 1e-15  # relative, absolute
LOOSER = {
    # 12 significant digits, and hours filtered by other means than where the file comes from.
    f"{STATISTICS}/shift.json.gz": (1e-9, 1e-12),
    # SciPy takes powers of matrices of up to 140 rows.
    f"{STATISTICS}/kolmogorov.json": (1e-10, 0),
    # Integrals and roots of SciPy, which another processor ends in another place.
    f"{STATISTICS}/power.json": (1e-10, 1e-12),
}
# Inputs that no generator makes, by their digest: README.md says what they are.
KEPT = {
    f"{ACCEPTANCE}/car_loan/predictions.jsonl.gz": "4bb5ac0aa14d3a715eab6236dc666b064eb8912015879ef5a7b78fede4fd21c6",
    f"{ACCEPTANCE}/car_loan/labels.jsonl.gz": "931b260c2f32cf7ab22825feac647dff9deca1ffee48b3157433ff164c206946",
}
# Written by hand, with their expectations in the tests.
BY_HAND = [
    f"{ACCEPTANCE}/car_loan/README.md", f"{ACCEPTANCE}/car_loan/monitor.yaml", f"{ACCEPTANCE}/cases/", "DeliveryTests/Fixtures/",
    "ServiceTests/Fixtures/",
]
MOST_SHOWN = 20  # differences of one file


def pins() -> dict[str, str]:
    return dict(line.split("==") for line in PINS.read_text().lower().replace("_", "-").split() if "==" in line)


def python(packages: str) -> Path:
    """An interpreter with the packages, installed when their versions have changed."""
    place = VENVS / packages
    installed, wanted = place / "installed.txt", " ".join(PACKAGES[packages]) + "\n" + PINS.read_text()
    if not installed.exists() or installed.read_text() != wanted:
        venv.create(place, with_pip=True, clear=True)
        pip = [place / "bin/pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "--only-binary", ":all:", "-c", PINS, *PACKAGES[packages]], check=True)
        found = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
        unpinned = [line for line in found.split() if line.lower().replace("_", "-").split("==")[0] not in pins()]
        if unpinned:
            sys.exit(f"{PINS} must pin what {packages} needs too: {' '.join(unpinned)}")
        installed.write_text(wanted)
    return place / "bin/python"


def differences(made, wanted, tolerance, place=""):
    """The keys where two values differ, with both."""
    if type(made) in (int, float) and type(wanted) in (int, float) and float in (type(made), type(wanted)):
        relative, absolute = tolerance
        if not math.isclose(made, wanted, rel_tol=relative, abs_tol=absolute):
            yield f"{place}: {made} is made, and the file has {wanted}"
    elif isinstance(made, dict) and isinstance(wanted, dict):
        for key in [*made, *(key for key in wanted if key not in made)]:
            if key not in wanted:
                yield f"{place}.{key}: {made[key]!r} is made, and the file has no such key"
            elif key not in made:
                yield f"{place}.{key}: not made, and the file has {wanted[key]!r}"
            else:
                yield from differences(made[key], wanted[key], tolerance, f"{place}.{key}")
    elif isinstance(made, list) and isinstance(wanted, list):
        if len(made) != len(wanted):
            yield f"{place}: {len(made)} elements are made, and the file has {len(wanted)}"
        for i, pair in enumerate(zip(made, wanted)):
            yield from differences(*pair, tolerance, f"{place}[{i}]")
    elif type(made) is not type(wanted) or made != wanted:
        yield f"{place}: {made!r} is made, and the file has {wanted!r}"


def content(path: Path):
    """What is compared: JSON's values, the lines of every other text."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    match path.name.removesuffix(".gz").rpartition(".")[2]:
        case "json":
            return json.loads(data)
        case "jsonl":
            return [json.loads(line) for line in data.splitlines()]
    return data.decode().splitlines()


def compare(path: str, made: Path) -> list[str]:
    if not (TESTS / path).exists():
        return [f"Tests/{path}: made, and there is no such file"]
    found = differences(content(made), content(TESTS / path), LOOSER.get(path, TOLERANCE))
    lines = [f"Tests/{path} {line.removeprefix('.')}" for line in found]
    more = len(lines) - MOST_SHOWN
    return lines[:MOST_SHOWN] + ([f"Tests/{path}: {more} more differences"] if more > 0 else [])


def run(name: str, writes: bool) -> tuple[set[str], list[str]]:
    """The files that a generator makes, and how they differ from those in place."""
    folder = GENERATORS[name]
    with tempfile.TemporaryDirectory() as temporary:
        interpreter = python("nannyml" if name in NEED_NANNYML else "main")
        subprocess.run([interpreter, HERE / f"{name}.py", temporary], check=True, stdout=subprocess.DEVNULL)
        made = {f"{folder}/{path.relative_to(temporary)}": path for path in sorted(Path(temporary).rglob("*")) if path.is_file()}
        if not writes:
            return set(made), [line for path, file in made.items() for line in compare(path, file)]
        for path, file in made.items():
            (TESTS / path).parent.mkdir(parents=True, exist_ok=True)
            (TESTS / path).write_bytes(file.read_bytes())
        return set(made), []


def unmade(made: set[str]):
    """Files in the folders of golden files that no generator makes and this program does not know."""
    for path in sorted(str(file.relative_to(TESTS)) for file in TESTS.glob("*/Fixtures/**/*") if file.is_file()):
        if path not in made and path not in KEPT and not any(path.startswith(start) for start in BY_HAND):
            yield f"Tests/{path}: no generator makes it"


def unchecked():
    """What does not need the generators: kept inputs, and the versions that README.md names."""
    for path, digest in KEPT.items():
        if hashlib.sha256((TESTS / path).read_bytes()).hexdigest() != digest:
            yield f"Tests/{path}: not the file that it was; its generator is not here, so it must stay as it is"
    readme = (HERE / "README.md").read_text().lower()
    for package in sum(PACKAGES.values(), []):
        if not re.search(rf"\b{package} {re.escape(pins()[package])}(?![.\d])", readme):
            yield f"Tests/Golden/README.md: {package} is not named in the version of requirements.txt, {pins()[package]}"


def main() -> None:
    arguments = sys.argv[1:]
    writes = "--write" in arguments
    names = [name for name in arguments if name != "--write"] or list(GENERATORS)
    if unknown := [name for name in names if name not in GENERATORS]:
        sys.exit(f"no such generator: {' '.join(unknown)}; there are {' '.join(GENERATORS)}")
    problems, made = list(unchecked()), set()
    for name in names:
        files, found = run(name, writes)
        print(f"{name}: {'written' if writes else 'differs' if found else 'the same'}", flush=True)
        made |= files
        problems += found
    if len(names) == len(GENERATORS):
        problems += unmade(made)
    if problems:
        sys.exit("\n".join(problems))
    if not writes:
        print("all golden files are as generated" if len(names) == len(GENERATORS) else "these golden files are as generated")


if __name__ == "__main__":
    main()
