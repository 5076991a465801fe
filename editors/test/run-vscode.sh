#!/usr/bin/env bash
# run-vscode.sh: the main job in a real VS Code workbench, in its extension host and on screen. Installs what it drives.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

workbench=$("$here/install-workbench.sh")
[ -n "$workbench" ] || exit 0 # install-workbench.sh has said that the test is skipped
while IFS= read -r line; do export "${line?}"; done <<<"$workbench"
"$here/install-extension-deps.sh"

cd "$root/editors/vscode"
npm run --silent package
node test/grammar.mjs
node test/manifest.mjs

scratch=$(mktemp -d "${TMPDIR:-/tmp}/speclens-vscode-XXXXXX")
start_sample "$scratch/sample"
export SPECLENS_STORY=$here/story.json
timeout 900 node test/run.mjs </dev/null
rm -rf "$scratch"
