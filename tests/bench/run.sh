#!/usr/bin/env bash
# Builds the release and its benchmarks, measures, and prints docs/performance.md. About 5 minutes after the build.
#   bash tests/bench/run.sh >docs/performance.md
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. ./packages.sh
install_missing_packages
{
  cmake --preset release -DWATTLINE_BENCH=ON
  cmake --build --preset release
} >&2
wattline=build/release/wattline

# engine CASE: what the bench tells of one case on stderr, as "name value" lines.
engine() { "$wattline" bench engine --case "$1" --repeats 7 2>&1 >/dev/null; }
value() { awk -v key="$2" '$1 == key { print $2 }' <<<"$1"; }
millions() { awk -v n="$1" 'BEGIN { printf "%.1f", n / 1e6 }'; }

cat <<PAGE
# Performance

Measured by \`bash tests/bench/run.sh\` on one core of $(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
($(nproc) shared with other work), $("$wattline" --version | sed 's/^wattline //'), flags \`-O3 -DNDEBUG -ffp-contract=off\`. Compare ratios,
not third digits.

## The engine

PAGE
reference=$(engine reference) board=$(engine board) streams=$(engine streams) day=$(engine day)
cat <<PAGE
| \`wattline bench engine\` | million events/s | |
|---|---|---|
| \`--case reference\`: Poisson 60/s, batches of 16 in 40 ms, training of 35 ms in the gaps | $(millions "$(value "$reference" events_per_s)") | $(value "$reference" of_bare_loop) of a loop without an engine ($(millions "$(value "$reference" bare_loop_per_s)")) |
| \`--case board\`: with device model, energy of three rails, percentiles, conservation checks, power sensor read at 10 Hz | $(millions "$(value "$board" events_per_s)") | |
| \`--case streams\`: 64 streams, so 64 pending events | $(millions "$(value "$streams" events_per_s)") | |
| \`--case day\`: a day of the board at 100 requests/s, 8.64 million requests | $(millions "$(value "$day" events_per_s)") | $(value "$day" wall_s) s |

The loop knows this one queue, draws the same arrivals, counts events and sums latencies
(\`experiments/bare_loop.cpp\`). It and the engine take turns; the ratio is the median of seven. Goals are 45 million events/s
and 0.65 of the loop, 15 million of the board, 25 million with 64 pending events, and 1 s for the day, whose sensor is not
read. An engine that knew one stream and one job alone came to 45 and 0.64 on the same machine; what it takes to hold any
number of them is the difference.

## The parts

PAGE
build/release/tests/bench/benchmarks --benchmark_min_time=0.2 --benchmark_format=csv 2>/dev/null |
  awk -F, '/^"/ { gsub(/"/, "", $1); printf "| `%s` | %.3g |\n", $1, $4 }
           /^name,/ { print "| benchmark | ns |"; print "|---|---|" }'
cat <<'PAGE'

`hold_model/N` takes the first of N pending events and makes its source due again; in `half_at_the_current_instant` every
second one is due again at once. `statistics_add` adds 16 latencies. Sources: `tests/bench`.
PAGE
