#!/usr/bin/env bash
# The long fuzzing campaign: libFuzzer with the address and undefined-behaviour sanitizers. Needs clang.
#   bash tests/fuzz/long.sh [SECONDS]     (default 600)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-600}
cmake -S . -B build/fuzz -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=RelWithDebInfo -DWATTLINE_TESTS=OFF \
  -DWATTLINE_FUZZ=ON -DCMAKE_CXX_FLAGS="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" >/dev/null
cmake --build build/fuzz --target parsers_fuzz
bash tests/fuzz/seeds.sh . build/fuzz/corpus
exec ./build/fuzz/parsers_fuzz -max_total_time="$seconds" -max_len=20000 -timeout=10 -print_final_stats=1 build/fuzz/corpus
