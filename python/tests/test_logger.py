from __future__ import annotations

import datetime
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest

import leeway
from leeway import _default_logger

from .conftest import MONITOR, write_monitor


class Fake:
    """A producer whose queue holds ``room`` messages, and that delivers when it is told to."""

    def __init__(self, room: int = 1000) -> None:
        self.room = room
        self.messages: list[tuple[str, bytes, dict[str, Any]]] = []
        self.waiting: list[Any] = []
        self.flushed: list[float] = []
        self.polled = threading.Event()
        self.error: Optional[str] = None

    def produce(self, topic: str, value: bytes, **options: Any) -> None:
        if len(self.waiting) >= self.room:
            raise BufferError("Local: Queue full")
        self.waiting.append(options.pop("on_delivery"))
        self.messages.append((topic, value, options))

    def poll(self, timeout: float) -> int:
        self.polled.wait(timeout)
        return 0

    def deliver(self) -> None:
        for callback in self.waiting:
            callback(self.error, object())
        self.waiting.clear()

    def flush(self, timeout: float) -> int:
        self.flushed.append(timeout)
        left = len(self.waiting)
        if self.error is None:
            self.deliver()
            left = 0
        self.polled.set()
        return left

    @property
    def values(self) -> list[Any]:
        return [json.loads(value) for _, value, _ in self.messages]


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def logger(shop: Path, fake: Fake) -> Iterator[leeway.Logger]:
    with leeway.Logger(shop, fake) as found:
        yield found


AT = datetime.datetime(2026, 3, 1, 0, 0, 0, 123000, tzinfo=datetime.timezone.utc)


def test_messages_have_the_fields_of_the_monitor(logger: leeway.Logger, fake: Fake) -> None:
    assert logger.log({"amount": 12.5, "age": 40, "device": "ios", "secret": 1}, id="p1", time=AT, version="v2", score=0.83, country="DE")
    assert fake.messages[0] == (
        "serving.shop.predictions",
        b'{"id":"p1","at":1772323200123,"model":"v2","p":0.83,"amount":12.5,"age":40,"context":{"device":"ios"},"country":"DE"}',
        {"key": "p1"},
    )
    assert logger.label(id="p1", value=True, time=AT)
    assert fake.messages[1] == ("serving.shop.labels", b'{"id":"p1","at":1772323200123,"bought":true}', {"key": "p1"})
    assert logger.label(id="p1", value=None, time=AT)
    assert fake.values[2]["bought"] is None


def test_names_and_paths_and_objects_are_found(logger: leeway.Logger, fake: Fake) -> None:
    for values in ({"device": "ios"}, {"context.device": "ios"}, {"context": {"device": "ios"}}):
        logger.log({"id": 7, "p": 0.5, **values})
    assert [value["context"] for value in fake.values] == [{"device": "ios"}] * 3
    assert [value["id"] for value in fake.values] == [7] * 3
    assert {value["amount"] for value in fake.values} == {None}


def test_the_time_is_now_unless_it_is_given(logger: leeway.Logger, fake: Fake) -> None:
    before = datetime.datetime.now(datetime.timezone.utc).timestamp()
    logger.log(id=1, score=0.5)
    after = datetime.datetime.now(datetime.timezone.utc).timestamp()
    assert int(before * 1000) <= fake.values[0]["at"] <= int(after * 1000) + 1


def test_what_cannot_be_written_is_counted(logger: leeway.Logger, fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "leeway"):
        assert not logger.log({"amount": object()}, id="p1", score=0.5)
        assert not logger.log({"amount": 1.0}, id="p1")
        assert not logger.log({"amount": 1.0}, score=0.5)
        assert not logger.label(value=1)
    assert logger.counts == leeway.Counts(invalid=4)
    assert fake.messages == []
    assert [record.message for record in caplog.records] == [
        "leeway: a message of monitor shop was invalid, the first: feature amount: a object is no number and no text; "
        "turn it into one of these"
    ]


def test_a_full_queue_drops_and_counts(shop: Path, caplog: pytest.LogCaptureFixture) -> None:
    fake = Fake(room=3)
    logger = leeway.Logger(shop, fake)
    with caplog.at_level(logging.WARNING, "leeway"):
        taken = [logger.log(id=i, score=0.5) for i in range(5)]
    assert taken == [True, True, True, False, False]
    assert logger.counts == leeway.Counts(queued=3, dropped=2)
    assert logger.counts.waiting == 3
    assert [record.message for record in caplog.records] == ["leeway: a message of monitor shop was dropped, the first: Local: Queue full"]
    fake.deliver()
    assert logger.log(id=5, score=0.5)
    logger.close()
    assert logger.counts == leeway.Counts(queued=4, delivered=4, dropped=2)
    assert logger.counts.waiting == 0


def test_failed_deliveries_are_counted(shop: Path, fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Any] = []

    def on_delivery(error: Any, message: Any) -> None:
        seen.append(error)
        raise RuntimeError("of the caller")

    logger = leeway.Logger(shop, fake, on_delivery=on_delivery, flush_timeout=1.5)
    logger.log(id=1, score=0.5)
    fake.error = "Broker: Unknown topic"
    with caplog.at_level(logging.WARNING, "leeway"):
        fake.deliver()
    assert logger.counts == leeway.Counts(queued=1, failed=1)
    assert seen == ["Broker: Unknown topic"]
    assert [record.message for record in caplog.records] == [
        "leeway: a message of monitor shop was failed, the first: Broker: Unknown topic",
        "leeway: on_delivery of the logger of monitor shop failed",
    ]
    logger.log(id=2, score=0.5)
    caplog.clear()
    with caplog.at_level(logging.WARNING, "leeway"):
        logger.close()
        logger.close()
    assert fake.flushed == [1.5]
    assert [record.message for record in caplog.records] == ["leeway: 1 of monitor shop were still on their way when the logger was closed"]
    assert not logger.log(id=3, score=0.5)
    assert logger.counts == leeway.Counts(queued=2, failed=1, dropped=1)


def test_errors_are_raised_where_that_is_asked_for(shop: Path, fake: Fake) -> None:
    with leeway.Logger(shop, fake, raise_errors=True) as logger:
        with pytest.raises(leeway.InputError) as error:
            logger.log(score=0.5)
        assert str(error.value) == "id is missing; the monitor finds it in id"
        fake.room = 0
        with pytest.raises(BufferError):
            logger.log(id=1, score=0.5)
        assert logger.counts == leeway.Counts(dropped=1, invalid=1)


def test_records(shop: Path, fake: Fake) -> None:
    write_monitor(
        shop,
        (
            "{id: id, time: at, version: model, score: p}\n  time_format: epoch_ms",
            "{id: key, time: kafka.timestamp, version: header.model-version, score: p}",
        ),
    )
    with leeway.Logger(shop, fake) as logger:
        assert logger.log({"amount": 1}, id=17, time=AT, version="v2", score=0.5)
        assert not logger.log({"amount": 1}, id=17, time=1, version="v2", score=0.5)
    assert fake.messages == [
        (
            "serving.shop.predictions",
            b'{"p":0.5,"amount":1,"age":null,"context":{"device":null},"country":null}',
            {"key": "17", "timestamp": 1_772_323_200_123, "headers": [("model-version", b"v2")]},
        )
    ]


def test_monitors_that_a_logger_cannot_serve(shop: Path, fake: Fake) -> None:
    shop.write_text(MONITOR.replace("  topic: serving.shop.predictions\n", "  topic: serving.shop.predictions\n  format: avro\n"))
    with pytest.raises(leeway.InputError) as error:
        leeway.Logger("shop.yaml", fake)
    assert str(error.value) == "shop.yaml: predictions are avro; a logger writes JSON, so use a serializer of that format"
    shop.write_text(MONITOR)
    with pytest.raises(leeway.InputError) as error:
        leeway.Logger(shop, fake, max_queue=0)
    assert str(error.value) == "max_queue is 0; a queue holds at least 1 message"


def test_the_functions_of_the_module(shop: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(_default_logger, "_said_unset", False)
    with caplog.at_level(logging.WARNING, "leeway"):
        assert not leeway.log(id=1, score=0.5)
        assert not leeway.label(id=1, value=1)
    assert [record.message for record in caplog.records] == [
        "leeway: nothing is sent, since no logger is set; call leeway.set_logger(leeway.Logger(...)) first"
    ]
    with leeway.Logger(shop, fake) as logger:
        assert leeway.set_logger(logger) is None
        assert leeway.log({"amount": 1.5}, id=1, score=0.5)
        assert leeway.label(id=1, value=1)
        assert leeway.set_logger(None) is logger
    assert [topic for topic, _, _ in fake.messages] == ["serving.shop.predictions", "serving.shop.labels"]


def test_many_threads_lose_no_count(shop: Path, fake: Fake) -> None:
    fake.room = 500
    with leeway.Logger(shop, fake) as logger:
        threads = [threading.Thread(target=lambda: [logger.log(id=i, score=0.5) for i in range(100)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counts = logger.counts
    assert counts.queued + counts.dropped == 800
    assert counts.queued == len(fake.messages)


# Against librdkafka, with the cluster that it brings for tests

CONFLUENT = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import confluent_kafka"], capture_output=True, check=False).returncode != 0,
    reason="confluent-kafka is not installed",
)


@pytest.fixture
def broker() -> Iterator[str]:
    from confluent_kafka import Producer

    cluster: Any = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    found = next(iter(cluster.list_topics(timeout=10).brokers.values()))
    yield f"{found.host}:{found.port}"
    del cluster


def consumed(bootstrap: str, topic: str, count: int) -> list[Any]:
    """So many messages of all partitions of a topic, or those that come within a minute."""
    from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

    consumer: Any = Consumer({"bootstrap.servers": bootstrap, "group.id": "test", "log_level": 0})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
    found: list[Any] = []
    for _ in range(60):
        found += [message for message in consumer.consume(1000, timeout=1.0) if message.error() is None]
        if len(found) >= count:
            break
    consumer.close()
    return found


@CONFLUENT
def test_what_a_broker_has_can_be_replayed(baseline: leeway.Baseline, shop: Path, broker: str) -> None:
    from .conftest import logs

    predictions, labels = logs()
    delivered: list[Any] = []
    with leeway.Logger(
        shop, {"bootstrap.servers": broker, "log_level": 0}, flush_timeout=30, on_delivery=lambda error, message: delivered.append(error)
    ) as logger:
        for row in predictions.to_dict("records"):
            logger.log(row)
        for row in labels.to_dict("records"):
            logger.label(id=row["id"], time=row["at"], value=row["bought"])
        logger.flush()
        assert logger.counts == leeway.Counts(queued=8640, delivered=8640)
    assert delivered == [None] * 8640
    for topic, name in (("serving.shop.predictions", "p.jsonl"), ("serving.shop.labels", "l.jsonl")):
        messages = consumed(broker, topic, 4320)
        assert all(message.key() == json.loads(message.value())["id"].encode() for message in messages)
        messages.sort(key=lambda message: int(json.loads(message.value())["at"]))
        Path(name).write_bytes(b"\n".join(message.value() for message in messages))
    found = leeway.replay("p.jsonl", "l.jsonl", shop).lines
    assert found == leeway.replay(predictions, labels, shop).lines


@CONFLUENT
def test_no_broker_never_waits_and_never_raises(shop: Path) -> None:
    logger = leeway.Logger(shop, {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}, max_queue=10, flush_timeout=0.1)
    taken = sum(logger.log(id=i, score=0.5) for i in range(50))
    assert taken == 10
    assert logger.counts == leeway.Counts(queued=10, dropped=40)
    logger.close()


@CONFLUENT
def test_a_wrong_property_is_counted(shop: Path) -> None:
    logger = leeway.Logger(shop, {"bootstrap.server": "x"})
    assert not logger.log(id=1, score=0.5)
    assert logger.counts == leeway.Counts(dropped=1)


@CONFLUENT
def test_the_end_of_the_process_flushes(shop: Path, broker: str) -> None:
    script = (
        "import leeway, sys\n"
        "logger = leeway.Logger(sys.argv[1], {'bootstrap.servers': sys.argv[2], 'linger.ms': 60000, 'log_level': 0}, flush_timeout=30)\n"
        "assert logger.log(id='last', score=0.5)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script, str(shop), broker], check=True, env=environment, timeout=60)
    assert [message.key() for message in consumed(broker, "serving.shop.predictions", 1)] == [b"last"]


@CONFLUENT
def test_a_fork_gets_a_producer_of_its_own(shop: Path, broker: str) -> None:
    script = (
        "import leeway, os, sys\n"
        "logger = leeway.Logger(sys.argv[1], {'bootstrap.servers': sys.argv[2], 'log_level': 0}, flush_timeout=30)\n"
        "assert logger.log(id='parent', score=0.5)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    taken = logger.log(id='child', score=0.5)\n"
        "    counts = logger.counts\n"
        "    logger.close()\n"
        "    os._exit(0 if taken and counts.queued == 1 else 1)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script, str(shop), broker], check=True, env=environment, timeout=60)
    found = sorted(message.key() for message in consumed(broker, "serving.shop.predictions", 2))
    assert found == [b"child", b"parent"]
