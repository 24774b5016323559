#!/usr/bin/env bash
# Installs what is missing, builds everything with warnings as errors, and runs all tests.
#   bash tests/run.sh [ctest options]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ./packages.sh
install_missing_packages
cmake --preset dev
cmake --build --preset dev
ctest --preset dev --no-tests=error "$@"
