"""Predictions and labels from serving code to Kafka, without ever standing in its way."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional, Union

from ._binary import PathLike
from ._errors import InputError
from ._messages import template
from ._monitor import ID, LABEL, TIME, Field, Monitor, Stream
from ._paths import EACH, RECORD, FieldPath
from ._producer import Counts, DeliveryCallback, Producer, confluent_producer
from ._values import UnwritableError, is_missing, is_time, json_of, nanoseconds_of, time_json

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger("leeway")
_POLL_SECONDS = 0.2


class _Shape:
    """How messages of a topic are built, worked out once."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.fields: dict[FieldPath, Field] = {}
        for field in stream.fields:
            self.fields.setdefault(field.path, field)
        self.value = [field for field in self.fields.values() if field.path.root != RECORD]
        self.text, self.order = template([(field.path, i) for i, field in enumerate(self.value)], stream)
        self.record = [field for field in self.fields.values() if field.path.root == RECORD]


class Logger:
    """Sends predictions and labels to the topics of a monitor, in the shape that it reads.

    ``log`` and ``label`` only write JSON and hand it to the producer's queue; a thread of the logger asks for deliveries. They
    never wait, and never raise unless ``raise_errors`` is set: what cannot be sent is counted, and the first of each kind is
    logged under the name ``leeway``. A process that forks gets a producer of its own with the first message after the fork.

    ::

        logger = leeway.Logger("fraud.yaml", {"bootstrap.servers": "broker:9092"})
        logger.log({"amount": 12.5, "country": "DE"}, id="p1", score=0.83, version="v2")
        logger.label(id="p1", value=1)

    Args:
        monitor: the monitor file.
        producer: librdkafka's properties, or something with the methods of ``confluent_kafka.Producer``.
        max_queue: messages that may wait; more are dropped. With a producer of your own, its queue is the limit.
        flush_timeout: seconds that ``close``, and the end of the process, wait for what is on its way.
        on_delivery: called for each message from the logger's thread, with the error or None.
        raise_errors: raise from ``log`` and ``label`` what is otherwise counted.
        binary: the command, which is asked only where the monitor file cannot be read.

    Raises:
        InputError: the monitor's messages are not JSON, or confluent-kafka is not installed.
        ConfigurationError: the monitor file is wrong.
    """

    def __init__(
        self,
        monitor: PathLike,
        producer: Union[Mapping[str, Any], Producer],
        *,
        max_queue: int = 100_000,
        flush_timeout: float = 5.0,
        on_delivery: Optional[DeliveryCallback] = None,
        raise_errors: bool = False,
        binary: Optional[PathLike] = None,
    ) -> None:
        read = Monitor.read(monitor, binary=binary)
        streams = [("predictions", read.predictions), *([("labels", read.labels)] if read.labels else [])]
        for what, stream in streams:
            if stream.format != "json":
                raise InputError(
                    f"{os.fspath(monitor)}: {what} are {stream.format}; a logger writes JSON, so use a serializer of that format"
                )
        if max_queue < 1:
            raise InputError(f"max_queue is {max_queue}; a queue holds at least 1 message")
        self.monitor = read.name
        self._lenient = read.lenient
        self._predictions = _Shape(read.predictions)
        self._labels = _Shape(read.labels) if read.labels else None
        self._output = read.output
        self._flush_timeout = flush_timeout
        self._on_delivery = on_delivery
        self._raise = raise_errors
        self._properties: Optional[dict[str, Any]] = None
        self._given: Optional[Producer] = None
        if isinstance(producer, Mapping):
            # Checked now: serving code is no place to find out.
            confluent_producer()
            self._properties = {
                "linger.ms": 50, "client.id": "leeway-python", **producer, "queue.buffering.max.messages": max_queue,
            }  # fmt: skip
        else:
            self._given = producer
        self._said: set[str] = set()
        self._closed = False
        self._begin()
        _loggers.add(self)
        reference = weakref.ref(self)
        self._at_exit = lambda: _close(reference)
        atexit.register(self._at_exit)
        if self._given is not None:
            self._start()

    def _begin(self) -> None:
        """What a process has of its own. The threads of a producer do not live on in a child, and what waited is the parent's to send."""
        self._lock = threading.Lock()
        self._start_lock = threading.Lock()
        self._counts = dict.fromkeys(("queued", "delivered", "failed", "dropped", "invalid"), 0)
        self._producer: Optional[Producer] = None
        self._thread: Optional[threading.Thread] = None
        self._stop = threading.Event()

    def log(
        self,
        values: Optional[Mapping[str, Any]] = None,
        /,
        *,
        id: Any = None,  # noqa: A002 - the word of the monitor file
        time: Any = None,
        version: Any = None,
        score: Any = None,
        prediction: Any = None,
        probabilities: Any = None,
        **more: Any,
    ) -> bool:
        """Sends a prediction.

        Args:
            values: features and segments, by their names or by their paths in messages; objects may be dicts.
            id: the prediction's id, whatever messages call it, as all of these.
            time: when it was made, now unless given; a datetime without a zone is UTC.
            version: the model's version.
            score: the output of a binary model.
            prediction: the output of any other model.
            probabilities: of a multiclass model: a dict of classes, or an array in the monitor's order.
            more: as ``values``.

        Returns:
            Whether it was taken. False is counted.
        """
        roles = {
            "id": id, "time": time, "version": version, "score": score, "prediction": prediction,
            "probabilities": probabilities,
        }  # fmt: skip
        given = {role: value for role, value in roles.items() if value is not None}
        return self._send(self._predictions, {**(values or {}), **more}, given)

    def label(
        self,
        values: Optional[Mapping[str, Any]] = None,
        /,
        *,
        id: Any = None,  # noqa: A002 - the word of the monitor file
        value: Any = None,
        time: Any = None,
        **more: Any,
    ) -> bool:
        """Sends a label.

        Args:
            values: what else the monitor reads of labels, as in ``labels.where``.
            id: the prediction's id.
            value: the label; None retracts the one that the id has.
            time: when it was given, now unless it is here.
            more: as ``values``.

        Returns:
            Whether it was taken. False is counted.
        """
        given = {role: found for role, found in (("id", id), ("time", time)) if found is not None}
        given["label"] = value
        return self._send(self._labels, {**(values or {}), **more}, given)

    @property
    def counts(self) -> Counts:
        """What became of messages since the logger, or the process after a fork, began."""
        with self._lock:
            return Counts(**self._counts)

    def flush(self, timeout: Optional[float] = None) -> int:
        """Waits until what is on its way is delivered or given up.

        Returns:
            How many messages are still on their way when ``timeout`` (``flush_timeout`` unless given) is over.
        """
        producer = self._producer
        if producer is None:
            return 0
        return int(producer.flush(self._flush_timeout if timeout is None else timeout))

    def close(self) -> None:
        """Flushes, and takes no more. May be called twice; the end of the process calls it."""
        with self._start_lock:
            if self._closed:
                return
            self._closed = True
        atexit.unregister(self._at_exit)
        left = self.flush()
        self._stop.set()
        if self._thread is not None:
            self._thread.join(self._flush_timeout)
        if left:
            _log.warning("leeway: %s of monitor %s were still on their way when the logger was closed", left, self.monitor)

    def __enter__(self) -> Logger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What a message goes through

    def _send(self, shape: Optional[_Shape], values: Mapping[str, Any], roles: Mapping[str, Any]) -> bool:
        try:
            if shape is None:
                raise InputError(f"monitor {self.monitor} has no labels; add labels: with a topic and fields")
            value, options = self._message(shape, values, roles)
        except Exception as error:
            return self._refuse("invalid", error)
        try:
            if self._closed:
                raise InputError("the logger is closed; make another")
            producer = self._producer or self._start()
            producer.produce(shape.stream.topic, value, on_delivery=self._delivered, **options)
        except Exception as error:
            return self._refuse("dropped", error)
        with self._lock:
            self._counts["queued"] += 1
        return True

    def _refuse(self, kind: str, error: Exception) -> bool:
        with self._lock:
            self._counts[kind] += 1
            first = kind not in self._said
            self._said.add(kind)
        if first:
            _log.warning("leeway: a message of monitor %s was %s, the first: %s", self.monitor, kind, error)
        if self._raise:
            raise error
        return False

    def _message(self, shape: _Shape, values: Mapping[str, Any], roles: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
        time_format = shape.stream.time_format
        texts = []
        options: dict[str, Any] = {}
        for field in shape.value:
            value = _look_up(field, values, roles)
            if field.kind == TIME and is_missing(value):
                texts.append(time_json(time.time_ns(), time_format))
                continue
            if field.required and field.kind != LABEL and is_missing(value):
                raise InputError(f"{field.what} is missing; the monitor finds it in {field.path.column}")
            try:
                texts.append(json_of(value, field.kind, time_format, lenient=self._lenient))
            except UnwritableError as problem:
                raise InputError(f"{field.what}: {problem}") from None
            if field.kind == ID and "key" not in options and not is_missing(value):
                # Messages of one id are in one partition, and a tombstone finds its label.
                options["key"] = str(value)
        for field in shape.record:
            value = _look_up(field, values, roles)
            step = field.path.steps[0]
            if field.kind == TIME:
                moment = value if is_time(value) else None
                if moment is None and not is_missing(value):
                    raise InputError("time is of the record; give a datetime")
                options["timestamp"] = (nanoseconds_of(moment) if moment is not None else time.time_ns()) // 10**6
            elif is_missing(value):
                if field.required:
                    raise InputError(f"{field.what} is missing; the monitor finds it in {field.path.column}")
            elif step == "key":
                options["key"] = _plain_text(value)
            else:
                options.setdefault("headers", []).append((str(field.path.steps[1]), _plain_text(value).encode()))
        text = shape.text % tuple(texts[i] for i in shape.order)
        return text.encode(), options

    def _start(self) -> Producer:
        with self._start_lock:
            if self._producer is not None:
                return self._producer
            own = dict(self._properties or {})
            producer = self._given if self._given is not None else confluent_producer()(own)
            self._producer = producer
            self._thread = threading.Thread(target=_poll, args=(producer, self._stop), name="leeway-logger", daemon=True)
            self._thread.start()
            return producer

    def _delivered(self, error: Any, message: Any) -> None:
        with self._lock:
            self._counts["failed" if error else "delivered"] += 1
            first = bool(error) and "failed" not in self._said
            if error:
                self._said.add("failed")
        if first:
            _log.warning("leeway: a message of monitor %s was failed, the first: %s", self.monitor, error)
        if self._on_delivery is not None:
            try:
                self._on_delivery(error, message)
            except Exception:
                _log.exception("leeway: on_delivery of the logger of monitor %s failed", self.monitor)


_loggers: weakref.WeakSet[Logger] = weakref.WeakSet()


def _after_fork() -> None:
    for logger in list(_loggers):
        logger._begin()


os.register_at_fork(after_in_child=_after_fork)


def _close(reference: weakref.ref[Logger]) -> None:
    logger = reference()
    if logger is not None:
        logger.close()


def _poll(producer: Producer, stop: threading.Event) -> None:
    while not stop.is_set():
        producer.poll(_POLL_SECONDS)


def _plain_text(value: Any) -> str:
    """A key or a header, which are texts."""
    text = json_of(value, "text")
    return str(value) if text.startswith('"') else text


def _look_up(field: Field, values: Mapping[str, Any], roles: Mapping[str, Any]) -> Any:
    for role in field.roles:
        if role in roles and not field.name_first:
            return roles[role]
    for name in field.names:
        if name in values:
            return values[name]
    steps: Sequence[Any] = [step for step in field.path.steps if step != EACH]
    found: Any = values
    for step in steps:
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, (list, tuple)) and isinstance(step, int) and step < len(found):
            found = found[step]
        else:
            return None
    return found
