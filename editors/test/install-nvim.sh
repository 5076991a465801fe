#!/usr/bin/env bash
# install-nvim.sh: prints the path of a Neovim that is new enough (0.10), installing one under .tools/ if need be.
#
# Order: $NVIM; an nvim on PATH that is new enough; the one in .tools/; else Debian's, unpacked into .tools/.
# The unpacked program brings its own C library. patchelf writes the loader's path into it, since a program
# that is started through the loader by hand cannot start itself again, which Neovim's terminal UI does.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

new_enough() {
  "$1" --headless -u NONE -c 'if has("nvim-0.10") | quit | else | cquit | endif' </dev/null >/dev/null 2>&1
}

if [ -n "${NVIM:-}" ]; then
  new_enough "$NVIM" || die "NVIM=$NVIM is not a Neovim of at least 0.10"
  printf '%s\n' "$NVIM"
  exit 0
fi
if have nvim && new_enough nvim; then
  command -v nvim
  exit 0
fi

dir=$tools/nvim-$NVIM_SUITE
want=$(stamp "$0" "$here/unpack-debs.sh")
if [ "$(cat "$dir/.stamp" 2>/dev/null)" != "$want" ]; then
  have apt-get && have dpkg-deb || skip "no Neovim of at least 0.10 on PATH and no apt to install one"
  say "installing Neovim from Debian $NVIM_SUITE into ${dir#"$root"/}"
  unpack() { rm -rf "$dir" && "$here/unpack-debs.sh" "$NVIM_SUITE" "$dir" neovim patchelf; }
  retry unpack || die "Neovim could not be installed from Debian $NVIM_SUITE"
  loader=$(find "$dir" -name 'ld-linux*.so*' -type f | head -n 1)
  [ -n "$loader" ] || die "the unpacked packages in $dir hold no ELF loader"
  libs=$(dirname "$loader")
  "$loader" --library-path "$libs" "$dir/usr/bin/patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$libs" "$dir/usr/bin/nvim"
  new_enough "$dir/usr/bin/nvim" || die "the installed $dir/usr/bin/nvim does not run or is older than 0.10"
  printf '%s' "$want" > "$dir/.stamp"
fi
printf '%s\n' "$dir/usr/bin/nvim"
