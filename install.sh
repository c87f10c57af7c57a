#!/bin/sh
# Installs the program from a release: the archive for this machine is downloaded, its checksum verified, and `terrella` put into a
# folder under a temporary name, then renamed. Where anything is wrong, nothing is installed and what was there before stays.
#
# usage: curl -fsSL https://raw.githubusercontent.com/terrella/terrella/main/install.sh | sh
#
# TERRELLA_INSTALL_DIR  the folder for the program (default ~/.local/bin)
# TERRELLA_VERSION      a release, as 0.2.0 (default: the newest)
# TERRELLA_DOWNLOAD     address of a folder with archives and SHA256SUMS, taken instead of the releases
set -eu

repository=https://github.com/terrella/terrella
from_source="with Rust it can be built: cargo install --locked --git $repository terrella"

fail() {
  printf 'install: %s\n' "$1" >&2
  exit 1
}

there() { command -v "$1" >/dev/null 2>&1; }

# Sets `target`, as archives name it.
find_target() {
  system=$(uname -s)
  machine=$(uname -m)
  os='' processor=''
  case $system in
    Linux) os=unknown-linux-musl ;;
    Darwin)
      os=apple-darwin
      # To a shell that is translated from Intel, an Apple processor calls itself x86_64.
      if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || true)" = 1 ]; then machine=arm64; fi
      ;;
    MINGW* | MSYS* | CYGWIN*)
      fail "for Windows, unpack the zip for x86_64-pc-windows-msvc from $repository/releases; or $from_source"
      ;;
  esac
  case $machine in
    x86_64 | amd64) processor=x86_64 ;;
    aarch64 | arm64) processor=aarch64 ;;
  esac
  if [ -z "$os" ] || [ -z "$processor" ]; then fail "there is no archive for $system on $machine; $from_source"; fi
  target=$processor-$os
}

# download ADDRESS FILE
download() {
  if there curl; then
    curl -fsSL --retry 3 --proto-redir =https -o "$2" "$1"
  else
    wget -q -O "$2" "$1"
  fi
}

# The SHA-256 of a file, with something behind a space.
checksum() {
  if there sha256sum; then
    sha256sum <"$1"
  elif there shasum; then
    shasum -a 256 <"$1"
  else
    openssl dgst -sha256 -r <"$1"
  fi
}

# Sets `archive` and `expected` from the list of checksums, which knows the newest version, too.
find_archive() {
  archive=''
  while read -r sum file; do
    file=${file#\*}
    case $file in
      */*) continue ;;
      terrella-*-"$target".tar.gz) ;;
      *) continue ;;
    esac
    named=${file#terrella-}
    named=${named%"-$target.tar.gz"}
    if [ -n "$version" ] && [ "$named" != "$version" ]; then continue; fi
    if [ -n "$archive" ]; then fail "$from/SHA256SUMS names several versions for $target: choose one with TERRELLA_VERSION"; fi
    archive=$file expected=$sum
  done <"$work/SHA256SUMS"
  if [ -z "$archive" ]; then
    fail "$from/SHA256SUMS names no archive ${version:+of version $version }for $target; $from_source"
  fi
}

# Everything is inside, so that half a script, cut off on its way, does nothing.
main() {
  find_target
  there curl || there wget || fail "neither curl nor wget is here: install one of them; or $from_source"
  there sha256sum || there shasum || there openssl ||
    fail "no sha256sum, shasum or openssl is here, so the archive cannot be verified: install one of them; or $from_source"
  there tar || fail "no tar is here to unpack the archive: install it; or $from_source"

  folder=${TERRELLA_INSTALL_DIR:-${HOME:?is not set: say TERRELLA_INSTALL_DIR}/.local/bin}
  version=${TERRELLA_VERSION:-}
  version=${version#v}
  if [ -n "${TERRELLA_DOWNLOAD:-}" ]; then
    from=${TERRELLA_DOWNLOAD%/}
  elif [ -n "$version" ]; then
    from=$repository/releases/download/v$version
  else
    from=$repository/releases/latest/download
  fi

  new=''
  work=$(mktemp -d)
  trap 'rm -rf "$work" ${new:+"$new"}' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM

  download "$from/SHA256SUMS" "$work/SHA256SUMS" ||
    fail "$from/SHA256SUMS cannot be downloaded: is there a release${version:+ $version}, and a connection? Or $from_source"
  find_archive
  download "$from/$archive" "$work/$archive" || fail "$from/$archive cannot be downloaded; try again, or $from_source"
  found=$(checksum "$work/$archive")
  found=${found%% *}
  if [ "$found" != "$expected" ]; then
    fail "$archive is not what was released (SHA-256 $found instead of $expected): nothing was installed; try again"
  fi

  inside=${archive%.tar.gz}/terrella
  tar -xzf "$work/$archive" -C "$work" "$inside" || fail "$archive cannot be unpacked: nothing was installed"
  if [ -d "$folder/terrella" ]; then fail "$folder/terrella is a folder: choose another place with TERRELLA_INSTALL_DIR"; fi
  new=$folder/.terrella-$$.tmp
  { mkdir -p "$folder" && cp "$work/$inside" "$new" && chmod 755 "$new"; } ||
    fail "$folder cannot be written to: choose another place with TERRELLA_INSTALL_DIR"
  installed=$("$new" --version) || fail "the program of $archive does not run here: nothing was installed; $from_source"
  mv -f "$new" "$folder/terrella"

  printf '%s\n' "$installed is now $folder/terrella"
  case :${PATH:-}: in
    *:"$folder":*) ;;
    *) printf '%s\n' "to call it by its name: export PATH=\"$folder:\$PATH\"" ;;
  esac
}

main
