#!/usr/bin/env bash
# Installs what Leeway needs from Debian, and only what is missing.
#
#   deploy/setup.sh build   to build and run: the C libraries, and d3 for the page
#   deploy/setup.sh test    and to run every check: promtool, linters and a browser
set -euo pipefail

swift_needed=6.2
build_packages=(git libstdc++-12-dev pkg-config libcurl4-openssl-dev libpq-dev librdkafka-dev libsimdjson-dev libsqlite3-dev libzstd-dev zlib1g-dev)
# The modules of d3 that the page's charts are drawn with, 1 MB of scripts: they are embedded when the package is built, and
# need neither Node nor a bundler for it.
build_packages+=(node-d3-axis node-d3-scale node-d3-selection node-d3-shape)
test_packages=(curl libfaketime nginx-light openssl postgresql-15 prometheus prometheus-alertmanager python3-venv python3-yaml shellcheck systemd yamllint)
# The page is opened in a browser, and its files are linted.
test_packages+=(chromium nodejs tidy)

fail() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

case "${1:-}" in
  build) wanted=("${build_packages[@]}") ;;
  test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
  *) fail "usage: deploy/setup.sh build|test" ;;
esac

command -v swift >/dev/null ||
  fail "swift is not on the PATH; Leeway needs Swift $swift_needed or newer." \
    "Install the toolchain for Debian 12 (see swift.org/install), then run this again."
swift_found=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+(\.[0-9]+)*).*/\1/p' | head -n 1)
printf '%s\n' "$swift_needed" "${swift_found:-0}" | sort -C -V ||
  fail "found Swift ${swift_found:-of an unknown version} at $(command -v swift); Leeway needs $swift_needed or newer."

command -v dpkg-query >/dev/null ||
  fail "this is not Debian or a relative of it. Install by hand what these packages hold, and call swift build itself:" \
    "  ${wanted[*]}"
missing=()
for package in "${wanted[@]}"; do
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

if [[ $(id -u) == 0 ]]; then
  as_root=(env DEBIAN_FRONTEND=noninteractive)
elif sudo -n true 2>/dev/null; then
  as_root=(sudo -n env DEBIAN_FRONTEND=noninteractive)
else
  fail "these Debian packages are missing, and only root may install them. Run this, then start again:" \
    "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
fi

# Some packages (prometheus) bring a service, which Debian would start at once and at every boot. Debian's own switch
# against the first is policy-rc.d; disabling the unit is the one against the second. Where the machine has a policy
# of its own, that one is obeyed and what it let start is stopped.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi

printf 'setup: installing %s\n' "${missing[*]}"
"${as_root[@]}" apt-get update -qq || fail "apt-get update failed; see above."
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null ||
  fail "apt-get install failed; see above. Wanted: ${missing[*]}"

for package in "${missing[@]}"; do
  while read -r unit; do
    "${as_root[@]}" systemctl disable --quiet "${unit##*/}" 2>/dev/null || true
    [[ ! -d /run/systemd/system ]] || "${as_root[@]}" systemctl stop "${unit##*/}"
  done < <([[ $package == systemd ]] || dpkg-query -L "$package" | grep -E '^(/usr)?/lib/systemd/system/[^@/]+\.(service|timer|socket)$')
done
