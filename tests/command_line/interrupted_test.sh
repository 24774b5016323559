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

# Two at once into one directory, one of them killed at times: the other succeeds, and no run is refused later.
for pair in $(seq 30); do
  "$wattline" compare "$small" --out pair >/dev/null 2>first & first=$!
  "$wattline" compare "$small" --out pair >/dev/null 2>second & second=$!
  if [ $((pair % 3)) -eq 0 ]; then
    sleep "0.0$((pair % 7))"
    kill -KILL $first 2>/dev/null || true
    wait $first 2>/dev/null || true
  else
    wait $first || { cat first; exit 1; }
  fi
  wait $second || { cat second; exit 1; }
  # The killed one may have begun to write after the other had ended; then the run can be repeated.
  [ $((pair % 3)) -ne 0 ] || "$wattline" compare "$small" --out pair >/dev/null 2>&1
  for file in manifest.json results.csv summary.csv; do cmp "whole/$file" "pair/$file"; done
  [ "$(ls pair)" = "$(ls whole)" ]
  [ $((pair % 2)) -eq 0 ] || rm -r pair
done

"$wattline" run "$source/experiments/scenarios/interleaved.json" 2>&- >a
"$wattline" run "$source/experiments/scenarios/interleaved.json" 2>/dev/full >b
cmp a b
status=0; "$wattline" run nowhere.json 2>/dev/full || status=$?
[ "$status" -eq 2 ]
status=0; "$wattline" compare "$small" --out message/run >/dev/null 2>message || status=$?
[ "$status" -eq 2 ] && grep -q 'cannot be created' message
