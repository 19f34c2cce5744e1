#!/bin/bash
# Every command of dcep-central against a real server on a free port, in a temporary directory:
# exit codes, and what became of it. The bank's side is tests/acceptance/bank_tool. Prints what
# failed; the last line is "N passed, N failed".
#
#   tests/acceptance/central_smoke.sh [BUILD]
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${1:-${BUILD:-build}}" && pwd) || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/dcep-central-XXXXXX") || exit 1
data=$work/data
server=
. tests/acceptance/expect.sh

finish()
{
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT

central() { "$build/dcep-central" --data "$data" --no-input "$@"; }
tool() { "$build/acceptance/bank_tool" "$@"; }

start()
{
    : >"$work/ready"
    "$build/dcep-central" --data "$data" "$@" serve >"$work/ready" 2>>"$work/log" </dev/null &
    server=$!
    for _ in $(seq 200); do
        grep -q listens "$work/ready" && return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    failed=$((failed + 1))
    echo "FAILED: the server does not start"
    cat "$work/ready" "$work/log"
    return 1
}

stop() # wanted exit code
{
    local got
    kill -TERM "$server"
    wait "$server"
    got=$?
    server=
    is "SIGTERM ends the server" "$got" "$1"
}

# ---- nothing there yet ----

expect 1 "no central bank: status says so" central status
says "and how to make one" "dcep-central init"
expect 2 "an unknown command" central bank enrol
says "a suggestion" "enroll"
expect 2 "init needs a passphrase or --no-passphrase" central init
expect 2 "a network's name is checked" central init --network "Not Valid" --no-passphrase
expect 2 "an address is checked" central init --listen nowhere --no-passphrase
is "a refused init leaves nothing" "$(ls -A "$data" 2>/dev/null | grep -v '^.init$')" ""

# ---- a sealed one ----

echo "correct horse battery" >"$work/pin"
echo "wrong" >"$work/wrong"
chmod 600 "$work/pin" "$work/wrong"
root=$work/offline/root.key
mkdir "$work/offline"
expect 0 "init" central init --listen 127.0.0.1:0 --root-key "$root" --pin-file "$work/pin" --json
root_public=$(field root_public_key)
is "the data directory is private" "$(stat -c %a "$data")" 700
is "so is the database" "$(stat -c %a "$data/central.db")" 600
is "so is the root key" "$(stat -c %a "$root")" 600
is "the root key is not in the data directory" "$(ls "$data" | grep -c root.key)" 0
is "nothing is left over" "$(ls -d "$data/.init" 2>/dev/null)" ""
expect 1 "init never overwrites" central init --no-passphrase
expect 4 "serve with a wrong passphrase" central --pin-file "$work/wrong" serve
expect 2 "serve without a passphrase" central serve
expect 0 "reading needs no passphrase" central supply --recount
mv "$root" "$root.away"
start --pin-file "$work/pin"
is "serve does not need the root key" "$(central status --json | grep -c '"running":true')" 1
mv "$root.away" "$root"
expect 3 "a second server is refused" central --pin-file "$work/pin" serve

# ---- banks ----

expect 0 "a bank asks" tool "$work/north" request "North Bank" "$work/north.req"
expect 2 "enrolling asks for the root key's passphrase" \
    central bank enroll "$work/north.req" --root-key "$root" -o "$work/north.reply"
expect 4 "and not for another one" central --pin-file "$work/wrong" \
    bank enroll "$work/north.req" --root-key "$root" -o "$work/north.reply"
enroll() # name, further options
{
    local name=$1
    shift
    central --pin-file "$work/pin" bank enroll "$work/$name.req" --root-key "$root" \
        -o "$work/$name.reply" "$@"
}
expect 6 "another key is not the root key" central --pin-file "$work/pin" \
    bank enroll "$work/north.req" --root-key "$data/issuing.key" -o "$work/north.reply"
cp "$work/north.req" "$work/broken.req"
printf x >>"$work/broken.req"
expect 6 "a broken request" enroll broken
expect 0 "enrolled" enroll north --days 30 --json
is "as bank 1" "$(field bank_id)" 1
is "in directory 2" "$(field version)" 2
expect 0 "the same request again: the same admission" enroll north --force --json
is "and no new directory" "$(field version)" 2
expect 0 "another bank asks" tool "$work/south" request "南方银行" "$work/south.req"
expect 0 "enrolled too" enroll south
expect 0 "an impostor asks" tool "$work/fake" request "North Bank" "$work/fake.req"
expect 1 "a name is taken once" enroll fake
expect 0 "list" central bank list
says "with Chinese names" "南方银行"
expect 0 "show by id" central bank show 1
expect 0 "show by the beginning of its name" central bank show Nor --json
is "the right one" "$(field name)" "North Bank"
expect 1 "unknown bank" central bank show 99

# ---- reserves and guarantees ----

expect 0 "credit" central reserve credit "North Bank" 2,000,000.00 --json
is "credited" "$(field reserve)" 2000000.00
expect 0 "post" central guarantee post 1 100000 --json
is "posted" "$(field guarantee)" 100000.00
expect 5 "no more than there is" central guarantee post 1 5000000
says "and what to do" "reserve credit"
expect 5 "release no more than there is" central guarantee release 1 100000.01
expect 0 "release" central guarantee release 1 0.01
expect 5 "debit no more than there is" central reserve debit 1 2000000
expect 0 "debit" central reserve debit 1 0.01
expect 2 "zero is no amount to move" central reserve credit 1 0
expect 2 "nor is text" central reserve credit 1 much
expect 1 "unknown bank" central reserve credit West 1
expect 0 "show" central reserve show 1 --json
is "to the fen" "$(field reserve) $(field guarantee)" "1900000.00 99999.99"
expect 0 "show all" central reserve show
is "the bank reads the same" "$(tool "$work/north" account "$work/north.reply")" \
    "OK 1900000.00 99999.99"
expect 1 "a TLS certificate of nobody's is refused" tool "$work/north" foreign "$work/north.reply"
is "by TLS" "$out" PEER

# ---- issuing ----

issue() { tool "$work/$1" issue "$work/$1.reply" "$2" "$3"; }
is "an order waits" "$(issue north 1000000 a)" PENDING
is "an order above the reserve is refused" "$(issue north 5000000 b)" FUNDS
is "another waits" "$(issue north 1800000 c)" PENDING
expect 0 "approvals" central approval list --json
first=$(field approvals.0.number) second=$(field approvals.1.number)
is "two of them" "$(field approvals.2.number)" ""
expect 0 "show" central approval show "$first" --json
is "what it is about" "$(field kind) $(field bank) $(field coins.0)" "issue North Bank 1000000.00"
expect 0 "approve" central approval approve "$first" --reason "as planned" --json
is "by me" "$(field decided_by)" "$(id -un)"
expect 1 "not twice" central approval approve "$first"
expect 5 "the reserve is short now" central approval approve "$second"
expect 0 "reject" central approval reject "$second" --reason "above the plan"
expect 1 "not twice" central approval reject "$second"
expect 1 "unknown" central approval approve 9999
is "issued" "$(issue north 1000000 a)" "OK 1"
is "the same again" "$(issue north 1000000 a)" "OK 1"
is "rejected" "$(issue north 1800000 c)" REJECTED
expect 0 "decided ones are listed on demand" central approval list --all
says "with their state" rejected
expect 0 "supply" central supply --recount --json
is "the books balance" "$(field balanced) $(field funded) $(field unspent)" \
    "true 1999999.99 1000000.00"

# ---- a coin paid twice ----

is "caught" "$(tool "$work/north" double "$work/north.reply" 1000000 a)" "OK settled conflict"
expect 0 "cases" central case list --json
case_number=$(field cases.0.number)
expect 0 "show" central case show "$case_number" --json
is "names the bank" "$(field bank) $(field has_proof)" "North Bank true"
offender=$(field offender_key)
expect 1 "unknown" central case show 9999
expect 0 "evidence" central case evidence "$case_number" -o "$work/case.proof"
verify() { env -i "$build/dcep-central" --data /nonexistent case verify "$@"; }
expect 0 "a stranger checks it with a public key" \
    verify "$work/case.proof" --root-public-key "$root_public" --json
is "and learns whose key it was" "$(field offender_key)" "$offender"
expect 0 "or with an admission" verify "$work/case.proof" --admission "$work/north.reply"
expect 2 "but not with nothing" verify "$work/case.proof"
expect 6 "nor with another key" verify "$work/case.proof" --root-public-key "$offender"
expect 6 "nor with half a key" verify "$work/case.proof" --root-public-key 02ab
expect 6 "something else is no proof" verify "$work/north.reply" --root-public-key "$root_public"
"$python" - "$work/case.proof" "$work/bent.proof" <<'PY'
import sys
proof = bytearray(open(sys.argv[1], "rb").read())
proof[-1] ^= 1
open(sys.argv[2], "wb").write(proof)
PY
expect 6 "a bent proof" verify "$work/bent.proof" --root-public-key "$root_public"

# ---- revocations and directory ----

expect 0 "revocations" central revocation list --json
is "the offender's" "$(field revocations.0.reason)" double-spend
expect 2 "a key is hex" central revocation add nonsense
expect 2 "a reason is one of five" central revocation add "$offender" --reason whim
expect 0 "again changes nothing" central revocation add "$offender" --json
is "the first reason stays" "$(field reason)" double-spend
expect 0 "directory" central directory show --json
is "names both banks" "$(field version) $(field banks.1.name)" "3 南方银行"
south_key=$(field banks.1.bank_key)
expect 0 "publish" central --pin-file "$work/pin" \
    directory publish --root-key "$root" --days 10 --json
is "the next version" "$(field version)" 4
expect 0 "status" central status --json
is "status" "$(field running) $(field balanced) $(field cases) $(field directory_version)" \
    "true true 1 4"
expect 0 "status for people" central status
says "warns of what expires" "directory: "
is "before" "$(tool "$work/south" account "$work/south.reply")" "OK 0.00 0.00"
expect 0 "a bank's key is revoked" central revocation add "$south_key" --reason stolen
is "the running server knows" "$(tool "$work/south" account "$work/south.reply" | cut -d' ' -f1)" \
    FORBIDDEN

# ---- the database ----

expect 0 "check" central db check
expect 0 "backup" central db backup "$work/backup.db"
expect 1 "never overwrites" central db backup "$work/backup.db"
is "private" "$(stat -c %a "$work/backup.db")" 600
kill -KILL "$server"
{ wait "$server"; } 2>/dev/null
server=
expect 0 "after kill -9, without a server" central supply --recount --json
is "nothing is lost" "$(field balanced) $(field unspent)" "true 1000000.00"
expect 0 "check" central db check
expect 3 "a bank is told at once" timeout 3 bash -c \
    "$build/acceptance/bank_tool $work/north account $work/north.reply >$work/said; exit 3"
is "that nobody is there" "$(cat "$work/said")" UNREACHABLE

# ---- without a server, commands work in the database themselves ----

expect 2 "what signs asks for the passphrase" central guarantee post 1 1
expect 0 "given" central --pin-file "$work/pin" guarantee post 1 1
expect 0 "what does not, does not" central reserve credit 2 50
expect 0 "publish" central --pin-file "$work/pin" directory publish --root-key "$root"
mkdir "$work/restored"
cp "$data"/* "$work/restored/" 2>/dev/null
cp "$work/backup.db" "$work/restored/central.db"
rm -f "$work/restored/central.db-wal" "$work/restored/central.db-shm"
expect 0 "a backup opens" "$build/dcep-central" --data "$work/restored" supply --recount --json
is "and balances" "$(field balanced)" true
"$python" - "$work/restored/central.db" <<'PY'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("UPDATE bank SET reserve = reserve + 1 WHERE bank_id = 1")
database.commit()
PY
expect 9 "one fen too many is found" "$build/dcep-central" --data "$work/restored" supply --recount
expect 9 "by status" "$build/dcep-central" --data "$work/restored" status --json
is "which says so" "$(field error.name)" BOOKS
expect 9 "by db check" "$build/dcep-central" --data "$work/restored" db check

# ---- settings ----

start --pin-file "$work/pin"
is "started again" "$(issue north 1000000 a)" "OK 1"
stop 0
cp "$data/central.ini" "$work/central.ini"
echo "listne = 1" >>"$data/central.ini"
expect 2 "an unknown key in central.ini" central status
says "is named" listne
cp "$work/central.ini" "$data/central.ini"

# ---- init, interrupted ----

data=$work/second
mkdir -p "$data/.init"
echo "half a key" >"$data/.init/root.key"
expect 0 "init starts over what was never finished" \
    central init --no-passphrase --listen 127.0.0.1:0
says "and warns of unsealed keys" "not sealed"
mkdir "$data/.init"
mv "$data/central.db" "$data/tls-server.key" "$data/.init/"
printf '%s' "$data/root.key" >"$data/.init/complete"
expect 0 "init goes on with what was" central init --no-passphrase
expect 0 "and it is whole" central db check
start
is "and serves" "$(central status --json | grep -c '"running":true')" 1
stop 0
expect 1 "a root key is never overwritten" "$build/dcep-central" --data "$work/third" init \
    --no-passphrase --root-key "$data/root.key"

# ---- init, killed at any moment, can be run again ----

whole=0
for i in $(seq 15); do
    data=$work/killed$i
    mkdir "$work/usb$i"
    "$build/dcep-central" --data "$data" init --no-passphrase --listen 127.0.0.1:0 \
        --root-key "$work/usb$i/root.key" >/dev/null 2>&1 </dev/null &
    sleep "0.$(printf '%03d' $((i * 2)))"
    { kill -KILL $! && wait $!; } 2>/dev/null
    [ -e "$data/central.db" ] || central init --no-passphrase --listen 127.0.0.1:0 \
        --root-key "$work/usb$i/root.key" >/dev/null 2>&1
    central db check >/dev/null 2>&1 &&
        central directory publish --root-key "$work/usb$i/root.key" >/dev/null 2>&1 &&
        whole=$((whole + 1))
done
is "and all of it is there" "$whole" 15

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
