#!/usr/bin/env bash
# run-typing.sh [NAME...]: types specs key by key into a real VS Code; see testdata/typing/README.md. With names, only files
# whose path holds one of them. Installs what it drives.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

workbench=$("$here/install-workbench.sh")
[ -n "$workbench" ] || exit 0 # install-workbench.sh has said that the test is skipped
while IFS= read -r line; do export "${line?}"; done <<<"$workbench"
"$here/install-extension-deps.sh"

export SPECLENS_SERVER=${SPECLENS_BIN:-$root/bin/speclens}
[ -n "${SPECLENS_BIN:-}" ] || (cd "$root" && go build -o bin/speclens ./cmd/speclens) || die "speclens does not build"
cd "$root/editors/vscode"
npm run --silent package
timeout 1800 node test/typing/run.mjs "$@" </dev/null
