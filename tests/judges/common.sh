# What the judges share; to be sourced from the root of the repository.
target="${CARGO_TARGET_DIR:-target}"

# environment NAME PACKAGE...: a virtual environment in target/judges with these packages, made once; its folder is $venv.
# PYTHON names another interpreter than python3.
environment() {
    venv="$target/judges/$1"
    shift
    # The mark is written last, so an installation that was interrupted, or of other versions, is done again.
    if [ "$(cat "$venv/installed" 2>/dev/null)" != "$*" ]; then
        rm -rf "$venv"
        mkdir -p "$target/judges"
        "${PYTHON:-python3}" -m venv "$venv"
        "$venv/bin/pip" install --quiet "$@"
        echo "$*" >"$venv/installed"
    fi
}
