#!/usr/bin/env python3
"""Checks the documents: every relative link and anchor leads somewhere, the README stays short, and the prose keeps clear of words
that have hidden the meaning before. Prints each mistake as FILE:LINE and ends with 1 if there is one."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
README_BYTES = 10_000
# Words that readers stumbled over; ten of a kind in all documents and in the comments of all sources are too many.
WORDS = {
    "alone": r"\balone\b", "nobody": r"\bnobody\b", "anew": r"\banew\b", "for ever": r"\bfor ever\b",
    "mend": r"\bmend(?:ed|s|ing)?\b", "a sentence that begins with Of": r"(?-i:^Of |[.:;] Of )",
}
MOST_WORDS = 9
COMMENT = re.compile(r"^\s*///?\s?(.*)$")

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$")


def prose(text: str) -> list[tuple[int, str]]:
    """Lines outside of code blocks, with their numbers."""
    out, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            out.append((number, line))
    return out


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    found = set()
    for _, line in prose(path.read_text()):
        if match := HEADING.match(line):
            text = re.sub(r"[^\w\- ]", "", match.group(1).lower())
            found.add(text.strip().replace(" ", "-"))
    return found


def links(path: Path) -> list[str]:
    problems = []
    for number, line in prose(path.read_text()):
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            other = (path.parent / name).resolve() if name else path
            place = f"{path.relative_to(ROOT)}:{number}"
            if not other.exists():
                problems.append(f"{place}: {target} leads nowhere")
            elif anchor and anchor not in anchors(other):
                problems.append(f"{place}: {other.name} has no heading for #{anchor}")
    return problems


def words() -> list[str]:
    """Each place of the words that come too often."""
    lines = [(path, number, line) for path in FILES for number, line in prose(path.read_text())]
    for path in sorted((ROOT / "Sources").rglob("*.swift")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if match := COMMENT.match(line):
                lines.append((path, number, match.group(1)))
    problems = []
    for name, pattern in WORDS.items():
        found = [f"{path.relative_to(ROOT)}:{number}" for path, number, line in lines if re.search(pattern, line, re.IGNORECASE)]
        if len(found) > MOST_WORDS:
            problems.append(f"{name}: {len(found)} times; say it in other words: {', '.join(found)}")
    return problems


def main() -> None:
    problems = [problem for path in FILES for problem in links(path)]
    size = (ROOT / "README.md").stat().st_size
    if size > README_BYTES:
        problems.append(f"README.md: {size} bytes; move what is over {README_BYTES} into docs/")
    problems += words()
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
