#!/usr/bin/env bash
# install-k6.sh: prints the path of the pinned k6, building it into .tools/ if need be. The tests of `speclens export k6`
# run the scripts in it. Its modules take no part in the choice of ours: go install of a version leaves go.mod alone.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

dir=$tools/k6-$K6_VERSION
want=$(printf '%s' "$K6_VERSION" | cksum | tr ' ' '-')
if [ "$(cat "$dir/.stamp" 2>/dev/null)" != "$want" ]; then
  have go || die "k6 is built with Go, which is not on PATH"
  say "building k6 $K6_VERSION into ${dir#"$root"/}, which takes some minutes"
  rm -rf "$dir"
  mkdir -p "$dir"
  retry env GOBIN="$dir" GOFLAGS= CGO_ENABLED=0 go install -trimpath -ldflags='-s -w' "go.k6.io/k6@$K6_VERSION" >&2 ||
    die "k6 $K6_VERSION could not be built from its module"
  [ "$("$dir/k6" version | cut -d' ' -f2)" = "$K6_VERSION" ] || die "the k6 that was built is not $K6_VERSION"
  printf '%s' "$want" > "$dir/.stamp"
fi
printf '%s\n' "$dir/k6"
