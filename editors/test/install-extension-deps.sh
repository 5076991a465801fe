#!/usr/bin/env bash
# install-extension-deps.sh: the packages that build and test the VS Code extension, as its lock file has them.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

dir=$root/editors/vscode
want=$(stamp "$0" "$dir/package.json" "$dir/package-lock.json")
[ "$(cat "$dir/node_modules/.stamp" 2>/dev/null)" = "$want" ] && exit 0
say "installing the packages of the VS Code extension"
install() { (cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2); }
retry install || die "the packages of the VS Code extension could not be installed"
printf '%s' "$want" > "$dir/node_modules/.stamp"
