#!/usr/bin/env bash
# How far the closed forms that plans are scored with are from replays of those plans in the simulator: a
# stratified sample of 1,000 problems of the full grid, plans of GMD and scout, 2,000 requests each, once evenly
# spaced and once Poisson. About 3 minutes on two cores.
#   bash experiments/fulcrum/replay.sh [OUT_FOLDER]    (runs/replay)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:-runs/replay}
wattline=$(realpath "$(command -v "${WATTLINE:-wattline}")")
mkdir -p "$out"
for arrivals in uniform poisson; do
  # The problems are full.json's; its policies and sample are replaced.
  sed -e '/"policies": \[/,$d' -e 's/"sample_problems": [0-9]*/"sample_problems": 1000/' "$here/full.json" >"$out/$arrivals.json"
  cat >>"$out/$arrivals.json" <<JSON
  "policies": [
    {"policy": "gmd", "solves": "sample"},
    {"policy": "scout", "share": true, "solves": "sample"}
  ],
  "replay": {"arrivals": {"kind": "$arrivals", "requests": 2000}}
}
JSON
  [ ! -f "$out/$arrivals/manifest.json" ] || rm -r "${out:?}/$arrivals"
  "$wattline" compare "$out/$arrivals.json" --out "$out/$arrivals" >/dev/null
  echo "$arrivals: $out/$arrivals/replay.csv"
  sed 's/^/  /' "$out/$arrivals/replay.csv"
done
