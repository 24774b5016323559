#!/usr/bin/env bash
# What the study of training on Jetson boards varies (POMACS 2022, arXiv 2509.20160), on simulated boards: loader
# workers, prefetch, storage, clocks, power modes and minibatch sizes; and how far the study's predictor of an
# epoch's time and energy is off in all of these runs.
#   bash experiments/characterization/characterize.sh [SECTION...]
# Sections: epochs workers prefetch storage clocks modes batches predictor; without any, all of them, which takes
# a few seconds. Each is a CSV; where there are several, a line "# SECTION" comes before each. Rows are of the
# second epoch unless `epoch` says otherwise. WATTLINE names another binary than the wattline of the PATH.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sections=(epochs workers prefetch storage clocks modes batches predictor)
wattline=$(command -v "${WATTLINE:-wattline}") || {
  echo "characterize.sh: no ${WATTLINE:-wattline}: put build/release on the PATH, or name the binary in WATTLINE" >&2
  exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One run of SCENARIO with other values of its keys. Leaves all of its epochs in $work/run, and adds them to
# $work/all.
#   simulate SCENARIO [KEY=VALUE...]
simulate() {
  local edits=() change scenario
  scenario=$(<"$here/$1.json")
  for change in "${@:2}"; do
    [[ $scenario == *"\"${change%%=*}\": "* ]] || {
      echo "characterize.sh: $1.json has no '${change%%=*}'" >&2
      exit 1
    }
    edits+=(-e "s/\"${change%%=*}\": ([^{,]+|\{[^}]*\})(,?)\$/\"${change%%=*}\": ${change#*=}\2/")
  done
  sed -E -e '' "${edits[@]}" <<<"$scenario" >"$work/scenario.json"
  "$wattline" run "$work/scenario.json" --table epochs --format csv >"$work/run" 2>"$work/log" || {
    cat "$work/log" >&2
    exit 1
  }
  tail -n +2 "$work/run" >>"$work/all"
  head -1 "$work/run" >"$work/columns"
}

# LABEL, comma separated, and the figures of an epoch of the run that was last: seconds, watts, joules, the share
# of the epoch in which the GPU waits for data, those of CPU and storage in use, and the predictor's errors.
#   row LABEL [EPOCH]
figures=epoch_s,power_w,energy_j,fetch_stall_pct,loading_cpu_pct,storage_pct,time_error_pct,energy_error_pct
row() {
  awk -F, -v label="$1" -v epoch="${2:-2}" '
    NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i }
    NR > 1 && $at["epoch"] == epoch {
      printf "%s,%.1f,%.2f,%.0f,%.1f,%.1f,%.1f,%.2f,%.2f\n", label, $at["epoch_s"], $at["power_mean_w"],
             $at["energy_j"], 100 * $at["fetch_stall_s"] / $at["epoch_s"], $at["loading_cpu_pct"],
             $at["storage_pct"], $at["time_error_pct"], $at["energy_error_pct"] }' "$work/run"
}

# AGX Orin, and the study's boards with their default power modes and storage; estimated: the memory that is left
# for the page cache.
boards=(orin-agx-64gb agx-xavier xavier-nx jetson-nano)
declare -A default_mode=([orin-agx-64gb]=MAXN [agx-xavier]=MAXN [xavier-nx]=MODE_15W_6CORE [jetson-nano]=MAXN)
declare -A medium_of=([orin-agx-64gb]=nvme [agx-xavier]=nvme [xavier-nx]=nvme [jetson-nano]=sd)
declare -A cache_of=([orin-agx-64gb]=48000 [agx-xavier]=24000 [xavier-nx]=4000 [jetson-nano]=2000)

# On BOARD, in a preset:   simulate_on BOARD MODE SCENARIO [KEY=VALUE...]
simulate_on() {
  simulate "$3" device="\"$1\"" mode="\"$2\"" storage="\"${medium_of[$1]}\"" page_cache_mb="${cache_of[$1]}" "${@:4}"
}

# A mode of AGX Orin:   orin_mode CPU_KHZ GPU_KHZ [CORES]
orin_mode() {
  echo "mode={\"cores\": ${3:-12}, \"cpu_khz\": $1, \"gpu_khz\": $2, \"emc_khz\": 3199000}"
}

# The boards' defaults, both epochs.
epochs() {
  echo "board,mode,workload,epoch,$figures"
  local board workload epoch
  for board in "${boards[@]}"; do
    for workload in mobilenet_gld23k resnet18_imagenet resnet18_cifar10; do
      local medium=storage="\"${medium_of[$board]}\""
      [ $workload != resnet18_cifar10 ] || medium='storage={"mb_per_s": 2000, "access_ms": 0}'
      simulate_on "$board" "${default_mode[$board]}" $workload "$medium"
      for epoch in 1 2; do row "$board,${default_mode[$board]},$workload,$epoch" $epoch; done
    done
  done
}

# Loader workers; on AGX Orin also with 4 cores, of which loading has 3, at half of the CPU clock.
workers() {
  echo "board,mode,workload,workers,$figures"
  local board workers
  for board in "${boards[@]}"; do
    for workers in 0 1 2 3 4 6 8; do
      simulate_on "$board" "${default_mode[$board]}" mobilenet_gld23k workers=$workers
      row "$board,${default_mode[$board]},mobilenet_gld23k,$workers"
    done
  done
  for workers in 0 1 2 3 4 6 8; do
    simulate mobilenet_gld23k "$(orin_mode 1113600 1300500 4)" workers=$workers
    row "orin-agx-64gb,4 cores at 1113.6 MHz,mobilenet_gld23k,$workers"
  done
}

prefetch() {
  echo "board,mode,workload,prefetch,$figures"
  local prefetch
  for prefetch in 1 2 4 8; do
    simulate mobilenet_gld23k prefetch=$prefetch
    row "orin-agx-64gb,MAXN,mobilenet_gld23k,$prefetch"
    simulate mobilenet_gld23k "$(orin_mode 1113600 1300500)" prefetch=$prefetch
    row "orin-agx-64gb,CPU at 1113.6 MHz,mobilenet_gld23k,$prefetch"
    simulate mobilenet_decoded prefetch=$prefetch storage='"sd"' page_cache_mb=8000
    row "orin-agx-64gb,MAXN; SD; 58 % fit the cache,mobilenet_decoded,$prefetch"
    simulate resnet18_cifar10 prefetch=$prefetch
    row "orin-agx-64gb,MAXN,resnet18_cifar10,$prefetch"
  done
}

# Media, with a page cache that holds the data set and without one: for pictures that are stored decoded, for ones
# that the CPU decodes, and for a GPU that is slower than all of that.
storage() {
  echo "board,mode,workload,storage,cached,epoch,$figures"
  local medium cache_mb epoch on
  for on in orin-agx-64gb,mobilenet_decoded orin-agx-64gb,mobilenet_gld23k jetson-nano,resnet18_imagenet; do
    local board=${on%,*} workload=${on#*,}
    for cache_mb in 0 16000; do
      for medium in nvme emmc sd hdd; do
        simulate_on "$board" MAXN "$workload" storage="\"$medium\"" page_cache_mb=$cache_mb
        for epoch in 1 2; do
          row "$board,MAXN,$workload,$medium,$([ $cache_mb = 0 ] && echo no || echo yes),$epoch" $epoch
        done
      done
    done
  done
}

# One clock of AGX Orin lowered at a time.
clocks() {
  echo "workload,cpu_khz,gpu_khz,$figures"
  local workload khz
  for workload in mobilenet_gld23k resnet18_cifar10; do
    for khz in 2201600 1958400 1651200 1344000 1036800 729600 422400; do
      simulate $workload "$(orin_mode $khz 1300500)"
      row "$workload,$khz,1300500"
    done
    for khz in 1134750 930750 726750 522750 318750; do
      simulate $workload "$(orin_mode 2201600 $khz)"
      row "$workload,2201600,$khz"
    done
  done
}

# Every preset of the boards.
modes() {
  echo "board,mode,workload,$figures"
  local board mode workload
  for board in "${boards[@]}"; do
    "$wattline" devices "$board" --show presets --format csv >"$work/presets"
    for mode in $(awk -F, 'NR > 1 && $1 !~ /_JP6$/ { print $1 }' "$work/presets"); do
      for workload in mobilenet_gld23k resnet18_imagenet; do
        simulate_on "$board" "$mode" $workload
        row "$board,$mode,$workload"
      done
    done
  done
}

# Minibatch sizes; MobileNet also where loading is its bottleneck.
batches() {
  echo "board,mode,workload,batch,$figures"
  local batch
  for batch in 1 2 4 8 16 32 64; do
    simulate resnet18_cifar10 batch=$batch
    row "orin-agx-64gb,MAXN,resnet18_cifar10,$batch"
  done
  for batch in 1 2 4 8 16 32 64; do
    simulate mobilenet_gld23k batch=$batch
    row "orin-agx-64gb,MAXN,mobilenet_gld23k,$batch"
  done
  for batch in 1 2 4 8 16 32 64; do
    simulate mobilenet_gld23k "$(orin_mode 1113600 1300500)" batch=$batch
    row "orin-agx-64gb,CPU at 1113.6 MHz,mobilenet_gld23k,$batch"
  done
}

# Errors over all epochs of all sections, by what bounds them. Where the GPU waits for data more than 5 % of the
# time: storage, if it is busy more than 80 % of it, else loading.
predictor() {
  local section
  for section in "${sections[@]}"; do
    [ "$section" = predictor ] || [ -e "$work/did_$section" ] || "$section" >/dev/null
  done
  echo "bound,epochs,time_error_mean_pct,time_error_max_pct,energy_error_mean_pct,energy_error_max_pct"
  cat "$work/columns" "$work/all" | awk -F, '
    function size(x) { return x < 0 ? -x : x }
    NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
    {
      waits = $at["fetch_stall_s"] > 0.05 * $at["epoch_s"]
      bound = !waits ? "GPU" : $at["storage_pct"] > 80 ? "storage" : "loading"
      time = size($at["time_error_pct"]); energy = size($at["energy_error_pct"])
      ++n[bound]; time_sum[bound] += time; energy_sum[bound] += energy
      if (time > time_max[bound]) time_max[bound] = time
      if (energy > energy_max[bound]) energy_max[bound] = energy
    }
    END {
      split("GPU loading storage", all, " ")
      for (i = 1; i <= 3; ++i) { of = all[i]
        printf "%s,%d,%.2f,%.2f,%.2f,%.2f\n", of, n[of], time_sum[of] / n[of], time_max[of],
               energy_sum[of] / n[of], energy_max[of] } }'
}

[ $# -gt 0 ] || set -- "${sections[@]}"
for section in "$@"; do
  [[ " ${sections[*]} " == *" $section "* ]] || {
    echo "characterize.sh: no section '$section'; known: ${sections[*]}" >&2
    exit 2
  }
done
for section in "$@"; do
  [ $# -eq 1 ] || echo "# $section"
  "$section"
  touch "$work/did_$section"
done
