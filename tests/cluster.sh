#!/usr/bin/env bash
# A cluster over two machines: scheduler and client in one network namespace, the executor in another, joined by a pair of
# virtual Ethernet devices. The dataset is the one that is made without a cluster; who lacks the key stays outside.
# usage: tests/cluster.sh   (needs root, `ip`, and target/release/terrella with the feature cluster)
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/judges/common.sh
terrella="$(realpath -m "$terrella")"
[ -x "$terrella" ] || skip "$terrella is not built"
case "$("$terrella" cluster scheduler --bind 192.0.2.1:50050 2>&1 || true)" in
*"built without clusters"*) skip "$terrella is built without clusters" ;;
esac
command -v ip >/dev/null || skip "there is no ip (iproute2)"
folder
here="terrella-$$-a" there="terrella-$$-b"
started=()
end() {
    for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
    ip netns delete "$here" 2>/dev/null || true
    ip netns delete "$there" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT
{ ip netns add "$here" && ip netns add "$there"; } 2>"$work/why" || skip "no network namespace can be made: $(tail -n 1 "$work/why")"
ip link add "t$$a" netns "$here" type veth peer name "t$$b" netns "$there" 2>"$work/why" ||
    skip "no virtual Ethernet can be made: $(tail -n 1 "$work/why")"
for end in "$here t$$a 10.77.0.1" "$there t$$b 10.77.0.2"; do
    read -r space device address <<<"$end"
    ip -n "$space" address add "$address/24" dev "$device"
    ip -n "$space" link set "$device" up
    ip -n "$space" link set lo up
done
in_here=(ip netns exec "$here")
in_there=(ip netns exec "$there")
fail() {
    echo "$*" >&2
    tail -n 5 "$work"/*.log >&2 || true
    exit 1
}

# refused WORDS COMMAND...: fails, and says these words.
refused() {
    local words="$1"
    shift
    if timeout 60 "$@" >"$work/refused.log" 2>&1; then fail "not refused: $*"; fi
    grep -qF -- "$words" "$work/refused.log" || fail "it does not say \"$words\": $*"
}

"$terrella" collect --env cart_pole_swing_up --episodes 8 --size 0 --out "$work/swings" >/dev/null 2>&1
cat >"$work/swings.toml" <<PIPELINE
[[source]]
path = "swings"
[[stage]]
do = "split"
rows = 20
[[stage]]
do = "measure"
columns = { jerk = "jerk({state} ORDER BY timestamp)" }
[[stage]]
do = "filter"
where = "jerk IS NOT NULL"
[[stage]]
do = "shard"
parts = { a = 0.5, b = 0.5 }
PIPELINE
echo "one-key-for-all-of-the-cluster" >"$work/key"
echo "another-key-that-opens-nothing" >"$work/other"
curate() { "${in_here[@]}" timeout 300 "$terrella" curate "$work/swings.toml" "$@" --json; }
hashes() { tr -d ' \n' <"$1" | grep -o '"hash":"[0-9a-f]*"'; }
"$terrella" curate "$work/swings.toml" "$work/alone" --json >"$work/alone.json" 2>"$work/alone.log" || fail "no dataset without a cluster"

# Nothing starts without a key where others reach it.
refused "other machines can reach" "${in_here[@]}" "$terrella" cluster scheduler --bind 10.77.0.1:50050
refused "other machines can reach" "${in_there[@]}" "$terrella" cluster executor --scheduler 10.77.0.1:50050 --host 10.77.0.2 --work "$work/none"

"${in_here[@]}" "$terrella" cluster scheduler --bind 10.77.0.1:50050 --key "$work/key" >"$work/scheduler.log" 2>&1 &
started+=($!)
"${in_there[@]}" "$terrella" cluster executor --scheduler 10.77.0.1:50050 --host 10.77.0.2 --work "$work/executor" --key "$work/key" \
    >"$work/executor.log" 2>&1 &
started+=($!)
for _ in $(seq 600); do
    # An executor that is ready has made its folder.
    [ -d "$work/executor" ] && break
    sleep 0.1
done
curate "$work/together" --workers df://10.77.0.1:50050 --key "$work/key" >"$work/together.json" 2>"$work/together.log" ||
    fail "no dataset from the cluster"
[ -n "$(hashes "$work/alone.json")" ] || fail "no hash"
[ "$(hashes "$work/alone.json")" = "$(hashes "$work/together.json")" ] || fail "another dataset"

# From the other machine, without the key or with another.
outside=("${in_there[@]}" "$terrella" curate "$work/swings.toml" "$work/outside" --workers df://10.77.0.1:50050)
refused "other machines can reach" "${outside[@]}"
refused "it does not take this key" "${outside[@]}" --key "$work/other"
refused "it does not take this key" "${in_there[@]}" "$terrella" cluster executor --scheduler 10.77.0.1:50050 --host 10.77.0.2 \
    --work "$work/none" --key "$work/other"
# Whatever else is said there, 32 random bytes are all that comes back.
heard="$("${in_there[@]}" timeout 20 bash -c 'exec 3<>/dev/tcp/10.77.0.1/50050; head -c 4096 /dev/zero >&3; wc -c <&3' 2>/dev/null || true)"
[ "${heard:-0}" -le 32 ] || fail "$heard bytes for somebody without a key"
echo "the same dataset from two machines, and nobody comes in without the key"
