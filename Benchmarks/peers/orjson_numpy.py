"""What a careful person writes in an afternoon: orjson a message, NumPy a batch of 10,000.

usage: orjson_numpy.py EVENTS.jsonl BINS.json

For every numeric subject it counts the values below, at, between and above the knots (searchsorted from both sides), for
every categorical one the categories; missing values apart. Prints one JSON object, as LeewayBenchmarks decode does.
"""

import json
import sys
import time

import numpy as np
import orjson

BATCH = 10_000


def reader(path):
    keys = path.split(".")
    if len(keys) == 1:
        return lambda event, key=keys[0]: event.get(key)

    def read(event):
        for key in keys[:-1]:
            event = event.get(key)
            if event is None:
                return None
        return event.get(keys[-1])

    return read


def main(events_path, bins_path):
    with open(bins_path, "rb") as file:
        subjects = orjson.loads(file.read())
    with open(events_path, "rb") as file:
        messages = file.read().splitlines()

    plans = []
    for subject in subjects:
        if "knots" in subject:
            knots = np.array(subject["knots"])
            plans.append([reader(subject["path"]), knots, None, np.zeros(2 * len(knots) + 2, dtype=np.int64)])
        else:
            categories = {name: index for index, name in enumerate(subject["categories"])}
            # The categories, other (which this baseline hasn't got), unseen, missing.
            plans.append([reader(subject["path"]), None, categories, np.zeros(len(categories) + 3, dtype=np.int64)])
    flat = all("." not in subject["path"] for subject in subjects)
    keys = [subject["path"] for subject in subjects]

    start = time.process_time()
    loads = orjson.loads
    for first in range(0, len(messages), BATCH):
        batch = [loads(message) for message in messages[first : first + BATCH]]
        for key, plan in zip(keys, plans):
            read, knots, categories, counts = plan
            if flat:
                values = [event.get(key) for event in batch]
            else:
                values = [read(event) for event in batch]
            if knots is not None:
                column = np.array(values, dtype=float)
                missing = np.isnan(column)
                cells = np.searchsorted(knots, column, "left") + np.searchsorted(knots, column, "right")
                cells[missing] = 2 * len(knots) + 1
            else:
                unseen, missing = len(categories) + 1, len(categories) + 2
                cells = np.array([missing if v is None else categories.get(v, unseen) for v in values])
            counts += np.bincount(cells, minlength=len(counts))
    seconds = time.process_time() - start

    print(
        json.dumps(
            {
                "events_per_second": round(len(messages) / seconds),
                "nanoseconds": seconds / len(messages) * 1e9,
                "events": len(messages),
                "counts": [plan[3].tolist() + [0] for plan in plans],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
