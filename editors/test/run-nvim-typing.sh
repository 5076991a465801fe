#!/usr/bin/env bash
# run-nvim-typing.sh: types specs key by key into a real Neovim; see testdata/typing/README.md. Installs what it drives.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

nvim=$("$here/install-nvim.sh")
[ -n "$nvim" ] || exit 0 # install-nvim.sh has said that the test is skipped

export SPECLENS_SERVER=${SPECLENS_BIN:-$root/bin/speclens}
[ -n "${SPECLENS_BIN:-}" ] || (cd "$root" && go build -o bin/speclens ./cmd/speclens) || die "speclens does not build"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/speclens-nvim-typing-XXXXXX")
export SPECLENS_SCRATCH=$scratch/files HOME=$scratch
export XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache
mkdir -p "$SPECLENS_SCRATCH"
timeout 1200 "$nvim" --headless -u NONE -c "luafile $root/editors/nvim/test/typing.lua" -c 'cquit 1' </dev/null
rm -rf "$scratch"
