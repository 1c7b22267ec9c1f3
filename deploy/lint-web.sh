#!/usr/bin/env bash
# Checks the files of Sources/LeewayWeb. `deploy/lint-web.sh format` puts them in their one format instead.
#
# deno (from PyPI, see deploy/test-requirements.txt) is formatter of JavaScript, CSS, HTML and JSON, linter, and type
# checker: that a module has what another one takes from it, and that a name is defined. It asks no network. Node says
# whether it too can read each module, tidy whether the page is HTML. What a style sheet says is held against a browser
# by BrowserTests.
set -euo pipefail
cd "$(dirname "$0")/.."

web=Sources/LeewayWeb
deno=$PWD/.build/venv/bin/deno
export DENO_DIR=$PWD/.build/deno DENO_NO_UPDATE_CHECK=1 NO_COLOR=1
[[ -x $deno ]] || { echo "lint-web: deno is missing; deploy/setup-pypi.sh installs it" >&2 && exit 1; }

if [[ ${1:-} == format ]]; then
  cd "$web"
  exec "$deno" fmt --quiet
fi

(cd "$web" && "$deno" fmt --check && "$deno" lint && "$deno" check --cached-only Page/app.js)
while read -r module; do
  node --check --input-type=module - <"$module" || { echo "lint-web: $module" >&2 && exit 1; }
done < <(find "$web/Page" -name '*.js')
tidy -quiet -errors "$web/Page/index.html"
"$deno" test --quiet --cached-only --no-check Tests/PageTests
