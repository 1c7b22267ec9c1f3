"""whylogs: a profile of the events, in batches of 10,000.

usage: whylogs_profile.py EVENTS.jsonl BINS.json

Rows are handed over as pandas frames, the way it is fastest. It gives counts, missing values and a sketch of each column;
what is compared with ours is how many values each subject has.
"""

import sys

import orjson
import pandas
import whylogs
from timing import Clock, messages

BATCH = 10_000


def main(events_path, bins_path):
    names = [subject["path"] for subject in orjson.loads(open(bins_path, "rb").read())]
    lines = messages(events_path)
    clock = Clock()
    profile = None
    for first in range(0, len(lines), BATCH):
        frame = pandas.DataFrame([orjson.loads(line) for line in lines[first : first + BATCH]], columns=names)
        view = whylogs.log(frame).profile().view()
        profile = view if profile is None else profile.merge(view)
    table = profile.to_pandas()
    present = {name: int(table.loc[name, "counts/n"] - table.loc[name, "counts/null"]) for name in names}
    clock.answer(len(lines), present=present)


if __name__ == "__main__":
    main(*sys.argv[1:])
