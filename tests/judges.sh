#!/bin/sh
# What judges share (tests/judges/common.sh) does what it says: who lacks something says so and ends well, a temporary folder
# goes with its judge, an environment is made once, and again after an interruption or for other packages. Nothing is
# downloaded, and nothing outside a temporary folder is touched.
set -eu
cd "$(dirname "$0")/.."
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT

fail() {
    echo "$*" >&2
    exit 1
}

# judge LINES: runs a judge that does this.
judge() {
    printf 'set -eu\n. tests/judges/common.sh\n%s\n' "$1" >"$here/judge.sh"
    CARGO_TARGET_DIR="$here/target" PYTHON="$here/python" sh "$here/judge.sh" 2>&1
}

# made: how many times packages were installed.
made() {
    cat "$here/made" 2>/dev/null | wc -l | tr -d ' '
}

# A Python whose environments have a pip that only writes down what it is asked for.
cat >"$here/python" <<'PYTHON'
#!/bin/sh
mkdir -p "$3/bin"
printf '#!/bin/sh\necho "$*" >>"%s/made"\n' "$(dirname "$0")" >"$3/bin/pip"
cp "$3/bin/pip" "$3/bin/python"
chmod +x "$3/bin/pip" "$3/bin/python"
PYTHON
chmod +x "$here/python"

said="$(judge 'needs tests/judges.sh nowhere/at/all; echo went on')" || fail "it ends well: $said"
[ "$said" = "skipped: nowhere/at/all is not here" ] || fail "$said"
said="$(judge 'needs tests/judges.sh; echo went on')"
[ "$said" = "went on" ] || fail "$said"

left="$(judge 'folder; touch "$work/x"; echo "$work"')"
[ -n "$left" ] && [ ! -e "$left" ] || fail "$left is still there"
if left="$(judge 'folder; echo "$work"; false; echo went on')"; then fail "a judge that fails went on"; fi
[ -n "$left" ] && [ ! -e "$left" ] || fail "$left is still there after a failure"

judge 'environment a one==1 two==2' >/dev/null
[ "$(cat "$here/made")" = "install --quiet one==1 two==2" ] || fail "$(cat "$here/made")"
judge 'environment a one==1 two==2' >/dev/null
[ "$(made)" = 1 ] || fail "an environment that is there was made again"
judge 'environment a one==1 two==3' >/dev/null
[ "$(made)" = 2 ] || fail "other packages are another environment"
rm "$here/target/judges/a/installed"
judge 'environment a one==1 two==3' >/dev/null
[ "$(made)" = 3 ] || fail "one that was interrupted is made again"

mkdir -p "$here/own/bin"
touch "$here/own/mine"
judge "kept '$here/own' one==1; kept '$here/own' two==2; echo \"\$venv\"" >"$here/said"
[ "$(cat "$here/said")" = "$here/own" ] && [ "$(made)" = 4 ] && [ -e "$here/own/mine" ] || fail "$(cat "$here/said")"

for script in tests/judges/*.sh; do
    sh -n "$script" || fail "$script cannot be read"
    [ "$script" = tests/judges/common.sh ] && continue
    grep -qxF '. tests/judges/common.sh' "$script" || fail "$script does not begin with what is shared"
    if grep -n 'mktemp\|^ *trap\|CARGO_TARGET_DIR\|exit 0' "$script"; then fail "$script does itself what is shared"; fi
done
