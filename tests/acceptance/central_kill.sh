#!/bin/bash
# kill -9 of dcep-central at random moments under load: what was acknowledged is there afterwards,
# once, and the books balance. A failure prints the seed of its moments.
#
#   tests/acceptance/central_kill.sh [BUILD [ROUNDS [SEED]]]
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${1:-${BUILD:-build}}" && pwd) || exit 1
rounds=${2:-25}
seed=${3:-$RANDOM}
RANDOM=$seed
work=$(mktemp -d "${TMPDIR:-/tmp}/dcep-kill-XXXXXX") || exit 1
data=$work/data
server=
. tests/acceptance/expect.sh
note="seed $seed"

finish()
{
    touch "$work/stop"
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT

central() { "$build/dcep-central" --data "$data" --no-input "$@"; }
tool() { "$build/acceptance/bank_tool" "$work/bank" "$1" "$work/bank.reply" "${@:2}"; }

start()
{
    : >"$work/ready"
    "$build/dcep-central" --data "$data" serve >"$work/ready" 2>>"$work/log" </dev/null &
    server=$!
    for _ in $(seq 200); do
        grep -q listens "$work/ready" && return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.02
    done
    echo "the server does not start (seed $seed)"
    cat "$work/log"
    failed=$((failed + 1))
    return 1
}

# Each notes what it asked for before it asks, and what it was told afterwards.
order() # round, worker
{
    local i said
    for ((i = 0; ; i++)); do
        [ ! -e "$work/stop" ] || return 0
        said=$(tool issue 1 "$1-$2-$i" 2>/dev/null)
        case $said in
        PENDING | OK*) echo "$1-$2-$i $said" >>"$work/told.$2" ;;
        esac
    done
}

credit()
{
    while [ ! -e "$work/stop" ]; do
        echo >>"$work/credits.asked"
        central reserve credit 1 0.01 >/dev/null 2>&1 && echo >>"$work/credits.done"
    done
}

approve()
{
    local number
    while [ ! -e "$work/stop" ]; do
        number=$(central approval list --json 2>/dev/null | grep -o '"number":[0-9]*' | head -1)
        [ -n "$number" ] && central approval approve "${number#*:}" >/dev/null 2>&1 &&
            echo "${number#*:}" >>"$work/approved"
    done
}

# An order told PENDING may have been approved since; one told OK has the same serial for ever.
check_orders() # round
{
    local name state serial said lost=0
    while read -r name state serial; do
        said=$(tool issue 1 "$name" 2>/dev/null)
        case $state,$said in
        "PENDING,PENDING" | "PENDING,OK "* | "OK,OK $serial") ;;
        *) lost=$((lost + 1)) && echo "order $name: told $state $serial, now $said" ;;
        esac
    done < <(cat "$work"/told.* 2>/dev/null | grep "^$1-")
    is "round $1: every order is what its bank was told" "$lost" 0
}

check_approvals() # round
{
    local lost told
    central approval list --all --json >"$work/all.json"
    lost=$("$python" - "$work/all.json" "$work/approved" <<'PY'
import json, sys
state = {row["number"]: row["state"] for row in json.load(open(sys.argv[1]))["approvals"]}
told = [int(line) for line in open(sys.argv[2])]
print(sum(state.get(number) != "approved" for number in told) + len(told) - len(set(told)))
PY
    )
    is "round $1: what was approved stays approved, once" "$lost" 0
    told=$(cat "$work"/told.* 2>/dev/null | wc -l)
    lost=$("$python" -c '
import json, sys
print(max(0, int(sys.argv[2]) - len(json.load(open(sys.argv[1]))["approvals"])))' \
        "$work/all.json" "$told")
    is "round $1: every order that was acknowledged is there" "$lost" 0
}

check_books() # round
{
    local funded
    central supply --recount --json >"$work/supply.json"
    is "round $1: the books balance" $? 0
    funded=$("$python" - "$work/supply.json" "$work/credits.done" "$work/credits.asked" <<'PY'
import json, sys
fen = round(float(json.load(open(sys.argv[1]))["funded"]) * 100) - 100000000
done, asked = (len(open(name).readlines()) for name in sys.argv[2:])
print(done <= fen <= asked or f"{done} <= {fen} <= {asked}")
PY
    )
    is "round $1: each credit that was acknowledged is there, and none twice" "$funded" True
}

run_round() # round
{
    local round=$1 workers=()
    rm -f "$work/stop"
    start || return 1
    order "$round" a & workers+=($!)
    order "$round" b & workers+=($!)
    credit & workers+=($!)
    approve & workers+=($!)
    sleep "0.$(printf '%03d' $((RANDOM % 700 + 50)))"
    { kill -KILL "$server" && wait "$server"; } 2>/dev/null
    server=
    touch "$work/stop"
    wait "${workers[@]}"
    start || return 1
    check_approvals "$round"
    check_orders "$round" # asks again, so it comes second: an order that was lost would come back
    check_books "$round"
    { kill -KILL "$server" && wait "$server"; } 2>/dev/null
    server=
}

central init --no-passphrase --listen 127.0.0.1:0 >/dev/null 2>&1 || exit 1
"$build/acceptance/bank_tool" "$work/bank" request "North Bank" "$work/bank.req" >/dev/null
central bank enroll "$work/bank.req" --root-key "$data/root.key" -o "$work/bank.reply" \
    >/dev/null || exit 1
central reserve credit 1 1000000 >/dev/null || exit 1
: >"$work/credits.done"
: >"$work/credits.asked"
: >"$work/approved"
for ((round = 1; round <= rounds; round++)); do
    run_round "$round" || break
done
serials=$(cat "$work"/told.* | awk '$2 == "OK" { print $3 }' | sort | uniq -d | wc -l)
is "no serial was given to two orders" "$serials" 0
is "central db check" "$(central db check >/dev/null 2>&1; echo $?)" 0
echo "orders told: $(cat "$work"/told.* | wc -l), approvals: $(wc -l <"$work/approved")," \
    "credits: $(wc -l <"$work/credits.done"), kills: $((2 * rounds)), seed $seed"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
