#!/usr/bin/env bash
# Makes the models that Wattline ships, devices/models/BOARD.json, from public measurements.
#   bash experiments/calibration/ship.sh [DATA_FOLDER [MODEL_FOLDER]]
# DATA_FOLDER defaults to ../shared/data, MODEL_FOLDER to devices/models. Only the physical law is fitted
# (--law-only), so that a shipped file holds parameters and no measured point. Boards without measurements get
# a model transferred from the nearest board that has some. The same data give the same bytes.
# WATTLINE names another binary than build/release/wattline.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
wattline=$(realpath -m "${WATTLINE:-$project/build/release/wattline}")
data=$(realpath -m "${1:-$project/../shared/data}")
models=$(realpath -m "${2:-$project/devices/models}")
[ -x "$wattline" ] || { echo "ship.sh: $wattline is not there: run experiments/quickstart.sh first" >&2; exit 1; }
[ -d "$data" ] || { echo "ship.sh: the data folder $data is not there: name it as the first argument" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The model file names its profiles: short names, the same on every machine.
cd "$work"

run() {
  "$wattline" "$@" >run.log 2>&1 && return
  echo "ship.sh: wattline $*" >&2
  tail -n 5 run.log >&2
  exit 1
}

# convert FORMAT FILE BOARD OUT: one board's profiles of a foreign file, as a profile CSV.
convert() {
  local file=$data/$2
  [ -f "$file" ] || { echo "ship.sh: $file is not there" >&2; exit 1; }
  run calibrate --import "$1" --profile "$file" --device "$3" --law-only --profiles-out "$4"
}

# fit BOARD OPTION...: one model from the profile CSVs named, and one line about it.
fit() {
  local board=$1
  shift
  run calibrate --device "$board" --law-only --name-device --out "$board.json" "$@"
  printf '%-22s %s\n' "$board" "$(grep -o '^[0-9]* profiles' run.log), power of $(kind "$board")"
}

# transfer BOARD BASE: a model of a board that nobody measured.
transfer() {
  run calibrate --device "$1" --base "$2.json" --name-device --out "$1.json"
  printf '%-22s %s\n' "$1" "transferred from $2, power of $(kind "$1")"
}

kind() { sed -n 's/^ "power_kind": "\(.*\)",$/\1/p' "$1.json"; }

onnx=(--fit-work efficientnet-b4 --fit-work mobilenet-v2-050 --fit-work mobilenet-v2-100)

convert triton-mobilenet jetson-gpu-clock/triton_mobilenet.csv agx-xavier xavier-triton.csv
convert cublas-gemm jetson-gpu-clock/gemm_square.csv agx-xavier xavier-gemm.csv
fit agx-xavier --profile xavier-triton.csv --profile xavier-gemm.csv --fit-work mobilenet

convert triton-mobilenet jetson-gpu-clock/triton_mobilenet.csv jetson-nano nano-triton.csv
convert cublas-gemm jetson-gpu-clock/gemm_square.csv jetson-nano nano-gemm.csv
convert single-stream jetson-load/single_stream.csv jetson-nano nano-single-stream.csv
fit jetson-nano --profile nano-triton.csv --profile nano-gemm.csv --profile nano-single-stream.csv \
  --power-kind "board meter" --fit-power-offset --fit-work mobilenet "${onnx[@]}"

# Batch 1 of the sub-graphs is bound by the host, and their clocks were not pinned; FP32 is what Pagoda ran.
convert pagoda orin-agx-dnn/maxn_inference.csv orin-agx-64gb orin-pagoda.csv
convert branes-subgraphs orin-agx-subgraphs/subgraph_latency.csv orin-agx-64gb subgraphs.csv
awk -F, 'NR == 1 || ($2 ~ /@pytorch-fp32$/ && $4 >= 4)' subgraphs.csv >orin-subgraphs.csv
convert single-stream jetson-load/single_stream.csv orin-agx-64gb orin-single-stream.csv
fit orin-agx-64gb --profile orin-pagoda.csv --profile orin-subgraphs.csv --profile orin-single-stream.csv \
  --power-kind "module rails" --fit-power-offset "${onnx[@]}"

for board in xavier-nx orin-nano-8gb-super; do
  convert single-stream jetson-load/single_stream.csv "$board" "$board.csv"
  fit "$board" --profile "$board.csv" "${onnx[@]}"
done

convert tx2-gpu-emc tx2-gpu-emc/gpu_emc_sweep.csv jetson-tx2 tx2-sweep.csv
convert tx2-gpu-emc tx2-gpu-emc/vgg19_power_vs_gpu_clock.csv jetson-tx2 tx2-power.csv
convert tx2-cpu-gpu-emc tx2-cpu-gpu-emc/inceptionv3.csv jetson-tx2 tx2-inception.csv
fit jetson-tx2 --profile tx2-sweep.csv --profile tx2-power.csv --profile tx2-inception.csv --fit-work vgg19 \
  --fit-work inceptionv3-200x200 --fit-work inceptionv3-400x400 --fit-work inceptionv3-600x600 \
  --fit-work inceptionv3-800x800

for board in orin-agx-32gb orin-nx-16gb orin-nx-16gb-super orin-nx-8gb orin-nx-8gb-super; do
  transfer "$board" orin-agx-64gb
done
for board in orin-nano-8gb orin-nano-4gb orin-nano-4gb-super; do
  transfer "$board" orin-nano-8gb-super
done

mkdir -p "$models"
for file in *.json; do
  # Written only where it differs, so that a build does not start anew for nothing.
  cmp -s "$file" "$models/$file" || cp "$file" "$models/$file"
done
