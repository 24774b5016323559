#!/usr/bin/env bash
# The same event streams and figures under GCC and Clang, at -O0 and -O3: builds signatures.cpp in every way, runs it,
# and compares. Clang is left out, and said to be, where it is not installed. About 2 minutes of two cores.
#   bash tests/compilers/compare.sh [COMPILER:FLAG...]    (g++:-O0 g++:-O3 clang++:-O0 clang++:-O3)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
ways=("$@")
[ ${#ways[@]} -gt 0 ] || ways=(g++:-O0 g++:-O3 clang++:-O0 clang++:-O3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sources=(tests/compilers/signatures.cpp workloads/arrivals.cpp workloads/input_pipeline/*.cpp sim/*.cpp sim/residents/*.cpp sim/base/text.cpp)
first=
for way in "${ways[@]}"; do
  compiler=${way%%:*} flag=${way#*:} out=$work/${way//[^a-zA-Z0-9]/_}
  command -v "$compiler" >/dev/null || { echo "$way: $compiler is not installed, left out"; continue; }
  mkdir "$out"
  printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -I{} bash -c \
    '"$0" "$1" -std=c++20 -ffp-contract=off -w -I. -c "$2" -o "$3/$(echo "$2" | tr / _).o"' "$compiler" "$flag" {} "$out"
  "$compiler" "$out"/*.o -lfmt -o "$out/signatures"
  "$out/signatures" >"$out.txt"
  first=${first:-$out.txt}
  cmp -s "$first" "$out.txt" || { echo "$way differs:"; diff "$first" "$out.txt"; exit 1; }
  echo "$way: $(wc -l <"$out.txt") runs, $(cksum <"$out.txt" | cut -d' ' -f1)"
done
cat "$first"
