#!/usr/bin/env bash
# Policies on measured tables instead of simulated boards.
#   bash experiments/fulcrum/measured.sh [DATA_FOLDER [OUT_FOLDER]]
#
# tx2: TensorFlow Inception-v3 at four image sizes on Jetson TX2, 768 modes (softsys4ai/FlexiBO). Times are measured;
# power was not, so it is predicted by the shipped model of the board, whose power is of VGG-19's measurements
# alone. Urgent inference of one size, non-urgent of another. About 4 minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$(cd "${1:-$here/../../../shared/data}" && pwd)
out=${2:-runs/measured}
mkdir -p "$out"
cd "$out"
run() { wattline "$@" 2>/dev/null; }

import() { run calibrate --import "$1" --profile "$data/$2" --device "$3" --law-only --profiles-out "$4" >/dev/null; }

import tx2-cpu-gpu-emc tx2-cpu-gpu-emc/inceptionv3.csv jetson-tx2 times.csv
cut -d, -f1-8 times.csv >requests.csv
run predict --model built-in:jetson-tx2 --requests requests.csv >predicted.csv
# Measured times beside predicted power, in the columns of a profile.
awk -F, 'FNR == 1 { for (i = 1; i <= NF; ++i) column[FILENAME, $i] = i; if (FILENAME == "times.csv") print "device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w"; next }
         FILENAME == "predicted.csv" { power[$1, $2, $3, $4, $5, $6, $7, $8] = $column["predicted.csv", "power_w"]; next }
         { print $1 "," $2 "," $3 "," $4 "," $5 "," $6 "," $7 "," $8 "," $column["times.csv", "time_ms"] "," power[$1, $2, $3, $4, $5, $6, $7, $8] }' \
  predicted.csv times.csv >tx2.csv

policies='[
    {"policy": "maxn"},
    {"policy": "random_search", "profiles": 15, "label": "rnd15"},
    {"policy": "random_search", "profiles": 50, "label": "rnd50"},
    {"policy": "gmd"},
    {"policy": "gmd", "concurrent_profiles": 30, "infer_profiles": 22, "label": "gmd30"},
    {"policy": "pagoda"},
    {"policy": "annealing"},
    {"policy": "bayesian"},
    {"policy": "scout"},
    {"policy": "scout", "profiles": 16, "label": "scout16"},
    {"policy": "scout", "share": true, "label": "scout shared"}
  ]'
groups=
for pair in "400x400 200x200" "600x600 200x200" "800x800 400x400" "600x600 400x400"; do
  set -- $pair
  groups+="{\"kind\": \"infer_infer\", \"background\": \"inceptionv3-$1@tensorflow\", \"background_batch\": 1,
      \"infer\": \"inceptionv3-$2@tensorflow\", \"infer_batches\": [1], \"power_budgets_w\": {\"from\": 4, \"to\": 14, \"step\": 1},
      \"latency_budgets_ms\": [200, 400, 800], \"arrival_rates_hz\": [0.5, 1, 2, 4]},"
done
cat >tx2.json <<JSON
{"schema": "wattline-experiment/1", "name": "measured-tx2", "profiles": "tx2.csv", "idle_power_w": 2,
 "problems": [${groups%,}], "policies": $policies}
JSON
rm -rf tx2
run compare tx2.json --out tx2
