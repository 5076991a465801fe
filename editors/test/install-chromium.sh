#!/usr/bin/env bash
# install-chromium.sh: prints the path of a Chromium, $CHROMIUM if that is set, and installs Debian's where there is none.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

chromium=${CHROMIUM:-}
if [ -z "$chromium" ]; then
  find_chromium() { for c in chromium chromium-browser google-chrome; do command -v "$c" && return; done; return 1; }
  if ! chromium=$(find_chromium); then
    apt_usable || skip "no Chromium on PATH and no apt to install one"
    apt_install chromium fonts-dejavu-core || die "Debian's chromium could not be installed"
    chromium=$(find_chromium) || die "Debian's chromium is installed, but not on PATH"
  fi
fi
printf '%s\n' "$chromium"
