#!/usr/bin/env bash
# unpack-debs.sh SUITE FOLDER PACKAGE...
#
# Unpacks packages of another Debian suite, with everything that they depend on, into a folder of their
# own. apt downloads them and checks the signatures, but works on package lists and a (blank) package
# database of this run, so the packages of the machine stay as they are and no root is needed. The
# mirror is the one that the machine already uses.
set -euo pipefail
[ $# -ge 3 ] || { echo "usage: $0 SUITE FOLDER PACKAGE..." >&2; exit 2; }
suite=$1 folder=$2
shift 2

mirror=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
  awk 'tolower($1) == "uris:" { print $2; exit }
       $1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }') || true
[ -n "$mirror" ] || { echo "no package mirror found in /etc/apt" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$folder"
: > "$work/status"
cat > "$work/suite.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: $suite
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES

private_apt() {
  apt-get -qq \
    -o Dir::Etc::sourcelist="$work/suite.sources" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
    -o APT::Get::List-Cleanup=false -o APT::Sandbox::User=root -o Debug::NoLocking=true \
    -o Acquire::Languages=none -o Acquire::Retries=3 \
    -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false "$@" </dev/null
}
private_apt update
private_apt install -y --download-only --no-install-recommends "$@" >/dev/null

for deb in "$work"/cache/archives/*.deb; do
  dpkg-deb -x "$deb" "$folder"
done
(cd "$work/cache/archives" && ls -- *.deb) > "$folder/packages.txt"
