# What the judges share; to be sourced from the root of the repository. tests/judges.sh tests it.
target="${CARGO_TARGET_DIR:-target}"
terrella="$target/release/terrella"
# Recordings of others, where they are.
data=../shared/data

# skip WHY: ends well, since what is needed cannot be had here.
skip() {
    echo "skipped: $*" >&2
    exit 0
}

# needs PATH...: skips where one of them is not there.
needs() {
    for path in "$@"; do
        [ -e "$path" ] || skip "$path is not here"
    done
}

# folder: a temporary folder, $work, that goes when the judge ends, however it does.
folder() {
    work="$(mktemp -d)"
    trap 'rm -rf "$work"' EXIT
}

# environment NAME PACKAGE...: a virtual environment in target/judges with these packages, made once; its folder is $venv.
# PYTHON names another interpreter than python3.
environment() {
    venv="$target/judges/$1"
    shift
    # The mark is written last, so an installation that was interrupted, or of other versions, is done again.
    if [ "$(cat "$venv/installed" 2>/dev/null)" != "$*" ]; then
        rm -rf "$venv"
        kept "$venv" "$@"
        echo "$*" >"$venv/installed"
    fi
}

# kept FOLDER PACKAGE...: the same in a folder that others chose or use, which is never removed: made where there is none.
kept() {
    venv="$1"
    shift
    if [ ! -x "$venv/bin/python" ]; then
        mkdir -p "$(dirname "$venv")"
        "${PYTHON:-python3}" -m venv "$venv"
        "$venv/bin/pip" install --quiet "$@"
    fi
}
