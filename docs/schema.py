#!/usr/bin/env python3
"""Writes the JSON Schemas in docs/schema/ from the schemas of the API's description (Sources/LeewayWeb/OpenAPI/schemas), so that
there is one description of result lines and webhook bodies. With --check it compares instead, compares the members that
docs/results.md and docs/webhooks.md list with those of the schemas, and ends with 1 where something differs."""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Members that every kind of line has; the first paragraphs of docs/results.md tell of them.
COMMON = {"type", "monitor", "window", "start", "end", "slice"}
SCHEMAS = ROOT / "Sources/LeewayWeb/OpenAPI/schemas"
FOLDER = ROOT / "docs/schema"
PREFIX = "#/components/schemas/"
FILES = {
    "result-line.schema.json": ("ResultLine", "A result line of Leeway"),
    "webhook.schema.json": ("Notification", "The body of a webhook of Leeway"),
}
# A heading of a document and the schemas whose members the tables below it list.
TABLES = {
    "results.md": {
        "drift": ["DriftLine"], "performance": ["PerformanceLine"], "comparison": ["ComparisonLine"], "shift": ["ShiftLine"],
        "verdict": ["VerdictLine"], "incident": ["IncidentLine"],
    },
    "webhooks.md": {
        "Every message": ["IncidentNotification", "RetrainRequest"], "Evidence": ["Evidence"], "What is new": ["Spread"],
        "Calls about models": ["ModelCall"], "What was given up": ["DeliveryFailure"],
    },
}


def definitions() -> dict:
    found = {}
    for path in sorted(SCHEMAS.glob("*.json")):
        found |= json.loads(path.read_text())
    return found


def references(schema) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"].removeprefix(PREFIX)] if "$ref" in schema else []
        return own + [name for value in schema.values() for name in references(value)]
    return [name for value in schema for name in references(value)] if isinstance(schema, list) else []


def exported(schema):
    """Without what is OpenAPI's own, and with references into the file."""
    if isinstance(schema, dict):
        return {
            key: value.replace(PREFIX, "#/$defs/") if key == "$ref" else exported(value)
            for key, value in schema.items() if key != "discriminator"
        }
    return [exported(value) for value in schema] if isinstance(schema, list) else schema


def document(root: str, title: str, all_schemas: dict) -> str:
    names, rest = [], [root]
    while rest:
        name = rest.pop(0)
        if name not in names:
            names.append(name)
            rest += references(all_schemas[name])
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, "$ref": f"#/$defs/{root}",
        "$defs": {name: exported(all_schemas[name]) for name in names},
    }
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def listed(page: str, heading: str) -> set[str]:
    """Members in the first column of the tables below a heading."""
    part = re.split(r"^## ", (ROOT / "docs" / page).read_text(), flags=re.MULTILINE)
    body = next((text for text in part if text.split("\n", 1)[0] == heading), "")
    cells = [line.split("|")[1] for line in body.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def main() -> None:
    all_schemas = definitions()
    problems = []
    for name, (root, title) in FILES.items():
        text = document(root, title, all_schemas)
        if "--check" not in sys.argv:
            FOLDER.mkdir(exist_ok=True)
            (FOLDER / name).write_text(text)
        elif not (FOLDER / name).exists() or (FOLDER / name).read_text() != text:
            problems.append(f"docs/schema/{name} is not what docs/schema.py writes; run it")
    if "--check" in sys.argv:
        for page, headings in TABLES.items():
            for heading, names in headings.items():
                found = listed(page, heading)
                wanted = {member for name in names for member in all_schemas[name]["properties"]}
                if page == "results.md":
                    wanted -= COMMON
                problems += [f"docs/{page}: {heading}: {member} is in no schema" for member in sorted(found - wanted)]
                problems += [f"docs/{page}: {heading}: {member} is missing" for member in sorted(wanted - found)]
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
