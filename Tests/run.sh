#!/usr/bin/env bash
# Every test of a build that is there. Tests against brokers, databases and processes wait for them, and while they do no thread of
# their process is left for others; those of the HTTP service have clients that do not wait for ever. So each kind runs by itself, a
# few tests at a time; the acceptance tests, which mostly wait, in three processes at once. A test that is skipped has not been run:
# CI says so and fails. What failed is repeated at the end of a log.
set -euo pipefail
cd "$(dirname "$0")/.."
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4
logs=.build/tests
rm -rf "$logs"
mkdir -p "$logs"

# lane NAME ARGUMENTS...: the tests that these choose, with a log of their own.
lane() {
  local name=$1
  shift
  swift test --ignore-lock --skip-build --disable-xctest "$@" >"$logs/$name.log" 2>&1
}

# report NAME STATUS: the log of a lane, and its failures again.
report() {
  cat "$logs/$1.log"
  if [[ $2 != 0 ]]; then
    printf '\n%s failed:\n' "$1"
    grep -E -A2 '✘|Fatal error|^error:' "$logs/$1.log" | tail -n 40
    failed=1
  fi
}

failed=0
for kind in core service; do
  case $kind in
    core) chosen=(--skip '^(Service|Source|Acceptance)Tests\.') ;;
    service) chosen=(--filter '^ServiceTests\.') ;;
  esac
  status=0
  lane $kind "${chosen[@]}" || status=$?
  report $kind $status
done

lane instances --filter '^AcceptanceTests\.Instances/' &
instances=$!
lane acceptance-first --filter '^(SourceTests\.|AcceptanceTests\.[A-C])' &
first=$!
# What none of the others has.
lane acceptance-second --filter '^AcceptanceTests\.' --skip '^AcceptanceTests\.([A-C]|Instances/|SoakTests/)' &
second=$!
for one in "instances $instances" "acceptance-first $first" "acceptance-second $second"; do
  status=0
  wait "${one#* }" || status=$?
  report "${one% *}" $status
done

if grep -hE '^[^ ]+ (Test|Suite) .* skipped(\.|: )' "$logs"/*.log; then
  echo "the tests above were skipped"
  [[ -z ${CI:-} ]] || failed=1
fi
exit $failed
