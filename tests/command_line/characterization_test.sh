# The script that varies what the study of training on Jetson boards did: every section has rows, and the
# predictor of epochs is near where CPU or GPU bound them.
set -euo pipefail
wattline=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
script=$source/experiments/characterization/characterize.sh

WATTLINE=$wattline bash "$script" >all
for section in epochs workers prefetch storage clocks modes batches predictor; do
  grep -qx "# $section" all
done
# No row lacks a figure, or has one that is none.
awk -F, '/^#/ { getline; columns = NF; next }
         NF != columns || /,-?(nan|inf)|,,|,$/ { print; bad = 1 }
         END { exit bad }' all
# bound,epochs,time_error_mean_pct,time_error_max_pct,energy_error_mean_pct,energy_error_max_pct
sed -n '/^# predictor/,$p' all >predictor
awk -F, '$1 == "GPU" || $1 == "loading" { ++seen; if ($2 < 20 || $4 > 2.5 || $6 > 1) exit 1 }
         END { exit seen != 2 }' predictor
awk -F, '$1 == "storage" && $3 > 10 { found = 1 } END { exit !found }' predictor

# A section alone prints what it prints among others.
WATTLINE=$wattline bash "$script" batches >batches
sed -n '/^# batches/,/^# predictor/{/^#/!p}' all | cmp - batches

status=0
WATTLINE=$wattline bash "$script" bathces 2>message || status=$?
[ "$status" -eq 2 ] && grep -q "no section 'bathces'" message
status=0
WATTLINE=$scratch/none bash "$script" 2>message || status=$?
[ "$status" -eq 1 ] && grep -q "name the binary in WATTLINE" message
