#!/usr/bin/env python3
"""Writes protobuf.json: messages of random content as Google's library for Python writes them, and what they hold.

Each case has a FileDescriptorSet in hexadecimal, the name of a message, paths, and messages: their bytes and the value at every path, null
too where there is none. Some bytes are two messages behind each other, which are read as one, and some have fields that the schema lacks.
"""
import json
import pathlib
import random
import struct
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2, wrappers_pb2

OUT = pathlib.Path(sys.argv[1])
RANDOM = random.Random(15)
F = descriptor_pb2.FieldDescriptorProto
TYPES = {name: getattr(F, "TYPE_" + name.upper()) for name in (
    "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes").split()}


def field(message, name, number, kind, label=F.LABEL_OPTIONAL, **more):
    made = message.field.add(name=name, number=number, label=label)
    if kind in TYPES:
        made.type = TYPES[kind]
    else:
        made.type = F.TYPE_ENUM if kind.endswith("Channel") else F.TYPE_GROUP if kind.endswith("Many") else F.TYPE_MESSAGE
        made.type_name = kind
    for key, value in more.items():
        setattr(made.options if key == "packed" else made, key, value)
    return made


def entry(message, name, number, key, value):
    """A map is repeated messages of an entry."""
    inner = message.nested_type.add(name=name.capitalize() + "Entry")
    inner.options.map_entry = True
    field(inner, "key", 1, key)
    field(inner, "value", 2, value)
    field(message, name, number, f".shop.v1.{message.name}.{inner.name}", F.LABEL_REPEATED)


def third():
    file = descriptor_pb2.FileDescriptorProto(
        name="shop.proto", package="shop.v1", syntax="proto3",
        dependency=["google/protobuf/timestamp.proto", "google/protobuf/wrappers.proto"])
    channel = file.enum_type.add(name="Channel")
    for number, name in ((0, "NONE"), (1, "WEB"), (5, "SHOP"), (-3, "LOST")):
        channel.value.add(name=name, number=number)
    context = file.message_type.add(name="Context")
    field(context, "device", 1, "string")
    field(context, "channel", 2, ".shop.v1.Channel")
    field(context, "parent", 3, ".shop.v1.Context")
    field(context, "tags", 4, "string", F.LABEL_REPEATED)
    message = file.message_type.add(name="Prediction")
    field(message, "id", 1, "string")
    field(message, "sent", 2, ".google.protobuf.Timestamp")
    message.oneof_decl.add(name="payment")
    message.oneof_decl.add(name="_amount")
    field(message, "amount", 3, "double", oneof_index=1, proto3_optional=True)
    field(message, "ratio", 4, "float")
    field(message, "is_new", 5, "bool")
    field(message, "channel", 6, ".shop.v1.Channel")
    field(message, "raw", 7, "bytes")
    field(message, "context", 8, ".shop.v1.Context")
    entry(message, "scores", 9, "string", "double")
    entry(message, "shops", 10, "sint64", ".shop.v1.Context")
    entry(message, "flags", 11, "bool", ".shop.v1.Channel")
    field(message, "embedding", 12, "float", F.LABEL_REPEATED)
    field(message, "steps", 13, "sint32", F.LABEL_REPEATED, packed=False)
    field(message, "contexts", 14, ".shop.v1.Context", F.LABEL_REPEATED)
    field(message, "card", 15, "string", oneof_index=0)
    field(message, "cash", 16, "int64", oneof_index=0)
    field(message, "gift", 17, ".shop.v1.Context", oneof_index=0)
    field(message, "weight", 18, ".google.protobuf.DoubleValue")
    field(message, "note", 19, ".google.protobuf.StringValue")
    for number, kind in enumerate(("int32", "uint32", "uint64", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64"), 1000):
        field(message, "as_" + kind, number, kind)
    return file


def second():
    file = descriptor_pb2.FileDescriptorProto(name="old.proto", package="shop.v1", syntax="proto2")
    message = file.message_type.add(name="Old")
    channel = message.enum_type.add(name="Channel")
    for number, name in ((1, "WEB"), (2, "SHOP")):
        channel.value.add(name=name, number=number)
    field(message, "id", 1, "string", F.LABEL_REQUIRED)
    field(message, "missing", 2, "int32")
    field(message, "given", 3, "int32", default_value="-7")
    field(message, "text", 4, "string", default_value="hé")
    field(message, "raw", 5, "bytes", default_value="a\\\"\\303\\251")
    field(message, "ratio", 6, "double", default_value="1.5")
    field(message, "channel", 7, ".shop.v1.Old.Channel", default_value="SHOP")
    field(message, "is_new", 8, "bool", default_value="true")
    field(message, "numbers", 9, "fixed64", F.LABEL_REPEATED)
    group = message.nested_type.add(name="Many")
    field(group, "price", 1, "int32")
    field(message, "many", 10, ".shop.v1.Old.Many", F.LABEL_REPEATED)
    field(message, "score", 11, "double")
    return file


def text():
    return "".join(RANDOM.choice("abcXYZ 0189_-äßé日😀\"\\") for _ in range(RANDOM.randrange(0, 12)))


def number(bits, signed):
    x = RANDOM.getrandbits(RANDOM.randrange(1, bits + (not signed)))
    return -x if signed and RANDOM.random() < 0.5 else x


def fill(message, depth, share):
    for descriptor in message.DESCRIPTOR.fields:
        if not descriptor.is_required and RANDOM.random() > share:
            continue
        value = getattr(message, descriptor.name)
        entry = descriptor.message_type if descriptor.message_type and descriptor.message_type.GetOptions().map_entry else None
        if entry:
            for _ in range(RANDOM.randrange(0, 4)):
                key = scalar(entry.fields_by_name["key"])
                if entry.fields_by_name["value"].message_type:
                    fill(value[key], 0, 0.5)
                else:
                    value[key] = scalar(entry.fields_by_name["value"])
        elif descriptor.is_repeated:
            for _ in range(RANDOM.randrange(0, 4)):
                if descriptor.message_type:
                    fill(value.add(), depth - 1, 0.5)
                else:
                    value.append(scalar(descriptor))
        elif descriptor.message_type is None:
            setattr(message, descriptor.name, scalar(descriptor))
        elif descriptor.message_type.full_name == "google.protobuf.Timestamp":
            value.seconds = RANDOM.randrange(-62135596800, 253402300800)
            value.nanos = RANDOM.choice([0, 5 * 10 ** 8, 123456000, RANDOM.randrange(10 ** 9)])
        elif depth:
            value.SetInParent()
            fill(value, depth - 1, share)
    return message


def scalar(descriptor):
    kind = descriptor.type
    if kind == F.TYPE_ENUM:
        values = [v.number for v in descriptor.enum_type.values]
        return RANDOM.choice(values + ([77] if descriptor.enum_type.full_name == "shop.v1.Channel" else []))
    if kind in (F.TYPE_DOUBLE, F.TYPE_FLOAT):
        x = RANDOM.choice([RANDOM.gauss(0, 1e6), 0.0, -1.5])
        return x if kind == F.TYPE_DOUBLE else struct.unpack("<f", struct.pack("<f", x))[0]
    if kind == F.TYPE_BOOL:
        return RANDOM.random() < 0.5
    if kind in (F.TYPE_STRING, F.TYPE_BYTES):
        return text() if kind == F.TYPE_STRING else text().encode()
    bits = 64 if kind in (F.TYPE_INT64, F.TYPE_UINT64, F.TYPE_SINT64, F.TYPE_FIXED64, F.TYPE_SFIXED64) else 32
    return number(bits, kind not in (F.TYPE_UINT32, F.TYPE_UINT64, F.TYPE_FIXED32, F.TYPE_FIXED64))


def one(descriptor, value):
    """A value as a monitor sees it."""
    if descriptor.type == F.TYPE_ENUM:
        known = descriptor.enum_type.values_by_number.get(value)
        return known.name if known else value
    if descriptor.type == F.TYPE_BYTES:
        return value.decode()
    if descriptor.message_type is None:
        return value
    if descriptor.message_type.full_name == "google.protobuf.Timestamp":
        return value.ToJsonString()
    if descriptor.message_type.file.name.endswith("wrappers.proto"):
        return value.value
    return {name: shown(value, name) for name in (f.name for f in value.DESCRIPTOR.fields) if is_there(value, name)}


def is_there(message, name):
    descriptor = message.DESCRIPTOR.fields_by_name[name]
    if descriptor.type == F.TYPE_GROUP:
        return False
    if descriptor.is_repeated:
        return len(getattr(message, name)) > 0
    return not descriptor.has_presence or descriptor.has_default_value or message.HasField(name)


def shown(message, name):
    descriptor = message.DESCRIPTOR.fields_by_name[name]
    value = getattr(message, name)
    if descriptor.message_type and descriptor.message_type.GetOptions().map_entry:
        inner = descriptor.message_type.fields_by_name["value"]
        pairs = sorted(value.items(), key=lambda pair: pair[0])
        return {str(k).lower() if isinstance(k, bool) else str(k): one(inner, v) for k, v in pairs}
    if descriptor.is_repeated:
        return [one(descriptor, v) for v in value]
    return one(descriptor, value)


def at(message, path):
    first, *rest = path.replace("[", ".[").split(".")
    if first not in message.DESCRIPTOR.fields_by_name or message.DESCRIPTOR.fields_by_name[first].type == F.TYPE_GROUP:
        return None
    if not message.DESCRIPTOR.fields_by_name[first].is_repeated and not is_there(message, first):
        return None
    value = shown(message, first)
    for step in rest:
        if step.startswith("["):
            value = value[int(step[1:-1])] if isinstance(value, list) and int(step[1:-1]) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def messages(kind, paths, count):
    made = []
    for i in range(count):
        data = fill(kind(), 3, 0.7).SerializeToString(deterministic=True)
        if i % 5 == 1:
            data += fill(kind(), 3, 0.5).SerializeToString(deterministic=True)
        if i % 5 == 2:
            # Fields of all wire types that the schema lacks; the last is a group within a group.
            data = bytes.fromhex("a81f05 ad1f01020304 a91f0102030405060708 aa1f03aabbcc ab1fab1f0801ac1fac1f") + data
        parsed = kind.FromString(data)
        made.append({"bytes": data.hex(), "values": [at(parsed, path) for path in paths]})
    return made


pool = descriptor_pool.DescriptorPool()
files = [descriptor_pb2.FileDescriptorProto() for _ in range(4)]
timestamp_pb2.DESCRIPTOR.CopyToProto(files[0])
wrappers_pb2.DESCRIPTOR.CopyToProto(files[1])
files[2], files[3] = third(), second()
for file in files:
    pool.Add(file)
CASES = [
    ("shop.v1.Prediction", files[:3], [
        "id", "sent", "amount", "ratio", "is_new", "isNew", "channel", "raw", "context.device", "context.channel",
        "context.parent.device", "context.parent.parent.channel", "context.tags[1]", "context.tags", "context", "scores", "shops",
        "shops.7.device", "flags.true", "flags", "embedding", "embedding[1]", "steps[2]", "steps", "contexts[0].device",
        "contexts[1].parent.device", "contexts", "card", "cash", "gift.device", "gift", "weight", "note", "as_int32", "as_uint32",
        "as_uint64", "as_sint64", "as_fixed32", "as_fixed64", "as_sfixed32", "as_sfixed64", "none"]),
    # Without the files that it imports, as a registry has it.
    ("shop.v1.Prediction", files[2:3], ["id", "sent", "weight", "note", "context", "card"]),
    ("shop.v1.Old", files[3:], [
        "id", "missing", "given", "text", "raw", "ratio", "channel", "is_new", "numbers", "numbers[1]", "many", "score"]),
]
cases = []
for name, some, paths in CASES:
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
    made = messages(kind, paths, 150 if len(some) == 3 else 50)
    # A name in JSON finds the field; Python knows its own name.
    if "isNew" in paths:
        for message in made:
            message["values"][paths.index("isNew")] = message["values"][paths.index("is_new")]
    schema = descriptor_pb2.FileDescriptorSet(file=some).SerializeToString(deterministic=True).hex()
    cases.append({"schema": schema, "message": name, "paths": paths, "messages": made})
(OUT / "protobuf.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
