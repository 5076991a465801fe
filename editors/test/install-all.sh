#!/usr/bin/env bash
# install-all.sh: installs every editor that the tests drive, side by side where that is safe: Neovim's packages go through
# package lists of their own, the workbench through npm and, for Chromium, through the machine's apt. The two npm installs
# come one after the other, because npm's cache is shared.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

"$here/install-nvim.sh" >/dev/null &
nvim=$!
status=0
{ "$here/install-workbench.sh" >/dev/null && if have npm; then "$here/install-extension-deps.sh"; fi; } || status=$?
wait "$nvim" || status=$?
exit "$status"
