# Shared by the scripts in this folder; source it, do not run it. It never installs anything itself.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=$root/.tools
# shellcheck source=pins.env
source "$here/pins.env"

say() { printf '# %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# skip REASON: what a test does on a machine that cannot install its editor. In CI that is a failure,
# because a green run there has to mean that the editors were driven.
skip() {
  if [ "${CI:-}" = true ]; then
    printf 'FAIL: %s (skipping is not allowed with CI=true)\n' "$*" >&2
    exit 1
  fi
  printf 'SKIPPED: %s\n' "$*" >&2
  exit 0
}

# retry COMMAND...: up to three attempts, for commands that talk to a package mirror.
retry() {
  local n
  for n in 1 2 3; do
    if "$@"; then return 0; fi
    if [ "$n" -lt 3 ]; then
      say "attempt $n of 3 failed: $*"
      sleep $((n * 5))
    fi
  done
  return 1
}

# stamp FILE...: one hash over the pins, the scripts named and whatever else decides what gets installed.
stamp() { cat "$here/pins.env" "$@" | { cat; printf '%s' "$NVIM_SUITE"; } | cksum | tr ' ' '-'; }

# as_root COMMAND...: runs it as root, directly or through sudo when that asks for no password.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 126; fi
}

# apt_usable: Debian's installer exists and this user may run it.
apt_usable() { have apt-get && as_root true 2>/dev/null; }

# apt_install PACKAGE...: installs what is missing, with a fresh package list only when something is.
apt_install() {
  local missing=() p
  for p in "$@"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  if [ ${#missing[@]} = 0 ]; then return 0; fi
  say "installing Debian packages: ${missing[*]}"
  retry as_root apt-get -qq update </dev/null >/dev/null || return 1
  retry as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

# start_sample FOLDER: writes the sample workspace into a new folder and serves its API until this script ends.
# Sets SPECLENS_SERVER and SPECLENS_WORKSPACE. SPECLENS_BIN names the program under test, else it is built.
start_sample() {
  local dir=$1 log=$1.log
  export SPECLENS_SERVER=${SPECLENS_BIN:-$root/bin/speclens} SPECLENS_WORKSPACE=$dir
  if [ -z "${SPECLENS_BIN:-}" ]; then
    (cd "$root" && go build -o bin/speclens ./cmd/speclens) || die "speclens does not build"
  fi
  "$SPECLENS_SERVER" demo --quiet --serve --keep "$dir" </dev/null >"$log" 2>&1 &
  sample_pid=$!
  trap 'kill "$sample_pid" 2>/dev/null || true; wait "$sample_pid" 2>/dev/null || true' EXIT
  local n
  for ((n = 0; n < 300; n++)); do
    if grep -q 'Sample workspace' "$log"; then
      cp -R "$here/workspace/." "$dir/"
      return 0
    fi
    kill -0 "$sample_pid" 2>/dev/null || break
    sleep 0.1
  done
  cat "$log" >&2
  die "the sample workspace was not written"
}
