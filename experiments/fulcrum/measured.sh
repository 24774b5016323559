#!/usr/bin/env bash
# Policies on measured tables instead of simulated boards. About 4 minutes on two cores.
#   bash experiments/fulcrum/measured.sh [DATA_FOLDER [OUT_FOLDER]]
# DATA_FOLDER defaults to shared/data beside the project, OUT_FOLDER to runs/measured. WATTLINE names another
# binary than the wattline of the PATH, SETS some of the sets; with TABLES_ONLY only their tables are made. Each
# set leaves its table, experiment and run in OUT_FOLDER: SET.csv, SET.json and SET/. No option of a policy was
# chosen for any of them.
#
# set         board        times, all measured                      power
# tx2         TX2          Inception-v3, TensorFlow, 4 image sizes  predicted by built-in:jetson-tx2
# tx2-clocks  TX2          VGG-19, TensorRT                         the module's rails at the top EMC clock,
#                                                                   elsewhere predicted by built-in:jetson-tx2
# xavier      AGX Xavier   MobileNet, Triton; GEMM, cuBLAS          whole board, measured by a meter
# nano        Jetson Nano  the same                                 whole board, measured by a meter
#
# The power of built-in:jetson-tx2 is fitted to VGG-19's rail readings alone: the very 13 of tx2-clocks.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
data=${1:-$here/../../../shared/data}
out=${2:-runs/measured}
fail() { echo "measured.sh: $*" >&2; exit 1; }
wattline=$(command -v "${WATTLINE:-wattline}") ||
  fail "no ${WATTLINE:-wattline}: put build/release on the PATH, or name the binary in WATTLINE"
wattline=$(realpath "$wattline")
[ -d "$data" ] || fail "the data folder $data is not there: name it as the first argument"
data=$(realpath "$data")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
cd "$out"

# Runs wattline; its messages are shown where it fails.
run() {
  "$wattline" "$@" 2>"$work/run.log" && return
  tail -n 5 "$work/run.log" >&2
  fail "wattline $*"
}

# --- tables -----------------------------------------------------------------------------------------------
# awk splits them at commas: of all columns only the last of an imported file, its source, may hold one.
columns=device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w,source

# import FORMAT FILE BOARD TABLE: one board's measurements as a profile CSV.
import() {
  [ -f "$data/$2" ] || fail "$data/$2 is not there"
  run calibrate --import "$1" --profile "$data/$2" --device "$3" --law-only --profiles-out "$4" >/dev/null
}

# predict BOARD TABLE: what the shipped model says of the table's points.
predict() {
  cut -d, -f1-8 "$2" >"$work/requests.csv"
  run predict --model "built-in:$1" --requests "$work/requests.csv"
}

# with_power from=SOURCE TABLE [from=SOURCE TABLE]... TIMES: the times of the last table; the power of a point
# is that of the first table that has one.
with_power() {
  awk -F, -v OFS=, -v columns="$columns" '
    FNR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i }
    FNR == 1 && FILENAME == ARGV[ARGC - 1] { times = 1; print columns }
    FNR == 1 { next }
    { point = $1; for (i = 2; i <= 8; ++i) point = point FS $i }
    !times && power[point] == "" { power[point] = $at["power_w"]; source[point] = "power: " from }
    times && power[point] == "" { print "measured.sh: no power of " point >"/dev/stderr"; exit 1 }
    times { print point, $at["time_ms"], power[point], source[point] }' "$@"
}

# full_grid SOURCE TABLE...: the modes in which every workload was measured at every batch, with the tables'
# own power. A policy may profile any point, and a hole would end its run with an error.
full_grid() {
  awk -F, -v OFS=, -v columns="$columns" -v from="$1" '
    FNR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
    { mode[++rows] = $5 FS $6 FS $7 FS $8
      point[rows] = $1 FS $2 FS $3 FS $4 FS mode[rows]
      figures[rows] = $at["time_ms"] FS $at["power_w"] FS "power: " from
      ++measured[mode[rows]]
      if (!seen[$2, $4]++) ++wanted }
    END {
      print columns
      for (i = 1; i <= rows; ++i) if (measured[mode[i]] == wanted) print point[i], figures[i]
      for (m in measured) if (measured[m] < wanted)
        print "measured.sh: left out mode " m ": only " measured[m] " of " wanted " measured" >"/dev/stderr"
    }' "${@:2}"
}

# --- problems ---------------------------------------------------------------------------------------------
groups=()

# infer WORKLOAD BATCHES POWERS LATENCIES RATES
infer() {
  groups+=("{\"kind\": \"infer\", \"infer\": \"$1\", \"infer_batches\": $2,
   \"power_budgets_w\": $3, \"latency_budgets_ms\": $4, \"arrival_rates_hz\": $5}")
}

# beside BACKGROUND WORKLOAD BATCHES POWERS LATENCIES RATES: urgent WORKLOAD, non-urgent BACKGROUND (batch 1).
beside() {
  groups+=("{\"kind\": \"infer_infer\", \"background\": \"$1\", \"background_batch\": 1,
   \"infer\": \"$2\", \"infer_batches\": $3,
   \"power_budgets_w\": $4, \"latency_budgets_ms\": $5, \"arrival_rates_hz\": $6}")
}

# compare SET N...: the policies on SET.csv and the groups since the last call; RND-n for every N.
compare() {
  local set=$1 random='' n
  shift
  for n in "$@"; do
    random+="{\"policy\": \"random_search\", \"profiles\": $n, \"label\": \"rnd$n\"}, "
  done
  [ -z "${TABLES_ONLY:-}" ] || return 0
  # A table must bring an idle power. Nothing is replayed, so it has no effect.
  cat >"$set.json" <<JSON
{"schema": "wattline-experiment/1", "name": "measured-$set", "profiles": "$set.csv", "idle_power_w": 2,
 "problems": [
  $(IFS=,; echo "${groups[*]}")
 ],
 "policies": [
  {"policy": "maxn"},
  ${random% }
  {"policy": "gmd"},
  {"policy": "gmd", "concurrent_profiles": 30, "infer_profiles": 22, "label": "gmd30"},
  {"policy": "pagoda"},
  {"policy": "annealing"},
  {"policy": "bayesian"},
  {"policy": "scout"},
  {"policy": "scout", "profiles": 16, "label": "scout16"},
  {"policy": "scout", "share": true, "label": "scout shared"}
 ]}
JSON
  groups=()
  # A folder that holds another run is refused, so a former run goes. What is no run stays.
  [ ! -f "$set/manifest.json" ] || rm -r "$set"
  run compare "$set.json" --out "$set"
  echo
}

# --- sets -------------------------------------------------------------------------------------------------
# 768 modes: 4 numbers of cores x 12 CPU x 4 GPU x 4 EMC clocks. Urgent inference of one image size beside
# non-urgent inference of another.
tx2() {
  local sizes powers='{"from": 4, "to": 14, "step": 1}'
  import tx2-cpu-gpu-emc tx2-cpu-gpu-emc/inceptionv3.csv jetson-tx2 "$work/times.csv"
  predict jetson-tx2 "$work/times.csv" >"$work/predicted.csv"
  with_power from=built-in:jetson-tx2 "$work/predicted.csv" "$work/times.csv" >tx2.csv
  for sizes in "400x400 200x200" "600x600 200x200" "800x800 400x400" "600x600 400x400"; do
    beside "inceptionv3-${sizes% *}@tensorflow" "inceptionv3-${sizes#* }@tensorflow" '[1]' \
      "$powers" '[200, 400, 800]' '[0.5, 1, 2, 4]'
  done
  compare tx2 15 50
}

# 52 modes: 13 GPU x 4 EMC clocks; 67 to 577 ms, 4.4 to 16.2 W. The data hold no other network at these
# clocks, so the non-urgent stream is of VGG-19 too, and a profile for one stream serves the other. Times are
# the sweep's; those in the file with power, of another run, are within 2.1 % of them.
tx2-clocks() {
  local vgg=vgg19@tensorrt powers='{"from": 4, "to": 16.5, "step": 1.25}' latencies='[70, 100, 200, 600]'
  import tx2-gpu-emc tx2-gpu-emc/gpu_emc_sweep.csv jetson-tx2 "$work/sweep.csv"
  import tx2-gpu-emc tx2-gpu-emc/vgg19_power_vs_gpu_clock.csv jetson-tx2 "$work/rails.csv"
  predict jetson-tx2 "$work/sweep.csv" >"$work/predicted.csv"
  with_power from='module rails' "$work/rails.csv" from=built-in:jetson-tx2 "$work/predicted.csv" \
    "$work/sweep.csv" >tx2-clocks.csv
  infer $vgg '[1]' "$powers" "$latencies" '[1, 4, 8, 12, 15]'
  beside $vgg $vgg '[1]' "$powers" "$latencies" '[0.5, 1, 2, 4]'
  compare tx2-clocks 5 15
}

mobilenet=mobilenet@triton-gpu
batches='[1, 2, 4, 8, 16, 32]'
sizes='512 1024 2048'

# mobilenet_and_gemm SET BOARD: SET.csv. MobileNet is of the sweep over the clock, with six batches at every
# clock; the sweep over the batch has two clocks and other figures for points of the former, which a table
# refuses. Its time is the network's own, while its power is the mean over Triton's whole loop.
mobilenet_and_gemm() {
  import triton-mobilenet jetson-gpu-clock/triton_mobilenet.csv "$2" "$work/triton.csv"
  import cublas-gemm jetson-gpu-clock/gemm_square.csv "$2" "$work/cublas.csv"
  awk -F, -v w=$mobilenet 'NR == 1 || ($2 == w && /clock sweep/)' "$work/triton.csv" >"$work/mobilenet.csv"
  awk -F, -v w="^gemm-(${sizes// /|})@" 'NR == 1 || $2 ~ w' "$work/cublas.csv" >"$work/gemm.csv"
  full_grid 'board meter' "$work/mobilenet.csv" "$work/gemm.csv" >"$1.csv"
}

# 8 modes, the GPU clocks of both files. MobileNet: 4.1 to 718 ms, 11.1 to 39.7 W; GEMM: 0.27 to 150 ms,
# 11.4 to 50.8 W.
xavier() {
  local n
  mobilenet_and_gemm xavier agx-xavier
  infer $mobilenet "$batches" '{"from": 10, "to": 40, "step": 3}' '[8, 25, 80, 250]' \
    '[10, 50, 150, 250, 350]'
  for n in $sizes; do
    beside "gemm-$n@cublas-fp32" $mobilenet "$batches" '{"from": 11, "to": 51, "step": 4}' \
      '[25, 80, 250]' '[10, 40, 100, 250]'
  done
  compare xavier 5 15
}

# 6 modes: both files have 7 GPU clocks, but batch 32 was not measured at 76.8 MHz. MobileNet: 23.5 to
# 1876 ms, 3.4 to 8.3 W; GEMM: 1.4 to 315 ms, 3 to 9 W.
nano() {
  local n
  mobilenet_and_gemm nano jetson-nano
  infer $mobilenet "$batches" '{"from": 3, "to": 8.5, "step": 0.5}' '[40, 100, 300, 1200]' \
    '[2, 10, 25, 40, 50]'
  for n in $sizes; do
    beside "gemm-$n@cublas-fp32" $mobilenet "$batches" '{"from": 3, "to": 9, "step": 0.75}' \
      '[100, 300, 1000]' '[1, 4, 10, 25]'
  done
  compare nano 5 15
}

read -ra sets <<<"${SETS:-tx2 tx2-clocks xavier nano}"
for set in "${sets[@]}"; do "$set"; done
for set in "${sets[@]}"; do echo "$set: summary in $out/$set/summary.csv"; done
