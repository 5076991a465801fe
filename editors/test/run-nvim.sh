#!/usr/bin/env bash
# run-nvim.sh: the main job in a real Neovim, headless and on the screen of a terminal. Installs one when none is new enough.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

nvim=$("$here/install-nvim.sh")
[ -n "$nvim" ] || exit 0 # install-nvim.sh has said that the test is skipped

scratch=$(mktemp -d "${TMPDIR:-/tmp}/speclens-nvim-XXXXXX")
start_sample "$scratch/sample"
cd "$root/editors/nvim"
export SPECLENS_STORY=$here/story.json
# A home of its own: no configuration, state or log of the machine's user takes part.
export HOME=$scratch XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache
run() { timeout 300 "$nvim" --headless -u test/init.lua "$@" </dev/null; }
# The second one is not run with -l, because a Neovim that only runs a script has a screen of 80 by 24.
if run -l test/check.lua && run -c 'luafile test/screen.lua' -c 'cquit 1'; then
  rm -rf "$scratch"
else
  code=$?
  say "Neovim's log of the server, from $scratch/state/nvim/lsp.log:"
  tail -n 40 "$scratch/state/nvim/lsp.log" >&2 || true
  exit "$code"
fi
