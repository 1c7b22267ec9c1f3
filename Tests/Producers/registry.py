"""A schema registry in memory that Confluent's own client for Python accepts: what it registers, the service asks for."""

import base64
import hashlib
import json
import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Registry:
    """Schemas by number and by GUID; `url` is where it is."""

    def __init__(self) -> None:
        self.schemas: list[dict] = []
        self.asked: list[str] = []
        self.lock = threading.Lock()
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                registry.asked.append(self.path)
                path, _, query = self.path.partition("?")
                self.answer(registry.find(path, "format=serialized" in query))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                subject = self.path.split("?")[0].split("/")[2]
                self.answer(registry.register(subject, body))

            def answer(self, found: dict | None) -> None:
                body = json.dumps(found or {"error_code": 40403, "message": "Schema not found"}).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def register(self, subject: str, body: dict) -> dict:
        """The same text has one number and one GUID, as in Confluent's registry."""
        with self.lock:
            for schema in self.schemas:
                if schema["schema"] == body["schema"]:
                    return schema | {"subject": subject}
            schema = {
                "id": len(self.schemas) + 1,
                "guid": str(uuid.UUID(bytes=hashlib.md5(body["schema"].encode()).digest())),
                "version": 1,
                "schema": body["schema"],
            }
            if body.get("schemaType", "AVRO") != "AVRO":
                schema["schemaType"] = body["schemaType"]
            self.schemas.append(schema)
            return schema | {"subject": subject}

    def find(self, path: str, serialized: bool) -> dict | None:
        """Descriptors are what its client registers; Confluent's registry shows them as text unless it is asked not to."""
        found = self.stored(path)
        if found and found.get("schemaType") == "PROTOBUF" and not serialized:
            return found | {"schema": 'syntax = "proto3";'}
        if found and serialized and found["id"] % 2:
            return found | {"schema": as_from_text(found["schema"])}
        return found

    def stored(self, path: str) -> dict | None:
        with self.lock:
            if number := re.fullmatch(r"/schemas/ids/(\d+)", path):
                return next((s for s in self.schemas if s["id"] == int(number[1])), None)
            if guid := re.fullmatch(r"/schemas/guids/([0-9a-f-]{36})", path):
                return next((s for s in self.schemas if s["guid"] == guid[1]), None)
        return None

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def as_from_text(schema: str) -> str:
    """A descriptor as Confluent's registry writes it of a schema that was registered as text: names of types as they stand in the text,
    of a message or an enum that it does not resolve only the name, and the entries of maps last."""
    from google.protobuf import descriptor_pb2

    file = descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(schema))

    def rewrite(message: descriptor_pb2.DescriptorProto) -> None:
        for field in message.field:
            if field.type_name:
                field.ClearField("type")
                field.type_name = field.type_name.removeprefix(f".{file.package}.").removeprefix(".")
            field.ClearField("json_name")
        nested = sorted(message.nested_type, key=lambda inner: inner.options.map_entry)
        inners = [descriptor_pb2.DescriptorProto.FromString(inner.SerializeToString()) for inner in nested]
        del message.nested_type[:]
        for inner in inners:
            rewrite(inner)
            message.nested_type.append(inner)

    for message in file.message_type:
        rewrite(message)
    return base64.b64encode(file.SerializeToString()).decode()
