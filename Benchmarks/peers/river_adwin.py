"""river: ADWIN on every numeric subject, value by value.

usage: river_adwin.py EVENTS.jsonl BINS.json [ROWS]

It reads the first ROWS events (20,000), since it is slow, and says how many changes each subject had.
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
    changes = dict.fromkeys(names, 0)
    for line in lines:
        event = orjson.loads(line)
        for name, detector in detectors:
            value = event.get(name)
            if value is None:
                continue
            detector.update(value)
            changes[name] += detector.drift_detected
    clock.answer(len(lines), changes=changes)


if __name__ == "__main__":
    main(*sys.argv[1:])
