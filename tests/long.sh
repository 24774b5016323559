#!/usr/bin/env bash
# The tests that take minutes and are not run by tests/run.sh: those tagged [.long]. Run tests/run.sh first.
#   bash tests/long.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for binary in build/dev/tests/*_tests; do
  "$binary" --list-test-names-only '[.long]' | grep -q . || continue
  "$binary" '[.long]' --durations yes
done
