# Calibration from the command line: good profiles give a model that predicts them, the same bytes each time;
# bad ones get one clear message that names file and line, exit status 2, and leave no model behind.
set -uo pipefail
wattline=$1
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
  ls ./*.partial >/dev/null 2>&1 && fail "$*: left a partial file"
}

header=device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w
row() { echo "jetson-nano,resnet50,infer,$1,4,1479000,$2,1600000,$3,$4"; }
good() {
  echo $header
  for gpu in 307200 460800 614400 768000 921600; do
    for batch in 1 4 16; do
      awk -v g=$gpu -v b=$batch 'BEGIN {printf "jetson-nano,resnet50,infer,%d,4,1479000,%d,1600000,%.3f,%.3f\n", b, g, (8 + 30 * b) * 921600 / g, 2.5 + 4 * (g / 921600) ^ 2}'
    done
  done
}
good >good.csv
calibrate() { "$wattline" calibrate --device nano --profile "$1" --out model.json "${@:2}"; }

# --- what works ---
"$wattline" calibrate --device nano --profile good.csv --out one.json >one.txt 2>/dev/null || fail "good profiles are refused"
"$wattline" calibrate --device nano --profile good.csv --out two.json >two.txt 2>/dev/null
cmp -s one.json two.json && cmp -s one.txt two.txt || fail "the same profiles give other bytes"
cut -d, -f1-8 good.csv >requests.csv
"$wattline" predict --model one.json --requests requests.csv >predicted.csv 2>/dev/null || fail "the model does not predict"
paste -d, <(tail -n +2 good.csv) <(tail -n +2 predicted.csv | cut -d, -f9,12) |
  awk -F, '{t = $11 / $9 - 1; p = $12 / $10 - 1; if (t * t > 0.0025 || p * p > 0.0025) exit 1}' ||
  fail "profiled points are not predicted within 5 %"
"$wattline" validate profiles --model one.json --profile good.csv >/dev/null || fail "validate profiles fails"
"$wattline" validate curve --device nano --profile good.csv --used 0,5 --seeds 2 >/dev/null || fail "validate curve fails"
"$wattline" calibrate --device nano --profile good.csv --base one.json >based.txt 2>/dev/null || fail "a base is refused"
sed -n '/^Priors from the base model/,/^Not/p' based.txt | grep -q '^board .* gpu_clock_w .* W ' || fail "what came from the base is not listed"
"$wattline" calibrate --device xavier --base one.json --power-kind wall >carried.txt 2>/dev/null || fail "a model is not carried to another board"
grep -q '^agx-xavier: power of wall;' carried.txt || fail "--power-kind is ignored where a model is carried over"
head -2 good.csv >single.csv
"$wattline" calibrate --device nano --profile single.csv --out single.json >/dev/null 2>&1 || fail "one profile is refused"
"$wattline" predict --model single.json --requests requests.csv >/dev/null 2>&1 || fail "a model of one profile does not predict"
"$wattline" predict --model built-in:agx-xavier --requests <(echo "${header%,time_ms*}"; echo xavier,resnet50,infer,1,8,2265600,1377000,2133000) >/dev/null 2>&1 ||
  fail "a built-in model does not predict"

# --- profiles ---
tsv() { sed "$1" good.csv >bad.csv; }
tsv 's/,power_w/,power/';                 expect 2 bad.csv 'line 1' power_w -- calibrate bad.csv
tsv '1s/gpu_khz/gpu_hz/';                 expect 2 bad.csv 'line 1' gpu_hz gpu_khz -- calibrate bad.csv
tsv '3s/,307200,/,307200000,/';           expect 2 bad.csv 'line 3' gpu_khz 307200000 Hz -- calibrate bad.csv
tsv '4s/,307200,/,307,/';                 expect 2 bad.csv 'line 4' gpu_khz MHz -- calibrate bad.csv
tsv '5s/jetson-nano/orin-nano/';          expect 2 bad.csv 'line 5' orin-nano jetson-nano -- calibrate bad.csv
tsv '5s/jetson-nano/jetsn-nano/';         expect 2 bad.csv 'line 5' device jetsn-nano jetson-nano -- "$wattline" calibrate --profile bad.csv --out model.json
tsv '5s/jetson-nano/orin-nano/';          expect 2 bad.csv 'line 2' 'line 5' several --device -- "$wattline" calibrate --profile bad.csv --out model.json
tsv '6s/resnet50/resnet5O/';              expect 2 bad.csv 'line 6' resnet5O resnet50 fit-work -- calibrate bad.csv
tsv '6s/resnet50/resnet50@pytorch-fp23/'; expect 2 bad.csv 'line 6' pytorch-fp23 pytorch-fp32 -- calibrate bad.csv
tsv '7s/,4,1479000/,5,1479000/';          expect 2 bad.csv 'line 7' cores 5 -- calibrate bad.csv
tsv '8s/,[^,]*$/,-3/';                    expect 2 bad.csv 'line 8' power_w -3 -- calibrate bad.csv
tsv '8s/,[^,]*$/,nan/';                   expect 2 bad.csv 'line 8' power_w nan -- calibrate bad.csv
awk -F, -v OFS=, 'NR > 1 {$9 /= 1000} 1' good.csv >bad.csv; expect 2 bad.csv 'line 2' time_ms 'not possible' unit -- calibrate bad.csv
tsv '6s/resnet50,infer/resnet50@tensorrt-fp16,train/'; expect 2 bad.csv 'line 6' tensorrt-fp16 'does not train' -- calibrate bad.csv
awk -F, -v OFS=, 'NR > 1 {$9 *= 1000} 1' good.csv >bad.csv
"$wattline" calibrate --device nano --profile bad.csv 2>/dev/null | grep -q 'check units' || fail "times in microseconds are not doubted"
tsv '8s/infer/guess/';                    expect 2 bad.csv 'line 8' role guess -- calibrate bad.csv
head -c -8 good.csv >bad.csv;             expect 2 bad.csv 'line 16' -- calibrate bad.csv
head -1 good.csv >bad.csv;                expect 2 bad.csv profile -- calibrate bad.csv
: >bad.csv;                               expect 2 bad.csv -- calibrate bad.csv
expect 2 absent.csv -- calibrate absent.csv
expect 2 fit-work resnet5O resnet50 -- calibrate good.csv --fit-work resnet5O
expect 2 'orin-nan' 'orin-nano' -- "$wattline" calibrate --device orin-nan --profile good.csv --out model.json
expect 2 trition-mobilenet triton-mobilenet -- "$wattline" calibrate --import trition-mobilenet --profile good.csv --out model.json
expect 2 profile base -- "$wattline" calibrate --device nano --out model.json
expect 2 '--seed' -1 -- calibrate good.csv --seed -1
expect 2 '--out' empty -- "$wattline" calibrate --device nano --profile good.csv --out ''
expect 2 '--time' '--import' -- calibrate good.csv --time p50
expect 2 '--minibatches' '--import' -- calibrate good.csv --minibatches log.csv
expect 2 '--minibatches' pagoda -- calibrate good.csv --import pagoda --minibatches log.csv
expect 2 '--fit-power-offset' 'module rails' -- calibrate good.csv --fit-power-offset
expect 2 '--fit-work' '--profile' -- "$wattline" calibrate --device nano --base one.json --fit-work vgg19
expect 2 '--name-device' '--out' -- "$wattline" calibrate --device nano --profile good.csv --name-device
expect 2 '15, 99 left out' '15 profiles' -- "$wattline" validate curve --profile good.csv --used 15,99
"$wattline" validate curve --profile good.csv --used 3,15 --seeds 1 2>&1 >curve.txt | grep -q '15 left out' || fail "a size that is left out is not told"
[ "$(wc -l <curve.txt)" -eq 3 ] || fail "a curve of one size has not one row"
sed '3s/jetson-nano/nano/' good.csv >alias.csv
"$wattline" calibrate --profile alias.csv >/dev/null 2>&1 || fail "a board's two names count as two boards"
awk -F, -v OFS=, 'NR > 1 {$10 *= 10} 1' good.csv >bad.csv
"$wattline" calibrate --profile bad.csv 2>/dev/null | grep -q 'power of 15 rows is too high' || fail "power ten times too large is not doubted"
awk -F, -v OFS=, 'NR > 1 {$10 = 20 / $10} 1' good.csv >bad.csv
"$wattline" calibrate --profile bad.csv 2>/dev/null | grep -q 'power falls as the GPU clock rises' || fail "inverted power is not doubted"
"$wattline" calibrate --profile good.csv 2>/dev/null | grep -q 'check the' && fail "good profiles are doubted"
expect 2 no-such-folder -- "$wattline" calibrate --device nano --profile good.csv --out no-such-folder/model.json
{ sed '1s/$/,power_kind/; 2,9s/$/,wall/; 10,$s/$/,board meter/' good.csv; } >bad.csv
expect 2 bad.csv power_kind wall 'board meter' fit-power-offset -- calibrate bad.csv
"$wattline" calibrate --device nano --profile bad.csv --fit-power-offset --out mixed.json >/dev/null 2>&1 || fail "an offset between power kinds is not fitted"
{ cat good.csv; sed -n 2p good.csv | sed 's/,[^,]*,[^,]*$/,99,9/'; } >repeated.csv
"$wattline" calibrate --device nano --profile repeated.csv 2>/dev/null | grep -q '2 17' || fail "points that disagree are not listed with their lines"

{ cat good.csv; for i in $(seq 20); do sed -n 2p good.csv | sed "s/,[^,]*,[^,]*\$/,9$i,9/"; done; } >repeated.csv
"$wattline" calibrate --device nano --profile repeated.csv 2>/dev/null | grep -q '2 17 18 19 20 21 22 23 and 13 more  ' || fail "lines of points that disagree are not cut"

# --- models and requests ---
head -c 3000 one.json >cut.json
expect 2 cut.json 'cut off' -- "$wattline" predict --model cut.json --requests requests.csv
sed 's/"power_kind"/"power_kin"/' one.json >cut.json
expect 2 cut.json power_kin -- "$wattline" predict --model cut.json --requests requests.csv
expect 2 good.csv -- "$wattline" predict --model good.csv --requests requests.csv
sed 's/model\/1"/model\/9"/' one.json >cut.json
expect 2 cut.json 'model/9' 'model/1' -- "$wattline" predict --model cut.json --requests requests.csv
: >cut.json
expect 2 cut.json empty -- "$wattline" predict --model cut.json --requests requests.csv
expect 2 '.: cannot be read' -- "$wattline" predict --model . --requests requests.csv
head -c 200000000 /dev/zero | tr '\0' '[' >cut.json
expect 2 cut.json 'larger than' -- "$wattline" predict --model cut.json --requests requests.csv
head -c 60000000 /dev/zero | tr '\0' '[' >cut.json
expect 2 cut.json 'nested deeper' -- "$wattline" predict --model cut.json --requests requests.csv
rm cut.json
expect 2 orin-agx-6 orin-agx -- "$wattline" predict --model built-in:orin-agx-6 --requests requests.csv
sed '3s/resnet50/vgg19/' requests.csv >bad.csv;        expect 2 bad.csv 'line 3' vgg19 -- "$wattline" predict --model one.json --requests bad.csv
sed '4s/jetson-nano/orin-nx/' requests.csv >bad.csv;   expect 2 bad.csv 'line 4' orin-nx -- "$wattline" predict --model one.json --requests bad.csv
sed '4s/,1479000,/,2479000,/' requests.csv >bad.csv;   expect 2 bad.csv 'line 4' cpu_khz 2479000 -- "$wattline" predict --model one.json --requests bad.csv

# --- a network of the user's own: its work fitted, and counted at one batch ---
{
  sed 's/resnet50/mynet/; 1s/$/,flop,bytes/; 2,$s/$/,,/' good.csv
  grep ',infer,4,' good.csv | sed 's/resnet50/parts/; s/$/,4e9,2e8/'
} >own.csv
"$wattline" calibrate --device nano --profile own.csv --fit-work mynet --out own.json >/dev/null 2>&1 || fail "own networks are refused"
# scenario WORKLOAD BATCH [ROLE]
scenario() {
  local head='"schema": "wattline-scenario/1", "name": "own", "model": "own.json", "mode": {"cores": 4, "cpu_khz": 1479000, "gpu_khz": 921600, "emc_khz": 1600000}'
  if [ "${3:-infer}" = infer ]; then
    echo "{$head, \"infer\": {\"workload\": \"$1\", \"batch\": $2}, \"arrivals\": {\"kind\": \"uniform\", \"rate_hz\": 1, \"requests\": 16}}"
  else
    echo "{$head, \"train\": {\"workload\": \"$1\", \"batch\": $2}, \"duration_s\": 10}"
  fi >scenario.json
}
scenario mynet 1
# 38 ms were measured, and no request waits for another.
"$wattline" run scenario.json --format csv 2>/dev/null | awk -F, 'NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i} NR == 2 {ms = $at["latency_mean_ms"]; exit !(ms > 36 && ms < 40)} END {if (NR < 2) exit 1}' ||
  fail "a network of the user's own does not take the time that was profiled"
scenario parts 4
"$wattline" run scenario.json >/dev/null 2>&1 || fail "a counted network does not run at the batch that was profiled"
scenario mynat 1;            expect 2 scenario.json workload mynat "'mynet'" -- "$wattline" run scenario.json
scenario resnet5O 1;         expect 2 scenario.json "'resnet50'" 'adds mynet, parts' -- "$wattline" run scenario.json
scenario mynet 16 train;     expect 2 scenario.json 'train: workload' 'for infer only' -- "$wattline" run scenario.json
scenario parts 8;            expect 2 scenario.json 'infer: batch' 'at batch 4 only' -- "$wattline" run scenario.json
"$wattline" bench costs --model own.json --workload mynet --repeats 1 >/dev/null 2>&1 || fail "costs of an own network are refused"
expect 2 'at batch 4 only' -- "$wattline" bench costs --model own.json --workload parts
sed '4s/resnet50/parts/' requests.csv >bad.csv; expect 2 bad.csv 'line 4' parts 'profile a second' -- "$wattline" predict --model own.json --requests bad.csv

# --- a tegrastats log, as AGX Orin prints it, joined with a log of minibatches ---
cores=$(printf '12%%@2201,%.0s' 1 2 3 4 5 6 7 8 9 10 11)12%@2201
for s in $(seq -w 0 19); do
  echo "11-23-2026 10:00:$s RAM 4722/30592MB (lfb 4x4MB) SWAP 0/15296MB (cached 0MB) CPU [$cores] EMC_FREQ 5%@3199 GR3D_FREQ 99%@[1300,1300] VIC_FREQ 729 APE 174 CV0@-256C CPU@50.2C Tboard@36C GPU@46C tj@50C VDD_GPU_SOC 12000mW/12000mW VDD_CPU_CV 3000mW/3000mW VIN_SYS_5V0 5000mW/5000mW NC 0mW/0mW VDDQ_VDD2_1V8AO 301mW/301mW NC 0mW/0mW"
done >tegrastats.log
awk 'BEGIN {print "start_s,end_s,workload,role,batch"; for (i = 0; i < 100; ++i) printf "%.2f,%.2f,resnet50,infer,16\n", 1 + i * 0.06, 1.06 + i * 0.06}' >minibatches.csv
"$wattline" calibrate --import tegrastats --profile tegrastats.log --minibatches minibatches.csv --start-s 0 --device orin-agx --profiles-out logged.csv >/dev/null 2>&1 ||
  fail "a tegrastats log is refused"
grep -q '^orin-agx-64gb,resnet50,infer,16,12,2201600,1300500,3199000,60[.0-9]*,20,' logged.csv || { fail "a joined log is not 60 ms at 20 W"; cat logged.csv; }
"$wattline" validate profiles --model built-in:orin-agx --import tegrastats --profile tegrastats.log --minibatches minibatches.csv --start-s 0 2>/dev/null >from_log.txt ||
  fail "validate profiles does not read a tegrastats log"
"$wattline" validate profiles --model built-in:orin-agx --profile logged.csv 2>/dev/null | tail -2 | cmp -s - <(tail -2 from_log.txt) || fail "a log and its profiles are not validated alike"
expect 2 tegrastats --device -- "$wattline" calibrate --import tegrastats --profile tegrastats.log --minibatches minibatches.csv --start-s 0

# --- outputs that would destroy something ---
cp good.csv precious.csv
expect 2 precious.csv input -- "$wattline" calibrate --device nano --profile precious.csv --out precious.csv
expect 2 requests.csv input -- "$wattline" predict --model one.json --requests requests.csv --out requests.csv
cmp -s good.csv precious.csv || fail "an input was written over"
expect 1 /dev/full -- "$wattline" calibrate --device nano --profile good.csv --out /dev/full
[ -c /dev/full ] || fail "/dev/full is no device any more"
"$wattline" predict --model one.json --requests requests.csv >/dev/full 2>/dev/null && fail "a full standard output is not noticed"
mkfifo pipe
cat pipe >piped.json &
"$wattline" calibrate --device nano --profile good.csv --out pipe >/dev/null 2>&1
wait
cmp -s piped.json one.json || fail "a model is not written into a pipe"
ln -s there.csv link.csv
"$wattline" predict --model one.json --requests requests.csv --out link.csv 2>/dev/null || fail "a dangling link is refused"
[ -L link.csv ] && cmp -s there.csv predicted.csv || fail "what a link points to is not written"
ln -s /proc/self/fd/1 stdout.csv # as /dev/stdout is one
{ echo before; "$wattline" predict --model one.json --requests requests.csv --out stdout.csv 2>/dev/null; echo after; } >through.csv
[ -L stdout.csv ] && { echo before; cat predicted.csv; echo after; } | cmp -s - through.csv || fail "standard output is not written through"
"$wattline" predict --model one.json --requests requests.csv --out stdout.csv 2>/dev/null | cmp -s - predicted.csv || fail "a piped standard output is not written through"
expect 2 stdout.csv 'not open for writing' -- bash -c '"$1" predict --model one.json --requests requests.csv --out stdout.csv >&-' - "$wattline"
echo "$header" >empty.csv; row 1 921600 '' '' >>empty.csv
expect 2 empty.csv 'time or a power' -- calibrate empty.csv

(ulimit -f 1; "$wattline" predict --model one.json --requests requests.csv --out limited.csv >/dev/null 2>err.txt)
[ $? -eq 1 ] && grep -q 'File too large' err.txt || { fail "a file beyond the size limit is no error"; cat err.txt; }
(ulimit -f 1; "$wattline" predict --model one.json --requests requests.csv --out stdout.csv >limited_stdout 2>err.txt)
[ $? -eq 1 ] && grep -q 'File too large' err.txt || { fail "standard output beyond the size limit is no error"; cat err.txt; }
ls limited.csv* >/dev/null 2>&1 && fail "half of a file that is too large is left"
head -1 requests.csv >none.csv
expect 2 none.csv 'no request' -- "$wattline" predict --model one.json --requests none.csv
expect 2 none.csv 'is a directory' -- "$wattline" predict --model one.json --requests requests.csv --out "$(mkdir -p none.csv.d; echo none.csv.d)"
expect 2 'same file' -- "$wattline" calibrate --device nano --profile good.csv --out model.json --profiles-out ./model.json
expect 2 one.json input -- "$wattline" calibrate --device nano --profile good.csv --base one.json --out one.json
tr , ';' <good.csv >bad.csv;          expect 2 bad.csv 'line 1' commas semicolons -- calibrate bad.csv
iconv -t UTF-16 good.csv >bad.csv;    expect 2 bad.csv UTF-16 -- calibrate bad.csv
{ printf '\357\273\277'; sed 's/$/\r/; 2s/resnet50/"resnet50"/' good.csv; } >windows.csv
"$wattline" calibrate --device nano --profile windows.csv >/dev/null 2>&1 || fail "a byte-order mark, CRLF or a quoted field is refused"

# --- a person at a terminal sees what it is doing; a log does not ---
if script -qec true /dev/null >/dev/null 2>&1; then
  script -qec "'$wattline' calibrate --device nano --profile good.csv 2>&1 >/dev/null" /dev/null </dev/null | tr -d '\r' >terminal.txt
  [ "$(grep -xE 'fitting time ...|fitting power ...|holding out points ...' terminal.txt | wc -l)" -eq 3 ] || { fail "no progress on a terminal"; cat terminal.txt; }
fi
"$wattline" calibrate --device nano --profile good.csv 2>&1 >/dev/null | grep -F ... && fail "progress without a terminal"

# --- killed while it waits to write: the next one removes what was left ---
sleep 0 & wait $!
echo half >killed.csv.$!.partial
"$wattline" predict --model one.json --requests requests.csv --out killed.csv 2>/dev/null
[ "$(ls killed.csv*)" = killed.csv ] || fail "what a killed process left stays"

# --- two at once into the same file: one of them whole ---
for i in 1 2 3; do "$wattline" calibrate --device nano --profile good.csv --out race.json >/dev/null 2>&1 & done
wait
cmp -s race.json one.json || fail "two calibrations into one file leave neither whole"

[ "$failures" -eq 0 ]
