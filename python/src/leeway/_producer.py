"""What a logger sends with, and what it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, Protocol, cast

from ._errors import InputError


class Producer(Protocol):
    """What a logger needs of ``confluent_kafka.Producer``."""

    def produce(self, topic: str, value: bytes, **options: Any) -> None: ...

    def poll(self, timeout: float) -> int: ...

    def flush(self, timeout: float) -> int: ...


#: Called for each message that a broker has, or that was given up: the error or None, and the message.
DeliveryCallback = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Counts:
    """What became of messages.

    Attributes:
        queued: taken, and handed to the producer.
        delivered: a broker has them.
        failed: given up by the producer.
        dropped: not taken, because the queue was full or the logger closed.
        invalid: not taken, because they could not be written.
    """

    queued: int = 0
    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    invalid: int = 0

    @property
    def waiting(self) -> int:
        """Still on their way."""
        return self.queued - self.delivered - self.failed


def confluent_producer() -> Callable[[Mapping[str, Any]], Producer]:
    """Librdkafka's producer.

    Raises:
        InputError: confluent-kafka is not installed.
    """
    try:
        from confluent_kafka import Producer as ConfluentProducer
    except ImportError as error:
        raise InputError("the logger needs confluent-kafka; install it with: pip install 'leeway[kafka]'") from error
    found: Any = ConfluentProducer
    return cast("Callable[[Mapping[str, Any]], Producer]", found)
