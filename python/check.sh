#!/usr/bin/env bash
# `make python`: everything that must hold of the Python package, with pinned packages in .build/python. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")"

venv=../.build/python
if ! cmp -s requirements.txt "$venv/installed.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt
  cp requirements.txt "$venv/installed.txt"
fi
python=$venv/bin/python

if [[ -z "${LEEWAY_BINARY:-}" && ! -x ../.build/release/leeway && ! -x ../.build/debug/leeway ]]; then
  echo "make python: there is no built command; run make build, or name one in LEEWAY_BINARY" >&2
  exit 1
fi

"$python" -m ruff check .
"$python" -m ruff format --check .
"$python" -m mypy
# The oldest Python that the package names; this one may be newer.
"$python" "$venv/bin/vermin" --target=3.9- --no-tips --quiet src

# A test that is skipped has not been run.
report=$("$python" -m pytest "$@" | tee /dev/stderr)
if grep -q ' skipped' <<<"$report"; then
  echo "make python: tests were skipped" >&2
  exit 1
fi

rm -rf "$venv/dist"
"$python" -m build --no-isolation --wheel --outdir "$venv/dist" . >/dev/null
"$python" -m zipfile --list "$venv"/dist/leeway-*.whl | grep leeway/py.typed >/dev/null
echo "make python: lint, types, tests, notebook and wheel: all passed"
