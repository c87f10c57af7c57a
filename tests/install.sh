#!/usr/bin/env bash
# Packs a tiny program as a release does, and installs it from a folder as people would from the release: what .ci/package writes,
# what install.sh asks for and what Cargo.toml tells cargo binstall have to be the same names. Nothing is built, nothing is
# downloaded, and nothing outside a temporary folder is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
unset TERRELLA_VERSION TERRELLA_DOWNLOAD TERRELLA_INSTALL_DIR CARGO_TARGET_DIR DIRTY
export HOME="$work/home" GIT_CONFIG_GLOBAL=/dev/null

# A repository with what is packed. Its compiler says that it is at home where a test wants it to be, and makes a script
# that says for what it was made.
tree="$work/tree"
mkdir -p "$tree/.ci" "$tree/crates/terrella" "$work/fake" "$HOME"
cp .ci/package "$tree/.ci/"
cp .gitignore Cargo.toml README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$tree/"
git -C "$tree" init -q
git -C "$tree" add -A
git -C "$tree" -c user.name=test -c user.email=test@example.org commit -q -m "A version"
cat >"$work/fake/rustc" <<'SCRIPT'
#!/bin/sh
echo "host: $FAKE_HOST"
SCRIPT
cat >"$work/fake/cargo" <<'SCRIPT'
#!/bin/sh
printf '%s|%s' "$CARGO_ENCODED_RUSTFLAGS" "${RUSTFLAGS-none}${CFLAGS-none}" >"$FAKE_FLAGS"
while [ $# -gt 0 ]; do
  case $1 in
    --target) target=$2 ;;
    --target-dir) folder=$2 ;;
  esac
  shift
done
mkdir -p "$folder/$target/release"
for name in terrella terrella.exe; do
  printf '#!/bin/sh\necho "a terrella for %s"\n' "$target" >"$folder/$target/release/$name"
done
SCRIPT
cat >"$work/fake/uname" <<'SCRIPT'
#!/bin/sh
case $1 in -s) echo "$FAKE_SYSTEM" ;; *) echo "$FAKE_MACHINE" ;; esac
SCRIPT
# Only what the tests of install.sh name is translated from Intel, not where they run.
printf '#!/bin/sh\nexit 1\n' >"$work/fake/sysctl"
chmod +x "$work"/fake/*
export FAKE_FLAGS="$work/flags" FAKE_HOST FAKE_SYSTEM=Linux FAKE_MACHINE=x86_64

wrong() {
  echo "tests/install.sh: $1"
  exit 1
}
package() { FAKE_HOST="$1" PATH="$work/fake:$PATH" "$tree/.ci/package" "$1"; }
install() { PATH="$work/fake:$PATH" sh ./install.sh; }
# A command works, or what it said is shown.
works() { "$@" >"$work/said" 2>&1 || { cat "$work/said"; wrong "this should have worked: $*"; }; }
# A command fails, and says why.
refused() {
  local why="$1"
  shift
  if "$@" >"$work/said" 2>&1; then wrong "this should have failed: $*"; fi
  grep -F -- "$why" "$work/said" >/dev/null || { cat "$work/said"; wrong "\"$why\" was not said by: $*"; }
}

echo "archives have the names that cargo binstall is told"
version="$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)"
# address PATTERN-OF-SECTION TARGET
address() {
  sed -n "/^\[package.metadata.binstall$1\]/,/^\$/s/^pkg-url = \"\(.*\)\"/\1/p" crates/terrella/Cargo.toml |
    sed -e "s/{ name }/terrella/; s/{ version }/$version/g; s/{ target }/$2/"
}
dist="$tree/target/dist"
for target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl aarch64-apple-darwin x86_64-apple-darwin; do
  package "$target" >/dev/null
  name="$(basename "$(address "" "$target")")"
  test -s "$dist/$name" || wrong "cargo binstall would ask for \"$name\"; there is $(ls "$dist")"
  listed="$(tar -tzf "$dist/$name" | sed "s:^terrella-$version-$target/::" | sort | tr '\n' ' ')"
  [ "$listed" = " CHANGELOG.md LICENSE-APACHE LICENSE-MIT README.md terrella " ] || wrong "$name has in it: $listed"
done
if command -v zip >/dev/null; then
  target=x86_64-pc-windows-msvc
  package "$target" >/dev/null
  name="$(basename "$(address ".overrides.$target" "$target")")"
  test -s "$dist/$name" || wrong "cargo binstall would ask for \"$name\"; there is $(ls "$dist")"
fi

echo "one commit packs to the same bytes"
archive="terrella-$version-x86_64-unknown-linux-musl.tar.gz"
mv "$dist/$archive" "$work/before"
sleep 1
(umask 077 && package x86_64-unknown-linux-musl >/dev/null)
cmp "$work/before" "$dist/$archive"

echo "flags for the processor here stay out"
RUSTFLAGS=-Ctarget-cpu=native CFLAGS=-march=native package x86_64-unknown-linux-musl >/dev/null
case "$(cat "$work/flags")" in
  *native*) wrong "built with $(cat "$work/flags")" ;;
  *+crt-static*'|nonenone') ;;
  *) wrong "built with $(cat "$work/flags")" ;;
esac

echo "changes that no commit names are not packed"
: >"$tree/stray"
refused "no commit names" package x86_64-unknown-linux-musl
DIRTY=1 package x86_64-unknown-linux-musl >/dev/null
rm "$tree/stray"

echo "each platform gets its own"
(cd "$dist" && sha256sum terrella-* >SHA256SUMS)
export TERRELLA_DOWNLOAD="file://$dist" TERRELLA_INSTALL_DIR="$work/bin"
while read -r FAKE_SYSTEM FAKE_MACHINE target; do
  works install
  [ "$("$work/bin/terrella")" = "a terrella for $target" ] || wrong "$FAKE_SYSTEM $FAKE_MACHINE has $("$work/bin/terrella")"
done <<'PLATFORMS'
Darwin arm64 aarch64-apple-darwin
Darwin x86_64 x86_64-apple-darwin
Linux aarch64 aarch64-unknown-linux-musl
Linux x86_64 x86_64-unknown-linux-musl
PLATFORMS
FAKE_SYSTEM=Linux FAKE_MACHINE=x86_64
[ "$(ls -A "$work/bin")" = terrella ] || wrong "left behind: $(ls -A "$work/bin")"
TERRELLA_VERSION="v$version" works install
TERRELLA_INSTALL_DIR="" works install
test -x "$HOME/.local/bin/terrella" || wrong "without a folder it should be in ~/.local/bin"

echo "wget where there is no curl"
mkdir "$work/bare"
for tool in sh mktemp rm mkdir cp chmod mv tar gzip sha256sum; do ln -s "$(command -v "$tool")" "$work/bare/"; done
cp "$work/fake/uname" "$work/bare/"
bare() { PATH="$work/bare" sh ./install.sh; }
refused "neither curl nor wget" bare
cat >"$work/bare/wget" <<'SCRIPT'
#!/bin/sh
[ "$1 $2" = "-q -O" ] && exec cp "${4#file://}" "$3"
SCRIPT
chmod +x "$work/bare/wget"
TERRELLA_INSTALL_DIR="$work/wget" works bare
test -x "$work/wget/terrella" || wrong "not installed with wget"

echo "what is wrong is told, and nothing is installed"
export TERRELLA_INSTALL_DIR="$work/none"
FAKE_SYSTEM=SunOS FAKE_MACHINE=sun4v refused "no archive for SunOS on sun4v; with Rust it can be built: cargo install" install
FAKE_MACHINE=riscv64 refused "no archive for Linux on riscv64" install
FAKE_SYSTEM=MINGW64_NT-10.0 refused "unpack the zip" install
TERRELLA_VERSION=99.0.0 refused "no archive of version 99.0.0" install
TERRELLA_DOWNLOAD="file://$work/nowhere" refused "cannot be downloaded: is there a release" install

# One byte, in the middle.
cp -R "$dist" "$work/damaged"
export TERRELLA_DOWNLOAD="file://$work/damaged"
middle=$(($(wc -c <"$work/damaged/$archive") / 2))
byte="$(od -An -tu1 -j "$middle" -N 1 "$work/damaged/$archive" | tr -d ' ')"
# shellcheck disable=SC2059
printf "\\$(printf '%03o' $((255 - byte)))" | dd of="$work/damaged/$archive" bs=1 seek="$middle" conv=notrunc 2>/dev/null
refused "is not what was released" install
rm "$work/damaged/$archive"
refused "$archive cannot be downloaded" install
[ ! -e "$work/none" ] || wrong "left behind: $(ls -AR "$work/none")"

# A program that does not run here leaves the one that does.
export TERRELLA_DOWNLOAD="file://$dist" TERRELLA_INSTALL_DIR="$work/bin"
mkdir "$work/broken"
tar -xzf "$dist/$archive" -C "$work/broken"
printf '#!/bin/sh\nexit 1\n' >"$work/broken/${archive%.tar.gz}/terrella"
tar -czf "$dist/$archive" -C "$work/broken" "${archive%.tar.gz}"
(cd "$dist" && sha256sum terrella-* >SHA256SUMS)
refused "does not run here" install
works "$work/bin/terrella"
[ "$(ls -A "$work/bin")" = terrella ] || wrong "left behind: $(ls -A "$work/bin")"

echo "installing works"
