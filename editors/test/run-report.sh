#!/usr/bin/env bash
# run-report.sh: the HTML reports of a run and of a load in a real Chromium, light and dark, wide and narrow. Pictures of them
# go to SPECLENS_SHOTS, if that is set.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

chromium=$("$here/install-chromium.sh")
[ -n "$chromium" ] || exit 0 # install-chromium.sh has said that the test is skipped
cd "$root"
CHROMIUM=$chromium timeout 300 go test -tags browser -count=1 -run 'InChromium$' ./cmd/speclens </dev/null
