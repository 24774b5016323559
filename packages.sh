#!/usr/bin/env bash
# The one list of system packages that Wattline needs, and their installation.
# Used by experiments/quickstart.sh and tests/run.sh:  . packages.sh && install_missing_packages
# Names are those of Debian 12 and Ubuntu 24.04.
wattline_packages=(
  g++ cmake ninja-build ccache git ca-certificates
  nlohmann-json3-dev libfmt-dev libcli11-dev
  libssl-dev libeigen3-dev libceres-dev catch2 librapidcheck-dev libbenchmark-dev
)

# Installs what is missing of the list; asks nothing; does nothing when all of it is there.
install_missing_packages() {
  local missing=() package
  for package in "${wattline_packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "packages.sh: root or sudo is needed to install: ${missing[*]}" >&2; return 1; }
    as_root=(sudo)
  fi
  echo "Installing: ${missing[*]}" >&2
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update &&
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"; } \
       >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    echo "packages.sh: installing failed; the whole log is $log" >&2
    return 1
  fi
  rm -f "$log"
}
