#!/bin/bash
# Every command of dcep-wallet against a real bank and central bank on free ports, in a temporary
# directory: exit codes, and what became of it. Prints what failed; the last line is
# "N passed, N failed".
#
#   tests/acceptance/wallet_smoke.sh [BUILD]
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${1:-${BUILD:-build}}" && pwd) || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/dcep-wallet-XXXXXX") || exit 1
declare -A servers=()
. tests/acceptance/expect.sh
export XDG_DATA_HOME=$work/home

finish()
{
    for pid in "${servers[@]}"; do
        { kill -KILL "$pid" && wait "$pid"; } 2>/dev/null
    done
    rm -rf "$work"
}
trap finish EXIT

central() { "$build/dcep-central" --data "$work/central" --no-input "$@"; }
bank() { "$build/dcep-bank" --data "$work/bank" --no-input "$@"; }
wallet() # name, command...
{
    local name=$1
    shift
    "$build/dcep-wallet" -w "$name" --no-input "$@"
}

balance() # what it shows, wallet, member, wanted
{
    expect 0 "$1" wallet "$2" balance --json
    is "$1" "$(field "$3")" "$4"
}
same() { if cmp -s "$2" "$3"; then pass; else fail "$1"; fi; }

serve() # central or bank
{
    : >"$work/$1.ready"
    "$build/dcep-$1" --data "$work/$1" serve >"$work/$1.ready" 2>>"$work/$1.log" </dev/null &
    servers[$1]=$!
    for _ in $(seq 200); do
        grep -q listens "$work/$1.ready" && return 0
        kill -0 "${servers[$1]}" 2>/dev/null || break
        sleep 0.05
    done
    fail "$1 does not start" "$(cat "$work/$1.log")"
    exit 1
}
stop()
{
    kill -TERM "${servers[$1]}"
    wait "${servers[$1]}"
    unset "servers[$1]"
}

# ---- a central bank, a bank with money, customers ----

central init --network dcep-test --listen 127.0.0.1:0 --root-key "$work/root.key" \
    --no-passphrase >/dev/null 2>&1 &&
    bank init --network dcep-test --name "North Bank" --tls-name north.dcep \
        --listen 127.0.0.1:0 --no-passphrase >/dev/null 2>&1 &&
    bank enroll -o "$work/bank.request" >/dev/null &&
    central bank enroll "$work/bank.request" --root-key "$work/root.key" \
        -o "$work/bank.admission" -y >/dev/null 2>&1 &&
    bank enroll --accept "$work/bank.admission" -y >/dev/null || { fail "the banks"; exit 1; }
serve central
central reserve credit "North Bank" 1,000,000.00 -y >/dev/null
central guarantee post "North Bank" 10,000.00 -y >/dev/null
serve bank
bank vault order 100,000.00 -y >/dev/null 2>&1
number=$(central approval list --json |
    "$python" -c 'import json,sys; print(list(json.load(sys.stdin).values())[0][0]["number"])')
central approval approve "$number" -y >/dev/null
for _ in $(seq 100); do
    bank vault show --json | grep -q '"available": *"100000.00"' && break
    sleep 0.1
done
for name in alice bob carol; do
    bank customer open --name $name --tier 3 --deposit 5,000.00 -o "$work/$name.join" \
        >/dev/null 2>"$work/err" || cat "$work/err"
done

# ---- before there is a wallet ----

expect 0 "the home screen without a wallet" "$build/dcep-wallet" -w nobody
says "it says how to make one" "init --join"
expect 1 "no wallet: balance" wallet nobody balance
expect 2 "a mistyped command" wallet alice blance
says "a suggestion" "balance"
printf 'rubbish' >"$work/rubbish" && chmod 600 "$work/rubbish"
expect 6 "a join file that is none" wallet alice init --join "$work/rubbish" --no-passphrase
printf '1234\n' >"$work/pin" && printf '4321\n' >"$work/wrong" &&
    chmod 600 "$work/pin" "$work/wrong"
expect 2 "no PIN and nobody to ask" wallet alice init --join "$work/alice.join"
expect 0 "init" wallet alice init --join "$work/alice.join" --pin-file "$work/pin"
says "it says that there are no recovery words" "no recovery words"
expect 1 "once" wallet alice init --join "$work/alice.join" --pin-file "$work/pin"
expect 4 "a join file works once" wallet again init --join "$work/alice.join" --no-passphrase
for name in bob carol; do
    expect 0 "init $name" wallet $name init --join "$work/$name.join" --no-passphrase
    says "unsealed keys are warned of" "not sealed"
done
home=$XDG_DATA_HOME/dcep/wallets/alice
is "the directory is private" "$(stat -c %a "$home")" 700
is "so is the database" "$(stat -c %a "$home/wallet.db")" 600

# ---- the PIN ----

export DCEP_PIN_FILE=$work/pin
without=(env -u DCEP_PIN_FILE "$build/dcep-wallet" -w alice --no-input)
expect 2 "even looking needs the PIN" "${without[@]}" balance
expect 0 "or an unlocked wallet" wallet alice unlock --for 5m
expect 0 "looking, unlocked" "${without[@]}" balance
expect 0 "lock" "${without[@]}" lock
expect 2 "locked again" "${without[@]}" balance
expect 2 "withdrawing does" "${without[@]}" withdraw 1
expect 4 "a wrong PIN" wallet alice --pin-file "$work/wrong" withdraw 300.00

# ---- withdraw ----

expect 0 "withdraw" wallet alice withdraw 300.00
balance "and it is there" alice spendable 300.00
expect 5 "above the account" wallet alice withdraw 4,900.00
says "why" "not enough"
expect 2 "no amount" wallet alice withdraw zero
balance "nothing came of it" alice spendable 300.00

# ---- hand over, with the bank gone ----

stop bank
expect 3 "withdraw: the bank is down" wallet bob withdraw 10.00
expect 3 "sync: the bank is down" wallet bob sync
expect 0 "request" wallet bob request 20.00 --memo "lunch" -o "$work/1.request"
expect 4 "pay under a wrong PIN" wallet alice --pin-file "$work/wrong" pay "$work/1.request" \
    -o "$work/1.packet" -y
expect 0 "what came of it" wallet alice outbox
says "nothing, and nothing will" "none"
expect 2 "a request has to expire" wallet bob request 20.00 --expires never -o "$work/x.request"
expect 2 "pay asks, and there is nobody" wallet alice pay "$work/1.request" -o "$work/1.packet"
says "which flag answers" "-y"
expect 0 "pay" wallet alice pay "$work/1.request" -o "$work/1.packet" -y
says "it shows the payee's bank" "North Bank"
says "and what for" "lunch"
says "and what stays" "280.00"
expect 0 "pay again" wallet alice pay "$work/1.request" -o "$work/1.again" -y
same "the same bytes" "$work/1.packet" "$work/1.again"
id=$("$build/dcep-wallet" -w alice --no-input outbox --json |
    "$python" -c 'import json,sys; print(json.load(sys.stdin)["payments"][0]["id"])')
expect 0 "outbox: the bytes once more" wallet alice outbox "${id:0:8}" -o "$work/1.outbox"
same "the same bytes" "$work/1.packet" "$work/1.outbox"
expect 1 "too late to cancel" wallet alice cancel "${id:0:8}"
expect 0 "inspect a packet" wallet bob inspect "$work/1.packet"
says "its amount" "20.00"
expect 0 "receive" wallet bob receive "$work/1.packet" -o "$work/1.receipt"
expect 0 "receive again" wallet bob receive "$work/1.packet" -o "$work/1.receipt2"
same "the same receipt" "$work/1.receipt" "$work/1.receipt2"
balance "received once" bob spendable 20.00
balance "not settled yet" bob unsettled 20.00
expect 0 "the receipt" wallet alice receive "$work/1.receipt"
expect 1 "somebody else's receipt" wallet carol receive "$work/1.receipt"
expect 0 "receipt as a file" wallet alice receipt "${id:0:8}" -o "$work/1.proof"
expect 0 "anybody can verify it" wallet carol receipt verify "$work/1.proof"
expect 6 "but not something else" wallet carol receipt verify "$work/1.packet"
expect 6 "a request is not received" wallet bob receive "$work/1.request"
expect 6 "nor is rubbish" wallet bob receive "$work/rubbish"
says "what to do" "do not hand over the goods"
expect 6 "a packet for somebody else" wallet carol receive "$work/1.packet"
head -c 300 "$work/1.packet" >"$work/cut"
expect 6 "half a packet" wallet bob receive "$work/cut"
expect 0 "pay on with the very coin: request" wallet carol request 15.00 -o "$work/2.request"
expect 0 "pay on" wallet bob pay "$work/2.request" -o "$work/2.packet" -y
expect 0 "received" wallet carol receive "$work/2.packet" -o "$work/2.receipt"
expect 0 "a request over the offline limit" wallet carol request 600.00 -o "$work/3.request"
expect 5 "is not paid" wallet alice pay "$work/3.request" -o "$work/3.packet" -y
expect 0 "a request for more than there is" wallet carol request 290.00 -o "$work/4.request"
expect 5 "is not paid either" wallet alice pay "$work/4.request" -o "$work/4.packet" -y
[ ! -e "$work/3.packet" ] && [ ! -e "$work/4.packet" ] && pass || fail "no file of a refusal"

# ---- kill -9 while paying: the request can be paid again, with one payment a coin ----

for i in $(seq 12); do
    wallet carol request 1.00 -o "$work/k$i.request" >/dev/null
    wallet alice pay "$work/k$i.request" -o "$work/k$i.first" -y >/dev/null 2>&1 &
    sleep "0.$(printf '%03d' $((i * 9)))"
    { kill -KILL $! && wait $!; } 2>/dev/null
    wallet alice pay "$work/k$i.request" -o "$work/k$i.packet" -y >/dev/null 2>"$work/err" ||
        fail "killed at $i: pay again" "$(cat "$work/err")"
    [ ! -e "$work/k$i.first" ] || same "killed at $i: the same bytes" "$work/k$i.first" \
        "$work/k$i.packet"
    wallet carol receive "$work/k$i.packet" -o "$work/k$i.receipt" >/dev/null 2>"$work/err" ||
        fail "killed at $i: receive" "$(cat "$work/err")"
done
balance "twelve payments, killed or not" carol spendable 27.00
balance "and no more" alice spendable 268.00

# ---- one process at a time ----

"$python" - "$home/wallet.lock" "$work/held" <<'PYTHON' &
import fcntl, sys, time
lock = open(sys.argv[1], "r+")
fcntl.flock(lock, fcntl.LOCK_EX)
open(sys.argv[2], "w").close()
time.sleep(6)
PYTHON
holder=$!
for _ in $(seq 100); do [ -e "$work/held" ] && break; sleep 0.05; done
expect 3 "another process holds the wallet" wallet alice balance
says "that is said" "another process"
kill $holder 2>/dev/null
wait $holder 2>/dev/null

# ---- online again ----

stop central
serve bank
expect 8 "the central bank is down: sync is pending" wallet carol sync
balance "and nothing is lost" carol spendable 27.00
serve central
expect 0 "sync, the payer first" wallet alice sync
balance "settled" alice settled 268.00
balance "nothing is handed over any more" alice handed_over 0.00
for _ in $(seq 100); do # the bank hands in by itself what it kept
    wallet carol sync >/dev/null 2>&1 && break
    sleep 0.2
done
balance "the payee is settled" carol settled 27.00
expect 0 "and the one between" wallet bob sync
balance "5.00 of change, and the 10.00 that he had tried to withdraw" bob settled 15.00
expect 0 "the books" central supply --recount

# ---- deposit ----

expect 2 "deposit what?" wallet carol deposit
expect 5 "more than there is" wallet carol deposit 1,000.00
expect 0 "a part" wallet carol deposit 7.00
balance "20.00 stay" carol spendable 20.00
expect 0 "all of it" wallet carol deposit --all
balance "nothing stays" carol spendable 0.00
wallet carol request 3.00 -o "$work/5.request" >/dev/null
wallet alice pay "$work/5.request" -o "$work/5.packet" -y >/dev/null
expect 0 "a packet, straight into the account" wallet carol deposit --packet "$work/5.packet"
says "credited" "3.00"
expect 0 "the account has it" bank account show carol
says "30.00 more" "5,030.00"

# ---- looking ----

expect 0 "coins" wallet alice coins
expect 0 "history" wallet alice history
says "it knows what" "withdrawn"
expect 0 "the outbox" wallet alice outbox
expect 0 "home" wallet alice
says "how to keep it" "backup create"
for command in balance coins history outbox; do
    expect 0 "$command --json" wallet alice $command --json
    "$python" -m json.tool <"$work/out" >/dev/null 2>&1 && pass || fail "$command: one object"
done
expect 0 "in Chinese" wallet alice --lang zh help
measured=$("$python" - "$build/dcep-wallet" <<'PYTHON'
import resource, subprocess, sys
subprocess.run([sys.argv[1], "-w", "alice", "balance"], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(int((used.ru_utime + used.ru_stime) * 1000), used.ru_maxrss // 1024)
PYTHON
)
echo "balance: ${measured% *} ms of CPU time, ${measured#* } MiB"
case $build in
*asan*) ;;
*) [ "${measured% *}" -lt 300 ] && [ "${measured#* }" -lt 32 ] && pass ||
    fail "a balance within 0.3 s and 32 MiB: ${measured% *} ms, ${measured#* } MiB" ;;
esac

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
