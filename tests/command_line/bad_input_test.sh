# Bad input gets one clear message that names the culprit, exit status 2, and leaves no result behind.
set -uo pipefail
wattline=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
failures=0

# expect STATUS PATTERN... -- COMMAND...: every pattern must be in the one line on stderr.
expect() {
  local status=$1 patterns=() got
  shift
  while [ "$1" != -- ]; do patterns+=("$1"); shift; done
  shift
  "$@" >out.txt 2>err.txt </dev/null
  got=$?
  local bad=
  [ "$got" -eq "$status" ] || bad="exit status $got instead of $status"
  [ "$(wc -l <err.txt)" -eq 1 ] || bad="${bad:+$bad; }$(wc -l <err.txt) lines on stderr instead of 1"
  [ ! -s out.txt ] || bad="${bad:+$bad; }something on stdout"
  local pattern
  for pattern in "${patterns[@]}"; do grep -qF -- "$pattern" err.txt || bad="${bad:+$bad; }no '$pattern'"; done
  if [ -n "$bad" ]; then
    echo "FAILED: $*"; echo "  $bad"; sed 's/^/  | /' err.txt
    failures=$((failures + 1))
  fi
  if [ -e results ]; then echo "FAILED: $*: left a result"; rm -rf results; failures=$((failures + 1)); fi
}

# A scenario or experiment with one thing changed by sed.
scenario() { sed "$1" >scenario.json <<'JSON'
{
  "schema": "wattline-scenario/1",
  "name": "test",
  "device": "orin-agx-64gb",
  "mode": {"cores": 12, "cpu_khz": 2201600, "gpu_khz": 1300500, "emc_khz": 3199000},
  "infer": {"workload": "resnet50", "batch": 16},
  "train": {"workload": "resnet18", "batch": 16},
  "arrivals": {"kind": "poisson", "rate_hz": 60},
  "duration_s": 10
}
JSON
}
experiment() { sed "$1" >experiment.json <<'JSON'
{
  "schema": "wattline-experiment/1",
  "name": "test",
  "device": "orin-agx-64gb",
  "mode_space": "fulcrum",
  "problems": [{"kind": "concurrent", "train": "resnet18", "infer": "resnet50",
                "power_budgets_w": [30], "latency_budgets_ms": [500], "arrival_rates_hz": [60]}],
  "policies": [{"policy": "gmd"}]
}
JSON
}
run() { echo "$wattline" run scenario.json --out results; }
compare() { echo "$wattline" compare experiment.json --out results; }

expect 2 nowhere.json 'cannot be opened' -- $wattline run nowhere.json --out results
expect 2 nowhere.json 'cannot be opened' -- $wattline compare nowhere.json --out results
expect 2 comapre compare -- $wattline comapre
expect 2 'orin-agx' 'orin-agx-64gb' -- $wattline devices orin-agx-64
expect 2 resnet5 resnet50 -- $wattline workloads resnet5
expect 2 '--batch' -- $wattline workloads resnet50 --batch 0
expect 2 '--requests' -- $wattline bench engine --requests -5
expect 2 '--requests' 1024 -- $wattline bench engine --case streams --requests 3
expect 2 '--seed' -1 -- $wattline bench engine --seed -1
expect 2 '--seed' -1 -- $wattline validate load --data nowhere.csv --seed -1
expect 2 '--show' 'one board' -- $wattline devices --show presets
expect 2 '--batch' 'one workload' -- $wattline workloads --batch 4
expect 2 '--role' 'one workload' -- $wattline workloads --role train
expect 2 device empty -- $wattline devices ''
expect 2 '--out' empty -- $wattline run scenario.json --out ''
expect 2 '--out' empty -- $wattline compare experiment.json --out ''

scenario 's/"name": "test"/"name": "test", "seed": -1/'; expect 2 scenario.json seed -1 -- $(run)
scenario 's/"duration_s"/"duraton_s"/';        expect 2 scenario.json duraton_s "did you mean 'duration_s'" -- $(run)
scenario 's/"rate_hz": 60/"rate_hz": -60/';    expect 2 scenario.json rate_hz -60 'above 0' -- $(run)
scenario 's/"rate_hz": 60/"rate_hz": 1e999/';  expect 2 scenario.json 1e999 -- $(run)
scenario 's/"rate_hz": 60/"rate_hz": NaN/';    expect 2 scenario.json 'line 8' -- $(run)
scenario 's/"rate_hz": 60/"rate_hz": "60"/';   expect 2 scenario.json rate_hz 'a number' -- $(run)
scenario 's/"gpu_khz": 1300500/"gpu_khz": 1300000/'; expect 2 scenario.json gpu_khz 1300000 1300500 -- $(run)
scenario 's/"cores": 12/"cores": 13/';         expect 2 scenario.json cores 13 12 -- $(run)
scenario 's/"batch": 16/"batch": 0/';          expect 2 scenario.json batch 0 'from 1' -- $(run)
scenario 's/"batch": 16/"batch": 1.5/';        expect 2 scenario.json batch 1.5 'whole number' -- $(run)
scenario 's/"resnet50"/"resnet5O"/';           expect 2 scenario.json resnet5O resnet50 -- $(run)
scenario 's/"device": "orin-agx-64gb"/"device": "orin-agx-6"/'; expect 2 scenario.json orin-agx-6 known -- $(run)
scenario '/duration_s/d; s/"rate_hz": 60},/"rate_hz": 60}/'; expect 2 scenario.json duration_s -- $(run)
scenario '$d';                                 expect 2 scenario.json line -- $(run)
scenario 's/scenario.1/scenario\/9/';          expect 2 scenario.json wattline-scenario/1 -- $(run)
scenario 's/"kind": "poisson", "rate_hz": 60/"kind": "csv", "file": "arrivals.csv"/'
expect 2 arrivals.csv 'cannot be opened' -- $(run)
printf 'time_s\n0.5\n0.4\n' >arrivals.csv;     expect 2 arrivals.csv 'line 3' 0.4 ascending -- $(run)
printf 'time_s\n0.5\n-1\n' >arrivals.csv;      expect 2 arrivals.csv 'line 3' -1 -- $(run)
printf 'time_s\n0.5\nnan\n' >arrivals.csv;     expect 2 arrivals.csv 'line 3' nan -- $(run)
printf 'time_s\n' >arrivals.csv;               expect 2 arrivals.csv 'at least one' -- $(run)
printf 'time\n1\n' >arrivals.csv;              expect 2 arrivals.csv "did you mean 'time_s'" -- $(run)
: >arrivals.csv;                               expect 2 arrivals.csv empty -- $(run)
rm arrivals.csv
scenario '';                                   expect 2 scenario.json '--table thermal' "no 'thermal'" -- $(run) --table thermal
scenario '/"infer"/d; /"arrivals"/d';          expect 2 scenario.json '--table streams' "no 'infer'" -- $(run) --table streams
scenario '/"train"/d';                         expect 2 scenario.json '--table training' "no 'train'" -- $(run) --table training

experiment 's/"gmd"/"gdm"/';                   expect 2 experiment.json gdm "did you mean 'gmd'" -- $(compare)
experiment 's/\[30\]/[-30]/';                  expect 2 experiment.json power_budgets_w -30 -- $(compare)
experiment 's/\[30\]/[]/';                     expect 2 experiment.json power_budgets_w -- $(compare)
experiment 's/\[30\]/[30, 30]/';               expect 2 experiment.json twice -- $(compare)
experiment 's/"fulcrum"/"fulcrun"/';           expect 2 experiment.json fulcrun fulcrum -- $(compare)
experiment 's/\[60\]/{"from": 1, "to": 1e9, "step": 1e-9}/'; expect 2 experiment.json -- $(compare)
experiment 's/"policies"/"polices"/';          expect 2 experiment.json -- $(compare)
experiment 's/{"policy": "gmd"}/{"policy": "gmd", "label": "optimum"}/'; expect 2 experiment.json optimum -- $(compare)
expect 2 '-j' -- $wattline compare experiment.json --out results -j 0

# A directory that holds something else is not written into.
experiment ''; mkdir theirs; echo precious >theirs/file
expect 2 theirs -- $wattline compare experiment.json --out theirs
[ "$(ls theirs)" = file ] || { echo "FAILED: wrote into a foreign directory"; failures=$((failures + 1)); }

# An infeasible problem is a result, not an error.
experiment 's/\[30\]/[1]/'
$wattline compare experiment.json --out results >out.txt 2>err.txt || { echo "FAILED: infeasible problem"; cat err.txt; failures=$((failures + 1)); }
grep -q '1 problems, 0 of them feasible' out.txt || { echo "FAILED: infeasible problem not reported"; failures=$((failures + 1)); }
grep -q '^gmd,.*,0,infeasible,0,' results/results.csv || { echo "FAILED: no infeasible row"; cat results/results.csv; failures=$((failures + 1)); }

# A run without requests leaves no table of streams, one without training none of jobs.
expect_tables() {
  rm -rf results
  $(run) >out.txt 2>err.txt || { echo "FAILED: no result"; cat err.txt; failures=$((failures + 1)); return; }
  local got
  got=$(ls results | grep -E 'streams|training|thermal')
  [ "$got" = "$1" ] || { echo "FAILED: tables '$got' instead of '$1'"; failures=$((failures + 1)); }
}
scenario '/"infer"/d; /"arrivals"/d'; expect_tables training.csv
scenario '/"train"/d';                expect_tables streams.csv

[ "$failures" -eq 0 ] && echo "all bad inputs are refused"
exit $((failures > 0))
