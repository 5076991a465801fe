#!/usr/bin/env bash
# install-all.sh: installs every editor that the tests drive, and k6, side by side where that is safe: Neovim's packages go
# through package lists of their own, k6 through Go's module proxy, the workbench through npm and, for Chromium, through
# the machine's apt. The two npm installs come one after the other, because npm's cache is shared.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

# The import of curl commands is compared with what curl sends.
have curl || { apt_usable && apt_install curl; } || say "there is no curl, and it cannot be installed"

"$here/install-nvim.sh" >/dev/null &
nvim=$!
"$here/install-k6.sh" >/dev/null &
k6=$!
status=0
{ "$here/install-workbench.sh" >/dev/null && if have npm; then "$here/install-extension-deps.sh"; fi; } || status=$?
wait "$nvim" || status=$?
wait "$k6" || status=$?
exit "$status"
