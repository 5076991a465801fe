#!/usr/bin/env bash
# install-workbench.sh: installs what the VS Code tests drive, and prints `KEY=value` lines that name it.
#
#   SERVER_MAIN   VS Code's own server (the workbench that it serves is VS Code's, in a page), from the npm
#                 package code-server; its native modules are not built: the tests use no terminal, search or watcher
#   CHROMIUM      the browser that shows the page
#
# Node 20 or newer has to be there.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

have node && have npm || skip "no Node.js (20 or newer) and npm on PATH"
[ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 20')" = true ] || skip "Node.js $(node --version) is older than 20"

chromium=$("$here/install-chromium.sh")
[ -n "$chromium" ] || exit 0 # install-chromium.sh has said that the test is skipped

dir=$tools/code-server-$CODE_SERVER_VERSION
want=$(stamp "$0")
if [ "$(cat "$dir/.stamp" 2>/dev/null)" != "$want" ]; then
  say "installing the VS Code workbench (code-server $CODE_SERVER_VERSION) into ${dir#"$root"/}"
  rm -rf "$dir"
  mkdir -p "$dir"
  printf '{ "private": true }\n' > "$dir/package.json"
  npm_quiet() { npm install --ignore-scripts --no-audit --no-fund --omit=dev --loglevel=error "$@" </dev/null >&2; }
  in_folder() { (cd "$1" && shift && npm_quiet "$@"); }
  vscode=$dir/node_modules/code-server/lib/vscode
  retry in_folder "$dir" --save-exact "code-server@$CODE_SERVER_VERSION" || die "code-server $CODE_SERVER_VERSION could not be installed"
  retry in_folder "$vscode" || die "the packages of VS Code's server could not be installed"
  retry in_folder "$vscode/extensions" || die "the packages of VS Code's own extensions could not be installed"
  [ -f "$vscode/out/server-main.js" ] || die "code-server $CODE_SERVER_VERSION holds no lib/vscode/out/server-main.js"
  printf '%s' "$want" > "$dir/.stamp"
fi
printf 'SERVER_MAIN=%s\nCHROMIUM=%s\n' "$dir/node_modules/code-server/lib/vscode/out/server-main.js" "$chromium"
