#!/usr/bin/env bash
# Installs the broker of some fault tests into .build/venv, from PyPI and held to its hash. Without it those tests are
# skipped, and CI allows no skip.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=deploy/test-requirements.txt
venv=.build/venv
if cmp -s "$requirements" "$venv/installed.txt"; then exit 0; fi

mkdir -p .build
if python3 -m venv "$venv" &&
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$requirements"; then
  cp "$requirements" "$venv/installed.txt"
else
  echo "setup: $requirements could not be installed; the tests that need a broker with retention will be skipped" >&2
fi
