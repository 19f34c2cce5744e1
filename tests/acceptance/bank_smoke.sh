#!/bin/bash
# Every command of dcep-bank against a real central bank and real wallets, on free ports, in a
# temporary directory: exit codes, and what became of it. Prints what failed; the last line is
# "N passed, N failed".
#
#   tests/acceptance/bank_smoke.sh [BUILD]
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${1:-${BUILD:-build}}" && pwd) || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/dcep-bank-XXXXXX") || exit 1
central_server='' bank_server=''
. tests/acceptance/expect.sh
export XDG_DATA_HOME=$work/home

finish()
{
    for server in $central_server $bank_server; do kill -KILL "$server" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT

central() { "$build/dcep-central" --data "$work/central" --no-input "$@"; }
bank() { "$build/dcep-bank" --data "$work/bank" --no-input "$@"; }
wallet() { "$build/dcep-wallet" -w "$1" --no-input -y "${@:2}"; }

start() # program, what it writes
{
    : >"$work/$2.ready"
    "$build/$1" --data "$work/$2" --pin-file "$work/pin" serve >"$work/$2.ready" \
        2>>"$work/$2.log" </dev/null &
    started=$!
    for _ in $(seq 300); do
        grep -q listens "$work/$2.ready" && return 0
        kill -0 "$started" 2>/dev/null || break
        sleep 0.05
    done
    echo "FAILED: $1 does not start"
    cat "$work/$2.log"
    failed=$((failed + 1))
}
start_central() { start dcep-central central && central_server=$started; }
start_bank() { start dcep-bank bank && bank_server=$started; }

stop() # pid, what stops
{
    local code
    kill -TERM "$1"
    wait "$1"
    code=$?
    is "$2 ends with 0 on SIGTERM" "$code" 0
}

await() # what it shows, wanted, field, command...
{
    local what=$1 wanted=$2 name=$3
    shift 3
    for _ in $(seq 100); do
        out=$("$@" --json 2>/dev/null)
        [ "$(field "$name")" = "$wanted" ] && break
        sleep 0.1
    done
    is "$what" "$(field "$name")" "$wanted"
}

# ---- making it ----

umask 022
printf 'correct horse\n' >"$work/pin"
chmod 600 "$work/pin"
expect 1 "there is nothing before init" bank status
says "and it says what to do" "dcep-bank init"
expect 2 "init needs a name" bank init --no-passphrase
expect 2 "and a passphrase" bank init --name "North Bank"
expect 2 "a network has a plain name" bank init --name N --network "No Net" --no-passphrase
expect 0 "init" bank init --name "North Bank" --listen 127.0.0.1:0 --tls-name north.dcep \
    --pin-file "$work/pin"
expect 1 "init does not overwrite" bank init --name "North Bank" --pin-file "$work/pin"
mv "$work/bank/bank.db" "$work/bank.db"
sum=$(cat "$work"/bank/*.key | sha256sum)
expect 1 "keys without their database are not made anew" bank init --name "North Bank" \
    --pin-file "$work/pin"
is "they are what they were" "$(cat "$work"/bank/*.key | sha256sum)" "$sum"
mv "$work/bank.db" "$work/bank/bank.db"
is "keys are 0600" "$(stat -c %a "$work/bank/bank.key" "$work/bank/vault.key" \
    "$work/bank/tls-client.key" "$work/bank/tls-server.key" | sort -u)" 600
is "the directory is 0700" "$(stat -c %a "$work/bank")" 700
is "a free port was found" "$(grep -c '^listen = 127.0.0.1:0$' "$work/bank/bank.ini")" 0

expect 1 "nothing is opened before enrolment" bank customer open --name A --tier 3 -o "$work/a.join"
expect 1 "nothing is served either" bank serve --pin-file "$work/pin"
expect 2 "enroll does one thing" bank enroll
expect 2 "sealed keys need a passphrase" bank enroll -o "$work/req"
(umask 077 && echo 'another horse' >"$work/wrong")
expect 4 "the right one" bank --pin-file "$work/wrong" enroll -o "$work/req"
expect 0 "enroll -o" bank --pin-file "$work/pin" enroll -o "$work/req"
central init --no-passphrase --listen 127.0.0.1:0 >/dev/null 2>&1
start_central
central bank enroll "$work/req" --root-key "$work/central/root.key" -o "$work/reply" >/dev/null
cp "$work/reply" "$work/broken"
printf 'x' | dd of="$work/broken" bs=1 seek=400 conv=notrunc 2>/dev/null
expect 6 "a broken answer is refused" bank enroll --accept "$work/broken"
expect 6 "so is another file" bank enroll --accept "$work/req"
expect 0 "enroll --accept" bank --json enroll --accept "$work/reply"
is "its number" "$(field bank_id)" 1
is "the root key to compare" "$(field root_public_key)" "$(cat "$work/central/root.pub")"
central reserve credit 1 2000000 >/dev/null
central guarantee post 1 100000 >/dev/null

# ---- the vault ----

expect 2 "nothing is no amount, before the passphrase is asked for" bank vault order 0
says "which is said" "more than zero"
for words in "wallet refund" "wallet advance --all" "customer join --lost -o $work/none"; do
    # shellcheck disable=SC2086
    expect 1 "$words of nobody: refused before the passphrase is asked for" bank $words Nobody
    says "what to do" "dcep-bank customer list shows all"
done
expect 2 "an order is signed: without a server it needs the passphrase" bank vault order 100
start_bank
is "one server holds the database" "$(bank serve --pin-file "$work/pin" >/dev/null 2>&1; echo $?)" 3
expect 8 "an order waits for the operator" bank vault order 1,000,000.00
expect 5 "over the reserve it is refused at once" bank vault order 9,000,000
expect 2 "nothing is no amount" bank vault order 0
central approval approve "$(central approval list --json |
    "$python" -c 'import json, sys; print(json.load(sys.stdin)["approvals"][0]["number"])')" \
    >/dev/null
await "the server asks by itself" 1000000.00 available bank vault show
expect 0 "vault show" bank vault show --json
is "the reserve shrank" "$(field reserve)" 900000.00
expect 0 "vault return" bank vault return 12345.67
expect 0 "and what is left" bank vault show --json
is "in the vault" "$(field available)" 987654.33
is "in the reserve" "$(field reserve)" 912345.67
expect 5 "not more than there is" bank vault return 999,999

# ---- customers and accounts ----

expect 0 "customer open" bank customer open --name 爱丽丝 --tier 3 --phone 138 --id-number 110X \
    --deposit 5,000 -o "$work/alice.join"
is "a join file is 0600" "$(stat -c %a "$work/alice.join")" 600
expect 1 "no such tier" bank customer open --name Bob --tier 9 -o "$work/b.join"
expect 2 "no such name" bank customer open --name '' --tier 3 -o "$work/b.join"
printf '%s\n' name,tier,phone,id_number,label,opening_deposit Bob,4,,,,3000 \
    '"清心茶馆",2,,,清心茶馆,"1,000.50"' >"$work/good.csv"
printf 'name,tier\nAnn,3\nEve,7\n' >"$work/bad.csv"
expect 1 "all rows or none" bank customer import "$work/bad.csv"
says "it names the line" "line 3"
expect 0 "customer import" bank customer import "$work/good.csv" --joins "$work/joins" --json
is "two customers" "$(field customers.1.balance)" 1000.50
is "their join files are 0600" "$(stat -c %a "$work"/joins/*.join | sort -u)" 600
expect 0 "customer list" bank customer list --json
is "Eve is not among them" "$(field customers.2.name)" 清心茶馆
expect 0 "customer show by name" bank customer show 爱丽丝 --json
is "her number" "$(field number)" 1
expect 0 "customer join makes another" bank customer join 1 -o "$work/alice2.join"
expect 1 "nobody" bank customer show Nobody
expect 0 "account deposit" bank account deposit Bob 12.50
expect 5 "account withdraw, too much" bank account withdraw Bob 4000
expect 0 "account withdraw" bank account withdraw Bob 12.50
expect 0 "account show" bank account show Bob --json
is "the account" "$(field balance)" 3000.00
is "and its entries" "$(field entries.2.act)" "paid out"
expect 0 "in Chinese" bank --lang zh account show 爱丽丝
says "the words" "账户"

# ---- wallets ----

expect 4 "an older join file is void" wallet void init --join "$work/alice.join" --no-passphrase
expect 0 "a wallet joins" wallet alice init --join "$work/alice2.join" --no-passphrase
expect 4 "a code works once" wallet twice init --join "$work/alice2.join" --no-passphrase
expect 0 "another one joins" wallet bob init --join "$work/joins/2.join" --no-passphrase
expect 0 "wallet list" bank wallet list --json
is "two keys" "$(field wallets.1.state)" active
expect 0 "withdraw" wallet alice withdraw 300
expect 5 "above the tier's limit" wallet bob withdraw 2500
expect 0 "account after" bank account show 1 --json
is "debited" "$(field balance)" 4700.00
is "held" "$(field held)" 300.00

# ---- the central bank is down ----

expect 0 "a request" wallet bob request 20 -o "$work/bob.request"
expect 0 "paid" wallet alice pay "$work/bob.request" -o "$work/bob.packet"
expect 0 "received" wallet bob receive "$work/bob.packet" -o "$work/bob.receipt"
stop "$central_server" "the central bank"
central_server=
expect 8 "sync: kept, settled later" wallet bob sync
expect 0 "settle status" bank settle status --json
is "one packet waits" "$(field waiting)" 1
expect 8 "a withdrawal waits too" wallet alice withdraw 10
expect 0 "it is debited" bank account show 1 --json
is "once" "$(field balance)" 4690.00
expect 8 "so does an order" bank vault order 50
expect 3 "a revocation does not wait" bank -y wallet revoke "$(bank wallet list --json |
    "$python" -c 'import json, sys; print(json.load(sys.stdin)["wallets"][0]["key_id"])')"
kill -KILL "$bank_server"
wait "$bank_server" 2>/dev/null
start_bank
expect 0 "a killed bank still knows" bank settle status --json
is "the packet waits" "$(field waiting)" 1
start_central
await "settled by itself" 0 waiting bank settle status
is "once" "$(field settled)" 1
expect 0 "sync" wallet bob sync
expect 0 "sync brings the tokens" wallet alice sync
expect 0 "account" bank account show 1 --json
is "still debited once" "$(field balance)" 4690.00

# ---- deposit, revoke, stop ----

expect 0 "deposit" wallet bob deposit 20
expect 0 "account" bank account show Bob --json
is "credited" "$(field balance)" 3020.00
key=$(bank customer show Bob --json | "$python" -c '
import json, sys
print([w["key"] for w in json.load(sys.stdin)["wallets"] if w["state"] == "active"][0])')
expect 1 "revoking looks before it asks" bank wallet revoke zz
says "what to do" "dcep-bank wallet list shows all"
expect 2 "revoking asks first" bank wallet revoke "$key"
expect 0 "whose it is" bank wallet revoke "$key" --dry-run --json
is "the customer" "$(field customer)" 2
is "and it is as it was" "$(field state)" active
expect 0 "wallet revoke" bank -y wallet revoke "$key"
expect 0 "the central bank has it" central revocation list --json
says "the key id" "$(bank wallet list --json | "$python" -c '
import json, sys
wallets = json.load(sys.stdin)["wallets"]
print([w["key_id"] for w in wallets if w["key"] == sys.argv[1]][0])' "$key")"
expect 4 "a revoked wallet gets nothing new" wallet bob withdraw 1
expect 0 "status" bank status --json
is "the name" "$(field name)" "North Bank"
is "nothing waits" "$(field waiting)" 0
expect 0 "the books balance" central supply --recount
expect 2 "an unknown command" bank vault shwo
says "gets a suggestion" "show"
grep -q 爱丽丝 "$work/central/central.db" "$work/central/central.db-wal" 2>/dev/null
is "no name reached the central bank" $? 1
# SIGTERM while callers go on and on: it ends all the same.
"$python" tests/acceptance/flood.py "$(sed -n 's/.*listens on //p' "$work/bank.ready")" &
flood=$!
sleep 1
expect 0 "the operator is heard meanwhile" bank status
kill -TERM "$bank_server"
for _ in $(seq 200); do kill -0 "$bank_server" 2>/dev/null || break; sleep 0.05; done
is "a flood does not keep the bank from stopping" \
    "$(kill -0 "$bank_server" 2>/dev/null && echo runs)" ""
kill -KILL "$flood" "$bank_server" 2>/dev/null
wait "$flood" "$bank_server" 2>/dev/null
start_bank

stop "$bank_server" "the bank"
bank_server=
expect 0 "commands open the database themselves" bank customer list
stop "$central_server" "the central bank"
central_server=

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
