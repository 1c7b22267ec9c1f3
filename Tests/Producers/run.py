#!/usr/bin/env python3
"""Reads back what Confluent's own serializers write: the same rows in plain JSON, in Avro and in Protobuf, each with the schema's number
before the record and with its GUID in a header, must give the same result lines. Needs .build/debug; `make producers` builds it.

Packages are pinned in requirements.txt and go into .build/producers.
"""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build" / "debug"
VENV = ROOT / ".build" / "producers"
ROWS = 6000
START = 1_772_323_200_000

MONITOR = """
monitor: {name}
task: binary
predictions:
  topic: {name}.predictions
  format: {format}
  fields: {{id: id, time: at, version: model, score: score}}
  time_format: {time}
labels:
  topic: {name}.labels
  format: {format}
  fields: {{id: id, time: at, value: bought}}
  time_format: epoch_ms
  horizon: 30m
features:
  amount: numeric
  country: categorical
  age: {{type: numeric, field: person.age}}
baseline: {name}.baseline.json
panes: 5m
windows: [{{size: 1h, every: 1h}}]
lateness: 5m
segments: [country]
checks:
  - {{name: drift, on: features, metric: psi, window: 1h, warning: 0.2}}
  - {{name: auc, on: performance, metric: auc, window: 1h, warning: 0.6}}
alerts: {{warning: [log]}}
"""

# Monitors by their topics, and their formats.
FORMATS = {"json": "json", "avro": "avro", "guid": "avro", "protobuf": "protobuf", "protobuf-guid": "protobuf"}

# Two writers' schemas, one after the other in the middle of the topic.
FIRST = {
    "type": "record",
    "name": "Prediction",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "model", "type": {"type": "enum", "name": "Model", "symbols": ["v1", "v2"]}},
        {"name": "amount", "type": ["null", "double"], "default": None},
        {"name": "country", "type": "string"},
        {
            "name": "person",
            "type": ["null", {"type": "record", "name": "Person", "fields": [{"name": "age", "type": "int"}]}],
        },
        {"name": "score", "type": "float"},
    ],
}
SECOND = FIRST | {
    "fields": [{"name": "added", "type": {"type": "map", "values": "long"}}] + FIRST["fields"][::-1],
}
LABEL = {
    "type": "record",
    "name": "Label",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "at", "type": "long"},
        {"name": "bought", "type": ["boolean", "null"]},
    ],
}


def protobuf_messages() -> tuple[type, type, type]:
    """The same two writers' schemas and the label in Protobuf: the second writer's message is within another, the second of its file."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

    field = descriptor_pb2.FieldDescriptorProto
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)

    def prediction(message: descriptor_pb2.DescriptorProto, scope: str, order: int, is_second: bool) -> None:
        message.name = "Prediction"
        model = message.enum_type.add(name="Model")
        for number, name in enumerate(("NO_MODEL", "v1", "v2")):
            model.value.add(name=name, number=number)
        person = message.nested_type.add(name="Person")
        person.field.add(name="age", number=1, type=field.TYPE_INT32, label=1)
        fields = [
            dict(name="id", type=field.TYPE_STRING),
            dict(name="at", type=field.TYPE_MESSAGE, type_name=".google.protobuf.Timestamp"),
            dict(name="model", type=field.TYPE_ENUM, type_name=f".{scope}Prediction.Model"),
            dict(name="amount", type=field.TYPE_DOUBLE, proto3_optional=True, oneof_index=0),
            dict(name="country", type=field.TYPE_STRING),
            dict(name="person", type=field.TYPE_MESSAGE, type_name=f".{scope}Prediction.Person"),
            dict(name="score", type=field.TYPE_FLOAT),
        ]
        if is_second:
            fields.append(dict(name="added", type=field.TYPE_SINT64))
        message.oneof_decl.add(name="_amount")
        for number, one in enumerate(fields[::order], 1):
            message.field.add(number=number, label=1, **one)

    def file(name: str) -> descriptor_pb2.FileDescriptorProto:
        return descriptor_pb2.FileDescriptorProto(
            name=f"{name}.proto", package=name, syntax="proto3", dependency=["google/protobuf/timestamp.proto"]
        )

    first, second, label = file("first"), file("second"), file("label")
    prediction(first.message_type.add(), "first.", 1, False)
    second.message_type.add(name="Unused")
    prediction(second.message_type.add(name="Outer").nested_type.add(), "second.Outer.", -1, True)
    message = label.message_type.add(name="Label")
    message.oneof_decl.add(name="_bought")
    message.field.add(name="id", number=1, type=field.TYPE_STRING, label=1)
    message.field.add(name="at", number=2, type=field.TYPE_INT64, label=1)
    message.field.add(name="bought", number=3, type=field.TYPE_BOOL, label=1, proto3_optional=True, oneof_index=0)
    for made in (first, second, label):
        pool.Add(made)
    names = ("first.Prediction", "second.Outer.Prediction", "label.Label")
    one, two, three = (message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in names)
    return one, two, three


def packages() -> None:
    """Installs what is pinned, then goes on with the interpreter that has it."""
    python = VENV / "bin" / "python"
    if Path(sys.prefix) == VENV:
        return
    wanted = (Path(__file__).parent / "requirements.txt").read_text()
    mark = VENV / "installed.txt"
    if not mark.exists() or mark.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", Path(__file__).parent / "requirements.txt"], check=True)
        mark.write_text(wanted)
    os.execv(python, [str(python), *sys.argv])


def rows(seed: int) -> tuple[list[dict], list[dict]]:
    """Predictions and labels, in the order of time."""
    dice = random.Random(seed)
    predictions, labels = [], []
    for i in range(ROWS):
        # A float has 24 bits: the same number in JSON and in Avro.
        score = round(dice.random() * 1024) / 1024
        predictions.append(
            {
                "id": f"p{i}",
                "at": START + i * 2000,
                "model": dice.choice(["v1", "v2"]),
                "amount": None if dice.random() < 0.05 else dice.gauss(40 if i < ROWS / 2 else 60, 10),
                "country": dice.choice(["DE", "FR", "ü", "a=b"]),
                "person": None if dice.random() < 0.1 else {"age": dice.randrange(18, 90)},
                "score": score,
            }
        )
        labels.append({"id": f"p{i}", "at": START + i * 2000 + 60_000, "bought": dice.random() < score})
    return predictions, labels


def produce(bootstrap: str, registry: str, predictions: list[dict], labels: list[dict]) -> None:
    from confluent_kafka import Producer
    from confluent_kafka.schema_registry import SchemaRegistryClient, header_schema_id_serializer
    from confluent_kafka.schema_registry.avro import AvroSerializer
    from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
    from confluent_kafka.serialization import MessageField, SerializationContext

    client = SchemaRegistryClient({"url": registry})
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20})

    def serializer(schema: dict, **more: object) -> AvroSerializer:
        return AvroSerializer(client, json.dumps(schema), conf={"auto.register.schemas": True, **more})

    def protobuf(kind: type, **more: object):
        serialize = ProtobufSerializer(kind, client, conf={"auto.register.schemas": True, **more})

        def write(row: dict, context: SerializationContext) -> bytes:
            message = kind()
            for name, value in row.items():
                if name == "at" and "model" in row:
                    message.at.FromMilliseconds(value)
                elif name == "model":
                    message.model = kind.Model.Value(value)
                elif name == "person" and value:
                    message.person.age = value["age"]
                elif name == "added":
                    message.added = value["x"]
                elif value is not None:
                    setattr(message, name, value)
            return serialize(message, context)

        return write

    kinds = protobuf_messages()
    by_header = {"schema.id.serializer": header_schema_id_serializer}
    writers = {
        "json": [(lambda row, _: json.dumps(row).encode())] * 3,
        "avro": [serializer(FIRST), serializer(SECOND), serializer(LABEL)],
        "guid": [serializer(FIRST, **by_header), serializer(SECOND, **by_header), serializer(LABEL, **by_header)],
        "protobuf": [protobuf(kind) for kind in kinds],
        "protobuf-guid": [protobuf(kind, **by_header) for kind in kinds],
    }
    for name, (first, second, label) in writers.items():
        for kind, messages in (("predictions", predictions), ("labels", labels)):
            topic = f"{name}.{kind}"
            for i, row in enumerate(messages):
                write = label if kind == "labels" else first if i % 3 else second
                if name != "json" and write is second:
                    row = row | {"added": {"x": i}}
                context = SerializationContext(topic, MessageField.VALUE, [])
                value = write(row, context)
                producer.produce(
                    topic, value=value, headers=context.headers or None, partition=0, timestamp=row["at"],
                    on_delivery=lambda error, _: error and sys.exit(f"not delivered: {error}"),
                )
                producer.poll(0)
    producer.flush()


def get(url: str) -> dict:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def lines(base: str, name: str) -> list[str]:
    """All result lines of a monitor, without what comes of its name."""
    found, cursor = [], ""
    while True:
        page = get(f"{base}/api/v1/results?monitor={name}&limit=1000{cursor}")
        for line in page["results"]:
            for name_of_it in ("baseline", "incident"):
                line.pop(name_of_it, None)
            found.append(json.dumps(line | {"monitor": ""}, sort_keys=True, ensure_ascii=False))
        if not page["next"]:
            return sorted(found)
        cursor = f"&cursor={page['next']}"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def main() -> None:
    packages()
    from registry import Registry

    seed = int(os.environ.get("SEED", "1"))
    predictions, labels = rows(seed)
    registry = Registry()
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        broker = subprocess.Popen(
            [BUILD / "leeway-test-broker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        service = None
        try:
            bootstrap = broker.stdout.readline().strip()
            (folder / "training.csv").write_text(
                "amount,country,age,score,model,bought\n"
                + "".join(
                    f"{r['amount'] or ''},{r['country']},{(r['person'] or {}).get('age', '')},{r['score']},v1,"
                    f"{int(label['bought'])}\n"
                    for r, label in zip(predictions[:1500], labels)
                )
            )
            (folder / "monitors").mkdir()
            for name in FORMATS:
                for kind in ("predictions", "labels"):
                    broker.stdin.write(f"topic {name}.{kind} 1\n")
                    broker.stdin.flush()
                    assert broker.stdout.readline() == "ok\n"
                file = folder / "monitors" / f"{name}.yaml"
                file.write_text(MONITOR.format(name=name, format=FORMATS[name], time="rfc3339" if "proto" in name else "epoch_ms"))
                fit = [BUILD / "leeway", "baseline", "fit", file, "--from", folder / "training.csv"]
                subprocess.run(fit, check=True, stdout=subprocess.DEVNULL)
            port = free_port()
            (folder / "leeway.yaml").write_text(
                f"kafka: {{bootstrap: '{bootstrap}', group: producers}}\nledger: sqlite:leeway.db\n"
                f"http: {{listen: '127.0.0.1:{port}'}}\nschema_registry: {{urls: ['{registry.url}']}}\n"
            )
            produce(bootstrap, registry.url, predictions, labels)
            base = f"http://127.0.0.1:{port}"
            log = (folder / "log").open("w")
            service = subprocess.Popen([BUILD / "leeway", "run"], cwd=folder, stdout=log, stderr=log)
            deadline = time.monotonic() + 120
            found: dict[str, list[str]] = {}
            while time.monotonic() < deadline:
                if service.poll() is not None:
                    sys.exit("leeway ended:\n" + (folder / "log").read_text())
                try:
                    found = {name: lines(base, name) for name in FORMATS}
                except OSError:
                    found = {}
                if found and all(any('"type": "performance"' in x for x in f) for f in found.values()):
                    if len({len(f) for f in found.values()}) == 1 and found == {
                        name: lines(base, name) for name in found
                    }:
                        break
                time.sleep(0.5)
            else:
                sys.exit(f"no lines after two minutes; {({k: len(v) for k, v in found.items()})}\n{(folder / 'log').read_text()}")
            for name in FORMATS:
                for a, b in zip(found["json"], found[name]):
                    if a != b:
                        sys.exit(f"{name} differs from json (SEED={seed}):\n  {a}\n  {b}")
            asked = {path.split("?")[0] for path in registry.asked if path.startswith("/schemas/")}
            if not any("/guids/" in path for path in asked) or not any("/ids/" in path for path in asked):
                sys.exit(f"not both kinds of ids were asked for: {sorted(asked)}")
            print(f"SEED={seed}: {len(found['json'])} lines of {ROWS} predictions and labels are the same in JSON, and in "
                  f"Avro and Protobuf by number and by GUID; {len(asked)} schemas were asked for")
        finally:
            for process in (service, broker):
                if process and process.poll() is None:
                    process.terminate()
                    process.wait(60)
            registry.close()


if __name__ == "__main__":
    main()
