#!/usr/bin/env bash
# Checks a systemd unit as systemd would read it, with a stand-in for the command, and that it stays locked down.
#
#   deploy/lint-unit.sh deploy/leeway.service
set -euo pipefail

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,usr/bin,etc/systemd/system}
for command in bin/kill usr/bin/leeway; do
  printf '#!/bin/sh\n' >"$root/$command"
  chmod 755 "$root/$command"
done
# What every service depends on without saying so.
for target in sysinit basic shutdown network-online multi-user; do
  printf '[Unit]\nDescription=%s\n' "$target" >"$root/etc/systemd/system/$target.target"
done
cp "$1" "$root/etc/systemd/system/"
unit=$(basename "$1")

# Warnings leave the exit code alone, so it is the words that count.
said=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --root="$root" "$unit" 2>&1) || true
[[ -z $said ]] || {
  printf '%s\n' "$said"
  exit 1
}
# 0 is perfectly locked down, 10 not at all (times ten here).
systemd-analyze security --offline=true --no-pager --threshold=20 --root="$root" "$unit" >"$root/security" || {
  cat "$root/security"
  exit 1
}
