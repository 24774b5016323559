#!/usr/bin/env bash
# Installs what is missing, builds the release preset, and runs the main experiment: policies against
# the exhaustive optimum on Jetson AGX Orin, then a replay of the chosen plans under a real request log.
#   bash experiments/quickstart.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ./packages.sh
install_missing_packages
echo "Building (the first time 5 to 20 minutes of two cores)" >&2
log=$(mktemp)
# In a terminal ninja tells how far it is, in one line; elsewhere only failures are worth reading.
build() { if [ -t 2 ]; then cmake --build --preset release >&2; else cmake --build --preset release >>"$log" 2>&1; fi; }
if ! { cmake --preset release >"$log" 2>&1 && build; }; then
  tail -n 30 "$log" >&2
  echo "quickstart.sh: the build failed; the whole log is $log" >&2
  exit 1
fi
rm -f "$log"
exec ./build/release/wattline compare experiments/fulcrum/concurrent.json "$@"
