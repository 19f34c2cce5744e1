#!/usr/bin/env bash
# The main job, told as a story: issue, withdraw, pay offline over three hops, settle, name the double spender.
#
# Only the public programs are used; each command is printed before its result, so this is the tutorial too. Every act asserts what
# it claims; the exit code is 0 only if all of it held.   KEEP=1 leaves it running.   STEP=1 waits between acts.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${DCEP_BIN:-$(dirname "$here")/build}
keep=${KEEP:-} step=${STEP:-}
dir=$(mktemp -d "${TMPDIR:-/tmp}/dcep-demo.XXXXXX")
export XDG_DATA_HOME=$dir/wallets DCEP_LANG=${DCEP_LANG:-${DEMO_LANG:-en}}
servers=() checks=0
bold='' dim='' green='' red='' off=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' off=$'\e[0m'; fi

finish() {
    local code=$?
    trap - EXIT
    [ $code -eq 0 ] || printf '%s\n' "${red}The demo stopped: see the last command above. Files: $dir${off}"
    if [ $code -eq 0 ] && [ -n "$keep" ]; then return; fi
    for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${servers[@]}"; do wait "$pid" 2>/dev/null || true; done
    [ $code -ne 0 ] || rm -rf "$dir"
    exit $code
}
trap finish EXIT
trap 'exit 130' INT TERM

act() {
    if [ -n "$step" ] && [ "$checks" -gt 0 ] && [ -t 0 ]; then read -r -p "${dim}Enter for the next act ${off}" _; fi
    printf '\n%s%s%s\n' "$bold" "$1" "$off"
    shift
    printf '   %s\n' "$@"
}
say() { printf '   %s\n' "$@"; }
die() {
    printf '%s\n' "${red}   WRONG: $*${off}"
    exit 1
}
good() {
    checks=$((checks + 1))
    printf '   %s\n' "${green}✓ $*${off}"
}

# Print a command as a person would type it, run it, show its output, check its exit code.
quoted() {
    local word line=
    for word in "$@"; do
        word=${word//"$dir/"/}
        case $word in *[!A-Za-z0-9_./=:,%+-]*) word="'$word'" ;; esac
        line+=" $word"
    done
    printf '%s' "${line# }"
}
out=$dir/.out
run() { expect 0 "$@"; }
expect() {
    local want=$1 code=0
    shift
    printf '%s\n' " ${dim}\$${off} $(quoted "${shown[@]}" "${@:2}")"
    "$@" >"$out" 2>&1 || code=$?
    sed 's/^/     /' "$out" | sed "s|$dir/||g"
    [ "$code" -eq "$want" ] || die "exit $code, expected $want"
    checks=$((checks + 1))
    [ "$want" -eq 0 ] || printf '     %s\n' "${dim}(exit $code, as it should be)${off}"
}
central() { shown=(dcep-central) && expect "${want:-0}" "$bin/dcep-central" --data "$dir/central" -y "$@"; }
bank() {
    local name=$1
    shift
    shown=(dcep-bank --data "$name") && expect "${want:-0}" "$bin/dcep-bank" --data "$dir/$name" -y "$@"
}
wallet() {
    local name=$1
    shift
    shown=(dcep-wallet -w "$name") && expect "${want:-0}" "$bin/dcep-wallet" -w "$name" -y "$@"
}
# The same with no network at all, where the machine allows it.
offline_run=()
if unshare -n true 2>/dev/null; then offline_run=(unshare -n); elif unshare -rn true 2>/dev/null; then offline_run=(unshare -rn); fi
offline() {
    local name=$1
    shift
    shown=(dcep-wallet -w "$name")
    if [ ${#offline_run[@]} -gt 0 ]; then
        expect "${want:-0}" "$here/demo/offline.sh" "${offline_run[@]}" -- "$bin/dcep-wallet" -w "$name" -y "$@"
    else
        expect "${want:-0}" "$bin/dcep-wallet" -w "$name" -y "$@"
    fi
}
# A value of a command's JSON: json PROGRAM ARGS... KEY; the last word is the key, of the first object that has it.
json() {
    local key=${*: -1}
    "${@:1:$#-1}" --json 2>/dev/null | tr -d '\n' | sed -nE "s/.*\"$key\": *\"?([^\",}]*)\"?.*/\1/p"
}
size() { stat -c %s "$1"; }
serve() { # NAME PROGRAM ARGS...: start a server and wait until it says it is ready
    local name=$1
    shift
    printf '%s\n' " ${dim}\$${off} $(basename "$1") --data $name serve &"
    "$@" serve >"$dir/$name.log" 2>&1 &
    servers+=($!)
    for _ in $(seq 100); do
        if "$@" status >/dev/null 2>&1 && [ -S "$dir/$name/control.sock" ]; then return; fi
        kill -0 "${servers[-1]}" 2>/dev/null || { cat "$dir/$name.log"; die "$name does not start"; }
        sleep 0.1
    done
    cat "$dir/$name.log"
    die "$name is not ready after 10 s"
}

for program in central bank wallet; do
    [ -x "$bin/dcep-$program" ] || die "$bin/dcep-$program is missing: run make first"
done
printf '%s\n' "${bold}dcep: a central bank, two banks, four citizens and a tea shop${off}"
if [ ${#offline_run[@]} -gt 0 ]; then
    say "Offline commands run in a network namespace without a network."
else
    say "This machine allows no network namespaces: offline commands run without one, and open no connection."
fi
say "Everything is in $dir"

act "[1/7] KEYS" \
    "The root key signs certificates and then stays away from every server." \
    "Demo keys are not sealed under a passphrase; real ones are (leave --no-passphrase out)."
central init --network dcep-demo --listen 127.0.0.1:0 --root-key "$dir/safe/root.key" --no-passphrase
for name in north south; do
    bank $name init --network dcep-demo --name "${name^} Bank" --tls-name $name.dcep --listen 127.0.0.1:0 --no-passphrase
    bank $name enroll -o "$dir/$name.request"
    central bank enroll "$dir/$name.request" --root-key "$dir/safe/root.key" -o "$dir/$name.admission"
    bank $name enroll --accept "$dir/$name.admission"
done
mv "$dir/safe" "$dir/safe.locked" && say "The root key is locked away now; serve does not need it."
serve central "$bin/dcep-central" --data "$dir/central"
for name in north south; do
    central reserve credit "${name^} Bank" 1,500,000.00
    central guarantee post "${name^} Bank" 50,000.00
    serve $name "$bin/dcep-bank" --data "$dir/$name"
done
central bank list
good "two banks enrolled by signed request; each reserve credited, part of it posted as guarantee"

act "[2/7] ISSUE" "A bank orders digital yuan against its reserve; an operator of the central bank approves."
want=8 bank north vault order 1,000,000.00
central approval list
approval=$(json "$bin/dcep-central" --data "$dir/central" approval list number)
central approval approve "$approval"
want=5 bank south vault order 9,000,000.00
want=8 bank south vault order 200,000.00
central approval approve "$(json "$bin/dcep-central" --data "$dir/central" approval list number)"
for name in north south; do
    for _ in $(seq 100); do
        [ "$(json "$bin/dcep-bank" --data "$dir/$name" vault show spendable)" != 0.00 ] && break
        sleep 0.1
    done
    bank $name vault show
done
central supply
good "issued against reserves to the fen; an order over the reserve was refused; the books balance"

act "[3/7] DISTRIBUTE" "Customers come from a CSV file; each gets a one-time join file, and makes its keys itself."
bank north customer import "$here/demo/north.csv" --joins "$dir/joins"
bank south customer import "$here/demo/south.csv" --joins "$dir/joins"
bank south customer list
joins=("$dir"/joins/*)
[ ${#joins[@]} -eq 5 ] || die "expected 5 join files, found ${#joins[@]}"
for name in alice mallory bob carol tea; do
    file=$(find "$dir/joins" -iname "*$name*" | head -n 1)
    [ -n "$file" ] || die "no join file for $name"
    wallet $name init --join "$file" --no-passphrase
done
wallet alice withdraw 300.00
wallet mallory withdraw 50.00
want=5 wallet bob withdraw 2,500.00
wallet alice balance
good "wallets at both banks hold tokens signed by the central bank; a withdrawal above the tier's limit was refused"

act "[4/7] OFFLINE, THREE HOPS" "Alice pays Bob, Bob pays Carol with that very coin, Carol pays the tea shop. No network anywhere."
hop() { # FROM TO AMOUNT MEMO NUMBER
    offline "$2" request "$3" --memo "$4" -o "$dir/$5.request"
    offline "$1" pay "$dir/$5.request" -o "$dir/$5.packet"
    offline "$2" receive "$dir/$5.packet" -o "$dir/$5.receipt"
    offline "$1" receive "$dir/$5.receipt"
    sizes+=("$(size "$dir/$5.packet")")
    good "$1 paid $2 ¥$3: request $(size "$dir/$5.request") bytes, packet $(size "$dir/$5.packet") bytes, receipt $(size "$dir/$5.receipt") bytes"
}
sizes=()
hop alice bob 20.00 "还你的午饭 lunch" 1
hop bob carol 20.00 "车费 taxi" 2
hop carol tea 20.00 "龙井 tea" 3
offline tea inspect "$dir/3.packet"
say "Packet sizes over the hops: ${sizes[*]} bytes"
[ "${sizes[0]}" -lt "${sizes[1]}" ] && [ "${sizes[1]}" -lt "${sizes[2]}" ] || die "packets should grow with the hops"

act "[5/7] CRIME" "Mallory copies the wallet directory. Both copies pay the same coin, offline, to two honest people." \
    "Both accept. A software wallet cannot prevent this: it is detected, and paid for by a guarantee."
cp -a "$XDG_DATA_HOME/dcep/wallets/mallory" "$XDG_DATA_HOME/dcep/wallets/mallory-copy"
hop mallory bob 50.00 "书 a book" 4
hop mallory-copy carol 50.00 "伞 an umbrella" 5
offline bob balance
offline carol balance

act "[6/7] CAUGHT" "Bob and Carol reconnect. The first settles; the second is a double spend."
wallet bob sync
want=7 wallet carol sync
central case list
number=$(json "$bin/dcep-central" --data "$dir/central" case list number)
central case show "$number"
central case evidence "$number" -o "$dir/case.proof"
root=$(json "$bin/dcep-central" --data "$dir/central" status root_key)
shown=(dcep-central) && run "$bin/dcep-central" case verify "$dir/case.proof" --root-public-key "$root"
good "a separate run with the root's public key only verified the proof: it names one key, Mallory's"
central revocation list
[ "$(json "$bin/dcep-central" --data "$dir/central" revocation list reason)" != "" ] || die "nobody is revoked"
wallet carol balance
carol=$(json "$bin/dcep-wallet" -w carol balance spendable)
[ "$carol" = 50.00 ] || die "Carol should hold ¥50.00 again, not ¥$carol"
central bank list
[ "$(json "$bin/dcep-central" --data "$dir/central" bank show "North Bank" guarantee)" = 49950.00 ] || die "the guarantee should have paid ¥50.00"
good "Carol is whole, out of the guarantee of Mallory's bank; Alice, Bob and Carol are cleared"

act "[7/7] BOOKS" "net funded = reserves + guarantees + loss account + unspent coins, recomputed from the rows."
central supply
wallet tea sync
wallet tea deposit --all
bank south account show "清心茶馆 Tea shop"
bank south vault return 10,000.00
central supply
central status
good "deposited, redeemed, still balanced to the fen"

printf '\n%s\n' "${bold}All of it held: $checks checks.${off}"
say "A software wallet detects double spending; it cannot prevent it. README.md says what else this does not do."
if [ -n "$keep" ]; then
    say "" "It is still running. To go on:" "" \
        "  export PATH=$bin:\$PATH XDG_DATA_HOME=$XDG_DATA_HOME" \
        "  dcep-wallet -w alice balance" \
        "  dcep-central --data $dir/central supply" \
        "  dcep-bank --data $dir/north customer list" "" \
        "To stop: kill ${servers[*]}; rm -r $dir"
    disown -a
fi
