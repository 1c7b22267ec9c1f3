"""river: ADWIN on every numeric subject, value by value.

usage: river_adwin.py EVENTS.jsonl BINS.json [ROWS]

It reads the first ROWS events (20,000), since it is slow. From the middle on every value is half as large again, so that
there are changes to find; it says at which events it found them.
"""

import sys

import orjson
from river.drift import ADWIN
from timing import Clock, messages


def main(events_path, bins_path, count="20000"):
    subjects = orjson.loads(open(bins_path, "rb").read())
    names = [subject["path"] for subject in subjects if "knots" in subject]
    lines = messages(events_path)[: int(count)]
    clock = Clock()
    detectors = [(name, ADWIN()) for name in names]
    changes = {name: [] for name in names}
    for index, line in enumerate(lines):
        event = orjson.loads(line)
        scale = 1 if index < len(lines) // 2 else 1.5
        for name, detector in detectors:
            value = event.get(name)
            if value is None:
                continue
            detector.update(value * scale)
            if detector.drift_detected:
                changes[name].append(index)
    clock.answer(len(lines), changes=changes)


if __name__ == "__main__":
    main(*sys.argv[1:])
