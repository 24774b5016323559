#!/usr/bin/env bash
# One board, one pair of workloads, all dispatchers: how long minibatches of inference take from when they are
# formed, how much that varies, and what is trained meanwhile. A few seconds.
#   bash experiments/dispatchers/compare.sh [TRAIN INFER RATE_HZ BATCH MODE ARRIVALS]
# ARRIVALS is uniform (the default, as Fulcrum's plans have it) or poisson. Minibatches vary by 2.5 %, the same
# ones alike under every dispatcher. Prints a CSV, one row a dispatcher; times in ms. WATTLINE names another
# binary than the wattline of the PATH.
set -euo pipefail
export LC_ALL=C
train=${1:-resnet18} infer=${2:-mobilenet_v3_large} rate=${3:-55} batch=${4:-16} mode=${5:-MAXN}
arrivals=${6:-uniform}
wattline=$(command -v "${WATTLINE:-wattline}") || {
  echo "compare.sh: no ${WATTLINE:-wattline}: put build/release on the PATH, or name the binary in WATTLINE" >&2
  exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# run LABEL DISPATCHER [EXPECTED_RATE]: one row.
run() {
  printf '{"schema": "wattline-scenario/1", "name": "dispatchers", "device": "orin-agx-64gb", "mode": "%s",
   "infer": {"workload": "%s", "batch": %s}, "train": {"workload": "%s", "batch": 16},
   "arrivals": {"kind": "%s", "rate_hz": %s}, "duration_s": 1200, "variability": {"time_cv": 0.025}, %s
   "dispatcher": %s}' \
    "$mode" "$infer" "$batch" "$train" "$arrivals" "$rate" "${3:+\"expected_rate_hz\": $3,}" "$2" \
    >"$work/scenario.json"
  local streams training
  streams=$("$wattline" run "$work/scenario.json" --table streams --format csv 2>"$work/log") || {
    cat "$work/log" >&2
    exit 1
  }
  training=$("$wattline" run "$work/scenario.json" --table training --format csv 2>/dev/null)
  { echo "$streams"; echo "$training"; } | awk -F, -v label="$1" '
    { for (i = 1; i <= NF; ++i) if (NR % 2) name[i] = $i; else at[name[i]] = $i }
    END { printf "%s,%.1f,%.1f,%.1f,%.2f,%.3f,%.1f,%.2f\n", label, at["minibatch_p50_ms"], at["minibatch_p99_ms"],
                 at["minibatch_max_ms"], at["minibatch_std_ms"], at["minibatch_std_ms"] / at["minibatch_mean_ms"],
                 at["latency_p99_ms"], at["train_rate_hz"] }'
}

echo "dispatcher,minibatch_p50,minibatch_p99,minibatch_max,minibatch_std,std_of_mean,latency_p99,train_hz"
run "managed interleaving" '{"kind": "managed_interleaving"}'
run "the same; work-conserving" '{"kind": "managed_interleaving"}' 0
run "first in first out" '{"kind": "first_in_first_out"}'
run "earliest deadline" '{"kind": "earliest_deadline"}'
run "time slicing" '{"kind": "time_slicing"}'
run "CUDA streams" '{"kind": "cuda_streams"}'
run "CUDA streams; interference 0.3" '{"kind": "cuda_streams", "interference": 0.3}'
