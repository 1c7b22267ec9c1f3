"""The notebook of the documents, run from its first cell to its last.

WRITE=1 keeps what its cells printed in docs/notebook.ipynb.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from .conftest import REPOSITORY

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

NOTEBOOK = REPOSITORY / "docs" / "notebook.ipynb"
pytestmark = pytest.mark.filterwarnings("default")


def texts(notebook: Any) -> str:
    """All that the cells printed and returned."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            found += [output.get("text", ""), *map(str, output.get("data", {}).values())]
    return "\n".join(found)


def test_it_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY / "python" / "src"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    printed = texts(notebook)
    assert "Leeway: churn" in printed
    assert "What moved most" in printed
    assert "performance/final" in printed
    said = [o["text"] for cell in notebook.cells for o in cell.get("outputs", ()) if o.get("name") == "stderr"]
    assert said == []
    if os.environ.get("WRITE"):
        for cell in notebook.cells:
            cell.get("metadata", {}).pop("execution", None)
        nbformat.write(notebook, NOTEBOOK)


def test_what_is_kept_is_what_a_reader_may_see() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    printed = texts(notebook)
    assert "Leeway: churn" in printed
    for place in ("/tmp", "/home", "/root"):
        assert place not in printed
    assert NOTEBOOK.stat().st_size < 200_000
