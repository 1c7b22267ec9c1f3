#!/usr/bin/env bash
# Installs what comes from PyPI into .build/venv, held to its hash: deno, which lints the web files, and the broker of some
# fault tests. Without the one the lint fails; without the other those tests are skipped, and CI allows no skip.
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
  echo "setup: $requirements could not be installed; web files are not linted, and tests that need a broker with retention are skipped" >&2
fi
