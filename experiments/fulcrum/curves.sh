#!/usr/bin/env bash
# Regret against number of profiles, 1 to 250, of every policy. About 10 minutes on two cores.
#   bash experiments/fulcrum/curves.sh [DATA_FOLDER [OUT_FOLDER]]
# DATA_FOLDER defaults to shared/data beside the project, OUT_FOLDER to runs/curves. Leaves there, for each of
# two boards, SET.csv and SET.svg:
#   roofline  the simulated AGX Orin, the five pairs of the main experiment, 100 of their problems
#   measured  Inception-v3 on TX2 (see measured.sh), 100 problems
# A profile is one call: a minibatch in one mode. n is what a policy may use: those that share what they learn
# use it once for all problems on the same workloads, the others for each problem anew; profiles_mean is what
# they used of it. Policies that learn whole modes (als, powertrain, networks, regressions) take as many as n
# suffices for, and none has a row where it does not suffice for one. MAXN and the presets have no n.
# loss_mean_pct is the mean regret, at most 100 %, with 100 % where a problem was not solved.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
data=${1:-$here/../../../shared/data}
out=${2:-runs/curves}
wattline=$(realpath "$(command -v "${WATTLINE:-wattline}")")
mkdir -p "$out"
out=$(realpath "$out")
counts=${COUNTS:-1 2 4 8 15 30 50 100 150 250}

# policies CALLS_A_MODE: all of them at every n.
policies() {
  local n modes initial points rows=('{"policy": "maxn", "label": "maxn@0"}' '{"policy": "presets", "label": "presets@0"}')
  at() { rows+=("{\"policy\": \"$1\", $3, \"label\": \"$2@$n\"}"); }
  for n in $counts; do
    modes=$((n / $1))
    at random_search rnd "\"profiles\": $n"
    at random_search rnd-shared "\"profiles\": $n, \"share\": true"
    at gmd gmd "\"concurrent_profiles\": $n"
    at pagoda pagoda "\"profiles\": $n"
    at annealing annealing "\"profiles\": $n"
    at bayesian bayesian "\"profiles\": $n"
    at scout scout "\"profiles\": $n"
    at scout scout-shared "\"profiles\": $n, \"share\": true"
    [ "$modes" -gt 0 ] || continue
    at regression linear "\"model\": \"linear\", \"profiles\": $n"
    at regression roofline "\"model\": \"roofline\", \"profiles\": $n"
    at neural nn "\"profiles\": $n"
    # Half of the modes in full, and the calls that are left two a point.
    initial=$(((modes + 1) / 2))
    points=$((initial * ($1 - 1) + (n - initial * $1) / 2))
    at als als "\"concurrent_points\": $points, \"initial_modes\": $initial"
    at powertrain powertrain "\"modes\": $modes"
  done
  local IFS=,
  echo "${rows[*]}"
}

# curve SET HEAD PROBLEMS CALLS_A_MODE
curve() {
  local set=$1
  printf '{"schema": "wattline-experiment/1", "name": "curve-%s", %s, "sample_problems": 100, "problems": [%s],
 "policies": [%s]}\n' "$set" "$2" "$3" "$(policies "$4" | sed 's/}/, "solves": "sample"}/g')" >"$out/$set.json"
  [ ! -f "$out/$set/manifest.json" ] || rm -r "$out/$set"
  "$wattline" compare "$out/$set.json" --out "$out/$set" >/dev/null
  awk -F, -v OFS=, '
    FNR == 1 {
      for (i = 1; i <= NF; ++i) at[$i] = i
      print "policy,n,solved_pct,regret_median_pct,regret_mean_pct,regret_p95_pct,loss_mean_pct,profiles_mean"
      next
    }
    { split($1, label, "@")
      print label[1], label[2], $at["solved_pct"], $at["regret_median_pct"], $at["regret_mean_pct"],
            $at["regret_p95_pct"], $at["loss_mean_pct"], $at["profiles_mean"] }' "$out/$set/summary.csv" |
    (read -r heading && echo "$heading" && sort -t, -k1,1 -k2,2n) >"$out/$set.csv"
  gnuplot -c "$here/curves/curves.gp" "$out/$set.csv" "$out/$set.svg" "$set: loss against number of profiles"
  echo "$set: $out/$set.csv, $out/$set.svg"
}

pair() {
  printf '{"kind": "concurrent", "train": "%s", "infer": "%s", "power_budgets_w": {"from": 10, "to": 50, "step": 1},
  "latency_budgets_ms": %s, "arrival_rates_hz": %s}' "$@"
}
curve roofline '"device": "orin-agx-64gb", "mode_space": "fulcrum"' "$(
  pair resnet18 mobilenet_v3_large '[200, 400, 600, 800, 1000]' '[30, 45, 60, 75, 90]'; echo ,
  pair mobilenet_v3_large resnet50 '[200, 400, 600, 800, 1000]' '[30, 45, 60, 75, 90]'; echo ,
  pair bert_base yolov8n '[1500, 2000, 3000, 4000, 5000]' '[10, 15, 20, 25, 30]'; echo ,
  pair yolov8n lstm '[500, 750, 1000, 1500, 2000]' '[30, 45, 60, 75, 90]'; echo ,
  pair lstm bert_large '[500, 1000, 2000, 4000, 8000]' '[1, 2, 4, 6, 8]'
)" 6

if [ -d "$data" ]; then
  sizes() {
    printf '{"kind": "infer_infer", "background": "inceptionv3-%s@tensorflow", "background_batch": 1,
    "infer": "inceptionv3-%s@tensorflow", "infer_batches": [1], "power_budgets_w": {"from": 4, "to": 14, "step": 1},
    "latency_budgets_ms": [200, 400, 800], "arrival_rates_hz": [0.5, 1, 2, 4]}' "$@"
  }
  SETS=tx2 TABLES_ONLY=1 bash "$here/measured.sh" "$data" "$out/tables" >/dev/null
  curve measured '"profiles": "tables/tx2.csv", "idle_power_w": 2' "$(
    sizes 400x400 200x200; echo ,; sizes 600x600 200x200; echo ,
    sizes 800x800 400x400; echo ,; sizes 600x600 400x400
  )" 2
else
  echo "measured: skipped, $data is not there" >&2
fi
