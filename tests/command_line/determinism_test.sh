# The main experiment gives the same bytes every time, whatever the number of threads.
set -euo pipefail
wattline=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
experiment=$source/experiments/fulcrum/concurrent.json

"$wattline" compare "$experiment" -j 1 --out "$scratch/a" >"$scratch/a.txt"
"$wattline" compare "$experiment" -j 2 --out "$scratch/b" >"$scratch/b.txt"
"$wattline" compare "$experiment" -j 2 --out "$scratch/c" >"$scratch/c.txt"
for other in b c; do
  cmp "$scratch/a.txt" "$scratch/$other.txt"
  for file in results.csv summary.csv breakdown.csv paired.csv replay.csv manifest.json; do
    cmp "$scratch/a/$file" "$scratch/$other/$file"
  done
done
# It is the experiment that the project promises: at least 5,000 problems, GMD within its 15 profiles.
grep -q 'mode space fulcrum (441 modes), 5125 problems' "$scratch/a.txt"
awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i }
         $1 == "gmd" { if ($column["profiles"] > 15) exit 1; ++rows }
         END { exit rows == 5125 ? 0 : 1 }' "$scratch/a/results.csv"

"$wattline" bench engine --requests 200000 2>/dev/null >"$scratch/1.txt"
"$wattline" bench engine --requests 200000 2>/dev/null >"$scratch/2.txt"
cmp "$scratch/1.txt" "$scratch/2.txt"
grep -q '^signature ' "$scratch/1.txt"

# Networks.
options="--epochs 5 --seeds 1 --samples 64"
# shellcheck disable=SC2086
"$wattline" bench surrogate $options 2>/dev/null >"$scratch/s1.txt"
# shellcheck disable=SC2086
"$wattline" bench surrogate $options 2>/dev/null >"$scratch/s2.txt"
cmp "$scratch/s1.txt" "$scratch/s2.txt"
grep -q '^signature ' "$scratch/s1.txt"

# Dynamic problems: all that is written but the times.
for jobs in 1 2; do
  "$wattline" dynamic "$source/experiments/dynamic/steps.json" -j "$jobs" --out "$scratch/d$jobs" >"$scratch/d$jobs.txt"
done
cmp "$scratch/d1.txt" "$scratch/d2.txt"
for file in dynamic.csv summary.csv steps.csv manifest.json; do
  cmp "$scratch/d1/$file" "$scratch/d2/$file"
done
