# Files as they come: from a pipe, cut off, copied twice, binary, not in UTF-8, with a name that no terminal shows;
# and what a foreign file does not say, given by options.
set -uo pipefail
wattline=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# expect STATUS PATTERN... -- COMMAND...: every pattern must be in the one line on stderr; model.json must not be.
expect() {
  local status=$1 patterns=() got pattern
  shift
  while [ "$1" != -- ]; do patterns+=("$1"); shift; done
  shift
  "$@" >out.txt 2>err.txt </dev/null
  got=$?
  [ "$got" -eq "$status" ] || { fail "$*: exit status $got instead of $status"; cat err.txt; }
  [ "$(wc -l <err.txt)" -eq 1 ] || { fail "$*: $(wc -l <err.txt) lines on stderr instead of 1"; cat err.txt; }
  for pattern in "${patterns[@]}"; do grep -qF -- "$pattern" err.txt || { fail "$*: no '$pattern'"; cat err.txt; }; done
  [ ! -e model.json ] || { fail "$*: left a model"; rm -f model.json; }
}
# accept PATTERN... -- COMMAND...: exit status 0, with every pattern on stderr.
accept() {
  local patterns=() pattern
  while [ "$1" != -- ]; do patterns+=("$1"); shift; done
  shift
  "$@" >out.txt 2>err.txt || { fail "$*: exit status $?"; cat err.txt; }
  for pattern in "${patterns[@]}"; do grep -qF -- "$pattern" err.txt || { fail "$*: no '$pattern'"; cat err.txt; }; done
}

{
  echo device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w
  for gpu in 307200 614400 921600; do
    for batch in 1 4 16; do
      awk -v g=$gpu -v b=$batch 'BEGIN {printf "jetson-nano,resnet50,infer,%d,4,1479000,%d,1600000,%.3f,%.3f\n", b, g, (8 + 30 * b) * 921600 / g, 2.5 + 4 * (g / 921600) ^ 2}'
    done
  done
} >good.csv
calibrate() { "$wattline" calibrate --law-only --profile "$1" --out model.json "${@:2}"; }
accept -- "$wattline" calibrate --law-only --profile good.csv --out good.json
cut -d, -f1-8 good.csv >requests.csv

# --- a pipe can be read once only ---
"$wattline" calibrate --law-only --profile /dev/stdin --out piped.json <good.csv >/dev/null 2>&1 || fail "profiles from standard input are refused"
same_hash() { [ "$(grep '"profiles_sha256"' "$1")" = "$(grep '"profiles_sha256"' good.json)" ]; }
same_hash piped.json || fail "profiles from standard input have another hash"
accept -- "$wattline" calibrate --law-only --profile <(cat good.csv) --out piped.json
same_hash piped.json || fail "profiles from a pipe have another hash"
accept -- "$wattline" validate profiles --model good.json --profile <(cat good.csv)
accept -- "$wattline" validate curve --profile <(cat good.csv) --used 3 --seeds 1 --law-only
accept -- "$wattline" predict --model <(cat good.json) --requests <(cat requests.csv)
mkfifo log.pipe
timeout 20 bash -c "printf 'time_s\n0.5\n1.5\n' >log.pipe" &
cat >scenario.json <<'JSON'
{"schema": "wattline-scenario/1", "name": "piped", "device": "nano", "mode": "MAXN",
 "infer": {"workload": "resnet50", "batch": 1}, "arrivals": {"kind": "csv", "file": "log.pipe"}}
JSON
timeout 20 "$wattline" run scenario.json --out piped >/dev/null 2>err.txt || { fail "arrivals from a pipe are read twice"; cat err.txt; }
wait
grep -q "$(printf 'time_s\n0.5\n1.5\n' | sha256sum | cut -d' ' -f1)" piped/manifest.json || fail "arrivals from a pipe have another hash"

# --- not UTF-8, and binary ---
sed "5s/resnet50/caf$(printf '\351')/" good.csv >bad.csv
expect 2 bad.csv 'line 5' 'caf\xe9' UTF-8 -- calibrate bad.csv --fit-work "caf$(printf '\351')"
expect 2 bad.csv 'line 5' UTF-8 -- "$wattline" predict --model good.json --requests bad.csv
sed '5s/resnet50/res\x00net50/' good.csv >bad.csv
expect 2 bad.csv 'line 5' 'res?net50' NUL -- calibrate bad.csv
{ sed -n 1p good.csv | tr -d ,; head -c 3000 "$wattline"; } >bad.csv
expect 2 bad.csv binary 'no CSV' -- calibrate bad.csv
head -c 1000 "$wattline" | tail -c +2 >bad.csv
expect 2 bad.csv binary -- calibrate bad.csv
echo start_s,end_s,workload,role,batch >none.csv
printf 'RAM 1/2MB CPU [1\0%%@729]\n' >bad.log
expect 2 bad.log "'1?%@729' is not what tegrastats prints" -- calibrate bad.log --import tegrastats --minibatches none.csv --start-s 0 --device nano

# --- a file whose name no terminal shows, and that JSON cannot hold ---
odd="caf$(printf '\351')
.csv"
cp good.csv "$odd"
accept -- "$wattline" calibrate --law-only --profile "$odd" --out odd.json --format json
grep -qF '"source": "caf\\xe9\\x0a.csv"' odd.json || fail "a name that is no UTF-8 is not escaped in the model"
accept -- "$wattline" predict --model odd.json --requests requests.csv
accept -- "$wattline" calibrate --law-only --profile good.csv --out "$odd.json"
accept -- "$wattline" validate profiles --model "$odd.json" --profile "$odd"
tail -c 20 good.csv >"$odd"
expect 2 'caf\xe9\x0a.csv: line 1' -- calibrate "$odd"
expect 2 'none\xe9.csv: cannot be opened' -- calibrate "none$(printf '\351').csv"
mv scenario.json "scenario$(printf '\351').json"
sed -i 's/{"kind.*}}/{"kind": "uniform", "rate_hz": 1, "requests": 4}}/' scenario*.json
accept -- "$wattline" run scenario*.json --out odd

# --- cut off, and given twice ---
head -c -3 good.csv >cut.csv
accept 'note: cut.csv: line 10, the last one, has no line break' -- "$wattline" calibrate --law-only --profile cut.csv
grep -q '^  cut.csv: line 10, .* may be cut off$' out.txt || fail "a last line that may be cut off is not in the report"
accept 'cut.csv: line 10' -- "$wattline" validate profiles --model good.json --profile cut.csv
accept 'cut.csv: line 10' -- "$wattline" validate curve --profile cut.csv --used 3 --seeds 1 --law-only
head -c -1 requests.csv >cut.csv
accept 'cut.csv: line 10' -- "$wattline" predict --model good.json --requests cut.csv
accept -- "$wattline" calibrate --law-only --profile good.csv
grep -q 'note:' err.txt && fail "whole profiles are noted"
expect 2 './good.csv: given twice' -- calibrate good.csv --profile ./good.csv
cp good.csv copy.csv
expect 2 'copy.csv: holds the same text as good.csv' -- calibrate good.csv --profile copy.csv
{ cat good.csv; sed -n 2,3p good.csv; } >repeated.csv
accept 'note: repeated.csv: line 11 is the same as line 2, line 12 is the same as line 3' -- "$wattline" calibrate --law-only --profile repeated.csv
sed -n '1p; 4p' good.csv >part.csv
accept 'note: part.csv: line 2 is the same as line 4 of good.csv' -- "$wattline" calibrate --law-only --profile good.csv --profile part.csv

# --- what a tegrastats log does not say: clocks without root, which rails, when it began ---
for s in 1 2 3 4; do
  echo "11-23-2026 10:00:0$s RAM 4722/30592MB CPU [12%@2201,12%@2201,12%@2201,12%@2201] GR3D_FREQ 99% VIN 9000mW/9000mW VDD_GPU 5000mW/5000mW"
done >user.log
printf 'start_s,end_s,workload,role,batch\n0,1,resnet50,infer,16\n1,2,resnet50,infer,16\n' >minibatches.csv
log() { "$wattline" "$@" --law-only --import tegrastats --profile user.log --minibatches minibatches.csv --device orin-agx; }
expect 2 'line 1' 'VIN, VDD_GPU' --rails -- log calibrate --start-s 0
expect 2 'no line states the GPU clock or the EMC clock' --gpu-khz --emc-khz -- log calibrate --start-s 0 --rails VIN
expect 2 'no line states the GPU clock (' --gpu-khz -- log calibrate --start-s 0 --rails VIN --emc-khz 3199000
given=(--start-s 0 --rails VIN,VDD_GPU --gpu-khz 1300500 --emc-khz 3199000 --active-sms 8)
accept -- log calibrate "${given[@]}" --profiles-out logged.csv
grep -q '^orin-agx-64gb,resnet50,infer,16,4,2201600,1300500,3199000,1000,14,8,' logged.csv || { fail "a log is not joined as the options say"; cat logged.csv; }
accept -- log calibrate "${given[@]}" --cores 12 --cpu-khz 1113600 --profiles-out logged.csv
grep -q '^orin-agx-64gb,resnet50,infer,16,12,1113600,1300500,' logged.csv || fail "cores and CPU clock are not taken from the options"
accept -- "$wattline" validate profiles --model built-in:orin-agx --import tegrastats --profile user.log --minibatches minibatches.csv "${given[@]}"
expect 2 --gpu-khz --import -- calibrate good.csv --gpu-khz 921600
expect 2 --rails pagoda -- calibrate good.csv --import pagoda --rails VIN
expect 2 'gpu_khz' 1300 MHz -- log calibrate "${given[@]/1300500/1300}"
for value in nan inf -inf 1e11 soon; do
  expect 2 --start-s "'$value' is not accepted" -- log calibrate "${given[@]:2}" --start-s=$value
  expect 2 --settle-s "$value" -- log calibrate "${given[@]}" --settle-s=$value
  expect 2 --interval-s "$value" -- log calibrate "${given[@]}" --interval-s=$value
done
sed 's/^11-23-2026 10:00:0. //' user.log >unstamped.log
expect 2 'line 1' --start-s -- calibrate unstamped.log --import tegrastats --minibatches minibatches.csv --device orin-agx

# --- powers of another kind are left out of a comparison, and of nothing else ---
sed '1s/$/,power_kind/; 2,$s/$/,wall/' good.csv >wall.csv
accept "note: wall.csv: the model predicts 'module rails'; 9 powers of 'wall' (from line 2) are left out" -- \
  "$wattline" validate profiles --model good.json --profile wall.csv
[ "$(grep -c '^resnet50.* time ' out.txt)" -eq 1 ] || fail "times are not compared where the power is of another kind"
grep -q ' power  ' out.txt && fail "powers of another kind are compared"
sed '1s/$/,power_kind/; 2,5s/$/,wall/; 6,$s/$/,module rails/' good.csv >mixed.csv
accept "4 powers of 'wall' (from line 2)" -- "$wattline" validate profiles --model good.json --profile mixed.csv
grep -q '^resnet50.* power *5 ' out.txt || { fail "powers of the model's kind are not compared"; tail -3 out.txt; }
awk -F, -v OFS=, 'NR > 1 {$9 = ""} 1' wall.csv >bad.csv
expect 2 bad.csv 'module rails' wall 'no row has a time' -- "$wattline" validate profiles --model good.json --profile bad.csv
expect 2 mixed.csv power_kind -- calibrate mixed.csv
expect 2 power_kind wall -- "$wattline" predict --model good.json --requests wall.csv

# --- measurements under load: a board by its short name, and pipes ---
data=$source/../shared/data/jetson-load
if [ -e "$data/load_sweep.csv" ]; then
  grep -E '^(device|orin-agx),' "$data/load_sweep.csv" >load.csv
  load() { "$wattline" validate load --data "$1" --profiles <(cat "$data/single_stream.csv") --clocks <(cat "$data/observed_clocks.csv") --runs 1 "${@:2}"; }
  accept -- load load.csv --device orin-agx-64gb
  cp out.txt full.txt
  accept -- load <(cat load.csv) --device orin-agx
  cmp -s out.txt full.txt || fail "a board's short name, and a pipe, give another validation of load"
  expect 2 orin-agx-6 "did you mean 'orin-agx-64gb'" -- load load.csv --device orin-agx-6
  head -c -2 load.csv >cut.csv
  accept 'note: cut.csv: line' 'may be cut off' -- load cut.csv
  awk -F, -v OFS=, 'NR == 3 {$3 = 99} 1' load.csv >bad.csv
  expect 2 'bad.csv: line 3' 'mode 99 of orin-agx-64gb is not among the observed clocks' -- load bad.csv
  awk -F, -v OFS=, 'NR == 3 {$5 = 2.5} 1' load.csv >bad.csv
  expect 2 'bad.csv: line 3' load_frac 'at most 2' -- load bad.csv
  accept "the model predicts 'board meter'; 3 powers of 'wall'" -- \
    "$wattline" validate profiles --model built-in:jetson-nano --import single-stream --profile "$data/single_stream.csv"
  expect 2 --capacity-p95-ms nan -- load load.csv --capacity-p95-ms nan
fi

for verb in predict 'validate profiles'; do
  "$wattline" $verb --help | tr -s ' \n' ' ' | grep -q 'built-in:BOARD' || fail "the help of $verb does not say that a model can be built in"
done

[ "$failures" -eq 0 ]
