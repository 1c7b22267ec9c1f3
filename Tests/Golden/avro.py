#!/usr/bin/env python3
"""Writes avro.json: records of random content as fastavro writes them, and what they hold.

Each case has the text of a schema, paths, and messages: their bytes in hexadecimal and the value at every path, null too where there is
none. Decimals are given as text, in the digits that they have.
"""
import decimal
import io
import json
import pathlib
import random
import struct
import sys
import uuid

import fastavro

OUT = pathlib.Path(sys.argv[1])
RANDOM = random.Random(15)

PREDICTION = {
    "type": "record", "name": "Prediction", "namespace": "com.example", "fields": [
        {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "sent", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "sent_us", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "amount", "type": ["null", "double"]},
        {"name": "ratio", "type": "float"},
        {"name": "is_new", "type": ["boolean", "string", "null"]},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2}},
        {"name": "rate", "type": {"type": "fixed", "name": "Rate", "size": 9, "logicalType": "decimal", "precision": 18,
                                  "scale": 6}},
        {"name": "channel", "type": {"type": "enum", "name": "Channel", "symbols": ["WEB", "APP", "SHOP"]}},
        {"name": "raw", "type": "bytes"},
        {"name": "context", "type": {"type": "record", "name": "Context", "fields": [
            {"name": "device", "type": ["null", "string"]},
            {"name": "channel", "type": ["null", "Channel"]},
            {"name": "parent", "type": ["null", "Context"]},
        ]}},
        {"name": "scores", "type": {"type": "map", "values": "double"}},
        {"name": "embedding", "type": {"type": "array", "items": "float"}},
        {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
            {"name": "price", "type": "int"}, {"name": "tags", "type": {"type": "array", "items": "string"}}]}}},
        {"name": "score", "type": "double"},
    ]}
PATHS = ["id", "sent", "sent_us", "day", "amount", "ratio", "is_new", "price", "rate", "channel", "raw", "context.device",
         "context.channel", "context.parent.device", "context.parent.parent.device", "scores.cat", "scores", "embedding[1]",
         "embedding", "lines[0].price", "lines[1].tags[0]", "lines", "context", "score", "none", "context.none.more"]


def single(x):
    """As a float of 32 bits holds it."""
    return struct.unpack("<f", struct.pack("<f", x))[0]


def text():
    return "".join(RANDOM.choice("abcXYZ 0189_-äßé日😀\"\\") for _ in range(RANDOM.randrange(0, 12)))


def context(depth):
    return {"device": RANDOM.choice([None, text()]), "channel": RANDOM.choice([None, "WEB", "SHOP"]),
            "parent": context(depth - 1) if depth and RANDOM.random() < 0.6 else None}


def prediction():
    digits = RANDOM.choice([1, 3, 9, 18])
    return {
        "id": str(uuid.UUID(int=RANDOM.getrandbits(128), version=4)),
        "sent": RANDOM.randrange(0, 2 ** 42), "sent_us": RANDOM.choice([None, RANDOM.randrange(0, 2 ** 52)]),
        "day": RANDOM.randrange(-1000, 30000), "amount": RANDOM.choice([None, RANDOM.gauss(0, 1e6), 0.0, -1.5]),
        "ratio": single(RANDOM.gauss(0, 10)), "is_new": RANDOM.choice([True, False, text(), None]),
        "price": decimal.Decimal(RANDOM.randrange(-10 ** digits, 10 ** digits)).scaleb(-2),
        "rate": decimal.Decimal(RANDOM.randrange(-10 ** digits, 10 ** digits)).scaleb(-6),
        "channel": RANDOM.choice(["WEB", "APP", "SHOP"]), "raw": text().encode(),
        "context": context(4),
        "scores": {name: RANDOM.random() for name in RANDOM.sample(["cat", "dog", "", "ünknown"], RANDOM.randrange(0, 5))},
        "embedding": [single(RANDOM.random()) for _ in range(RANDOM.randrange(0, 5))],
        "lines": [{"price": RANDOM.randrange(-2 ** 31, 2 ** 31), "tags": [text() for _ in range(RANDOM.randrange(0, 3))]}
                  for _ in range(RANDOM.randrange(0, 4))],
        "score": RANDOM.choice([RANDOM.random(), 1e300, 5e-324]),
    }


def shown(value):
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {key: shown(inner) for key, inner in value.items()}
    return [shown(inner) for inner in value] if isinstance(value, list) else value


def at(value, path):
    for step in path.replace("[", ".[").split("."):
        if step.startswith("["):
            index = int(step[1:-1])
            value = value[index] if isinstance(value, list) and index < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return shown(value)


def encoded(schema, record):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, record)
    return out.getvalue().hex()


parsed = fastavro.parse_schema(PREDICTION)
records = [prediction() for _ in range(150)]
# Logical types are given as what is written, but for decimals.
plain = json.loads(json.dumps(PREDICTION))
for field in plain["fields"]:
    if field["name"] in ("id", "sent", "day"):
        field["type"].pop("logicalType")
    if field["name"] == "sent_us":
        field["type"][1].pop("logicalType")
written = fastavro.parse_schema(plain)
cases = [{"schema": json.dumps(PREDICTION), "paths": PATHS,
          "messages": [{"bytes": encoded(written, r), "values": [at(r, path) for path in PATHS]} for r in records]}]
(OUT / "avro.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
