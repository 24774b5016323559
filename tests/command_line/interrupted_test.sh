# What an interrupted run left is written over by the same run, and by no other; a broken stderr is no failure.
set -euo pipefail
wattline=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
small=$source/experiments/fulcrum/small.json

"$wattline" compare "$small" --out whole >/dev/null
cp -r whole left
identity=$(sed -n 's/.*"identity": "\(.*\)",/\1/p' left/manifest.json)
rm left/manifest.json left/summary.csv
printf %s "$identity" >left/unfinished
echo half >left/summary.csv.123.partial
status=0
"$wattline" compare "$small" --steps --out left >/dev/null 2>message || status=$?
[ "$status" -eq 2 ] && grep -q left message          # another run
"$wattline" compare "$small" --out left >/dev/null   # the same run
for file in manifest.json results.csv summary.csv; do cmp "whole/$file" "left/$file"; done
[ ! -e left/unfinished ] && [ ! -e left/summary.csv.123.partial ]

# Killed at some instants: either there is a whole run or it can be repeated.
for delay in 0.00 0.01 0.02 0.03 0.05; do
  "$wattline" compare "$small" --out killed >/dev/null 2>&1 &
  sleep "$delay"
  kill -KILL $! 2>/dev/null || true
  wait $! 2>/dev/null || true
  "$wattline" compare "$small" --out killed >/dev/null
  cmp whole/results.csv killed/results.csv
  rm -r killed
done

"$wattline" run "$source/experiments/scenarios/interleaved.json" 2>&- >a
"$wattline" run "$source/experiments/scenarios/interleaved.json" 2>/dev/full >b
cmp a b
status=0; "$wattline" run nowhere.json 2>/dev/full || status=$?
[ "$status" -eq 2 ]
status=0; "$wattline" compare "$small" --out message/run >/dev/null 2>message || status=$?
[ "$status" -eq 2 ] && grep -q 'cannot be created' message
