from __future__ import annotations

import pytest

from leeway._paths import EACH, FieldPath, PathError, parse, quoted


@pytest.mark.parametrize(
    ("text", "root", "steps", "column"),
    [
        ("amount", "whole", ("amount",), "amount"),
        ("context.device", "whole", ("context", "device"), "context.device"),
        ('context."device.type"', "whole", ("context", "device.type"), "context.device.type"),
        (r'"a\"b\\c"', "whole", ('a"b\\c',), 'a"b\\c'),
        ("embedding[3]", "whole", ("embedding", 3), "embedding[3]"),
        ("a[0][12].b", "whole", ("a", 0, 12, "b"), "a[0][12].b"),
        ("request/amount", "whole", ("request/amount",), "request/amount"),
        ("key", "record", ("key",), "key"),
        ('"key"', "whole", ("key",), "key"),
        ("header.ce-id", "record", ("header", "ce-id"), "header.ce-id"),
        ('header."ce.id"', "record", ("header", "ce.id"), "header.ce.id"),
        ("kafka.timestamp", "record", ("kafka", "timestamp"), "kafka.timestamp"),
        ("kafka.time", "whole", ("kafka", "time"), "kafka.time"),
    ],
)
def test_paths_of_the_manual(text: str, root: str, steps: tuple[str | int, ...], column: str) -> None:
    path = parse(text)
    assert path == FieldPath(root, steps)
    assert path.column == column


def test_paths_of_rows() -> None:
    assert parse("message.ids[]", has_rows=True) == FieldPath("message", ("ids", EACH))
    assert parse("message.outputs[].score", has_rows=True).column == "outputs.score"
    assert parse("[7]", has_rows=True) == FieldPath("row", (7,))
    assert parse('"message".role', has_rows=True) == FieldPath("row", ("message", "role"))
    assert parse("amount", has_rows=True) == FieldPath("row", ("amount",))


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a[1]b", '"a', '"a"b', "a[-1]", "a[²]"])
def test_texts_that_are_no_paths(text: str) -> None:
    with pytest.raises(PathError):
        parse(text)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (["amount"], "amount"),
        (["Sepal.Length"], '"Sepal.Length"'),
        (["context", "a b"], "context.a b"),
        (["key"], '"key"'),
        (["header", "x"], '"header".x'),
        (["kafka", "timestamp"], '"kafka".timestamp'),
        (["kafka"], "kafka"),
        (['a"b\\'], '"a\\"b\\\\"'),
        (["a[0]"], '"a[0]"'),
    ],
)
def test_quotes_where_a_monitor_needs_them(keys: list[str], text: str) -> None:
    assert quoted(keys) == text
    assert parse(text) == FieldPath("whole", tuple(keys))
