#!/bin/bash
# kill -9 of dcep-bank at random moments under load: what was acknowledged is there afterwards,
# once. For each customer, account + wallet is always the same sum; whoever was opened is there; the
# central bank's books balance. A failure prints the seed of its moments. (tests/kill/ kills both
# servers; here every kill is followed by the whole reckoning.)
#
#   tests/acceptance/bank_kill.sh [BUILD [ROUNDS [SEED]]]
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${1:-${BUILD:-build}}" && pwd) || exit 1
rounds=${2:-25}
seed=${3:-$RANDOM}
RANDOM=$seed
work=$(mktemp -d "${TMPDIR:-/tmp}/dcep-bankkill-XXXXXX") || exit 1
central_server='' bank_server=''
. tests/acceptance/expect.sh
note="seed $seed"
export XDG_DATA_HOME=$work/home
citizens=(alice bob carol)

finish()
{
    touch "$work/stop"
    for server in $central_server $bank_server; do kill -KILL "$server" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT

central() { "$build/dcep-central" --data "$work/central" --no-input "$@"; }
bank() { "$build/dcep-bank" --data "$work/bank" --no-input "$@"; }
wallet() { "$build/dcep-wallet" -w "$1" --no-input -y --timeout 3 "${@:2}"; }

start() # program, data
{
    : >"$work/$2.ready"
    "$build/$1" --data "$work/$2" serve >"$work/$2.ready" 2>>"$work/$2.log" </dev/null &
    started=$!
    for _ in $(seq 300); do
        grep -q listens "$work/$2.ready" && return 0
        kill -0 "$started" 2>/dev/null || break
        sleep 0.02
    done
    echo "$1 does not start (seed $seed)"
    cat "$work/$2.log"
    failed=$((failed + 1))
    return 1
}

kill_bank()
{
    { kill -KILL "$bank_server" && wait "$bank_server"; } 2>/dev/null
    bank_server=
}

# ---- load ----

trade() # citizen
{
    while [ ! -e "$work/stop" ]; do
        wallet "$1" withdraw 1.03 >/dev/null 2>&1 && echo >>"$work/done"
        wallet "$1" sync >/dev/null 2>&1
        wallet "$1" deposit 0.50 >/dev/null 2>&1 && echo >>"$work/done"
    done
}

open_customers() # round
{
    local i
    for ((i = 0; ; i++)); do
        [ ! -e "$work/stop" ] || return 0
        bank customer open --name "c$1-$i" --tier 4 --deposit 1 -o "$work/c.join" --force \
            >/dev/null 2>&1 && echo "c$1-$i" >>"$work/opened"
    done
}

# ---- what must hold ----

amount() # command..., last: field; in fen
{
    local field=${*: -1}
    "${@:1:$#-1}" --json 2>/dev/null | "$python" -c '
import json, sys
print(round(float(json.load(sys.stdin)[sys.argv[1]].replace(",", "")) * 100))' "$field"
}

check_citizens() # round
{
    local citizen code
    for citizen in "${citizens[@]}"; do
        for _ in 1 2 3; do
            wallet "$citizen" sync >/dev/null 2>"$work/sync.err"
            code=$?
            [ "$code" = 0 ] && break
        done
        is "round $1: $citizen syncs$(cat "$work/sync.err")" "$code" 0
        is "round $1: $citizen's account and wallet" \
            $(($(amount bank account show "$citizen" balance) +
                $(amount wallet "$citizen" balance spendable))) 100000
    done
}

check_opened() # round
{
    local lost
    bank customer list --json >"$work/all.json"
    lost=$("$python" - "$work/all.json" "$work/opened" <<'PY'
import json, sys
there = [(row["name"], row["balance"]) for row in json.load(open(sys.argv[1]))["customers"]]
told = [line.strip() for line in open(sys.argv[2])]
print(sum(there.count((name, "1.00")) != 1 for name in told))
PY
    )
    is "round $1: whoever was opened is there, once" "$lost" 0
}

run_round() # round
{
    local workers=() citizen
    rm -f "$work/stop"
    for citizen in "${citizens[@]}"; do
        trade "$citizen" & workers+=($!)
    done
    open_customers "$1" & workers+=($!)
    sleep "$((RANDOM % 2)).$(printf '%03d' $((RANDOM % 900 + 50)))"
    kill_bank
    touch "$work/stop"
    wait "${workers[@]}"
    start dcep-bank bank || return 1
    bank_server=$started
    check_citizens "$1"
    check_opened "$1"
    is "round $1: nothing waits" "$(bank settle status --json | grep -o '"waiting":[0-9]*')" \
        '"waiting":0'
    central supply --recount >/dev/null
    is "round $1: the books balance" $? 0
}

# ---- the story ----

: >"$work/opened"
: >"$work/done"
central init --no-passphrase --listen 127.0.0.1:0 >/dev/null 2>&1 || exit 1
bank init --name "North Bank" --no-passphrase --listen 127.0.0.1:0 >/dev/null 2>&1 || exit 1
bank enroll -o "$work/req" >/dev/null || exit 1
start dcep-central central || exit 1
central_server=$started
central bank enroll "$work/req" --root-key "$work/central/root.key" -o "$work/reply" >/dev/null ||
    exit 1
bank enroll --accept "$work/reply" >/dev/null || exit 1
central reserve credit 1 1000000 >/dev/null || exit 1
start dcep-bank bank || exit 1
bank_server=$started
bank vault order 100000 >/dev/null 2>&1
central approval approve 2 >/dev/null 2>&1 || central approval approve "$(central approval list \
    --json | grep -o '"number":[0-9]*' | head -1 | cut -d: -f2)" >/dev/null || exit 1
for citizen in "${citizens[@]}"; do
    bank customer open --name "$citizen" --tier 2 --deposit 1000 -o "$work/$citizen.join" \
        >/dev/null || exit 1
    wallet "$citizen" init --join "$work/$citizen.join" --no-passphrase >/dev/null 2>&1 || exit 1
done
for _ in $(seq 100); do
    [ "$(amount bank vault show available)" = 10000000 ] && break
    sleep 0.1
done
for ((round = 1; round <= rounds; round++)); do
    run_round "$round" || break
done
echo "kills: $rounds, acknowledged withdrawals and deposits: $(wc -l <"$work/done")," \
    "customers: $(wc -l <"$work/opened"), seed $seed"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
