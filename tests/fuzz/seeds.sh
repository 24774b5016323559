# Writes the seed corpus into folder $2, from the project at $1: the parser's byte, then a valid input.
set -euo pipefail
source=$1 corpus=$2
mkdir -p "$corpus"
seed() { { printf "$1"; cat; } >"$corpus/$2"; }
seed '\006' spec-nano <"$source/devices/specs/jetson-nano.json"
seed '\006' spec-orin <"$source/devices/specs/orin-nano-8gb.json"
seed '\001' scenario <"$source/experiments/scenarios/interleaved.json"
seed '\002' experiment <"$source/experiments/fulcrum/small.json"
printf 'time_s\n0\n0.5\n0.5\n12.25\n' | seed '\003' arrivals
printf 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n' | seed '\004' azure
printf 'device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w,source\r\na,b,infer,16,4,1000,2000,3000,1.5,20,"x, ""y"""\r\na,b,train,1,4,1000,2000,3000,,,\r\n' | seed '\005' profiles
