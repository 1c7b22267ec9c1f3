"""What every peer's script shares: reading the events, and printing its answer."""

import json
import time

import orjson


def messages(path):
    with open(path, "rb") as file:
        return file.read().splitlines()


def rows(path):
    """Events or training rows as dictionaries."""
    return [orjson.loads(line) for line in messages(path)]


class Clock:
    """Processor time of this process, all its threads together."""

    def __init__(self):
        self.start = time.process_time()

    def answer(self, events, **results):
        seconds = time.process_time() - self.start
        print(json.dumps({"events_per_second": round(events / seconds), "seconds": seconds, "events": events, **results}))
