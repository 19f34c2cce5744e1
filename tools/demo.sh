#!/usr/bin/env bash
# The main job, told as a story: issue, withdraw, pay offline over three hops, settle, name the
# double spender.
#
# Only the public programs are used, and each command is printed as it is run, before its result:
# this is the tutorial too. Every act asserts what it claims; the exit code is 0 only if all of it
# held. KEEP=1 leaves it running. STEP=1 waits between acts.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."
programs=$(cd "${DCEP_BIN:-${BUILD:-build}}" && pwd)
keep=${KEEP:-} step=${STEP:-}
for variable in $(compgen -e DCEP_); do unset "$variable"; done
export LC_ALL=C.UTF-8
dir=$(mktemp -d "${TMPDIR:-/tmp}/dcep-demo.XXXXXX")
cd "$dir"
export XDG_DATA_HOME=$dir/home PATH=$programs:$PATH
servers=() checks=0
bold='' dim='' green='' red='' off=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' off=$'\e[0m'
fi

finish() {
    local code=$? pid
    trap - EXIT
    if [ "$code" -eq 0 ] && [ -n "$keep" ]; then return; fi
    for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${servers[@]}"; do wait "$pid" 2>/dev/null || true; done
    if [ "$code" -eq 0 ] || [ "$code" -eq 130 ]; then
        cd / && rm -rf "$dir"
    else
        printf '%s\n' "${red}The demo stopped: see the last command. Files: $dir${off}"
    fi
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# ---- telling ----

act() { # title, what happens...
    if [ -n "$step" ] && [ "$checks" -gt 0 ] && [ -t 0 ]; then
        read -r -p "${dim}Enter for the next act ${off}" _
    fi
    printf '\n%s\n' "$bold$1$off"
    say "${@:2}"
}
say() { printf '   %s\n' "$@"; }
die() {
    printf '%s\n' "${red}   WRONG: $*${off}"
    exit 1
}
good() {
    checks=$((checks + 1))
    printf '   %s\n' "$green✓ $1$off" "${@:2}"
}
# As a person would type it; long lines are broken as a shell allows.
show() { # prompt, command...
    local word line=" $1" piece='' width=0
    shift
    for word in "$@" ''; do
        case $word in '&' | '' | '$('*) ;; *[!A-Za-z0-9_./=:,%+-]*) word="'$word'" ;; esac
        if [ -n "$piece" ] && [[ $piece != -* || $piece == *' '* || $word == -* || -z $word ]]; then
            if [ $((width + ${#piece})) -gt 70 ]; then
                line+=$' \\\n     '
                width=4
            fi
            line+=" $piece"
            width=$((width + ${#piece} + 1))
            piece=$word
        else
            piece+=${piece:+ }$word
        fi
    done
    printf '%s\n' "$line"
}

# What a program said, within 80 columns.
indent() {
    local line head
    while IFS= read -r line; do
        while [ ${#line} -gt 77 ]; do
            head=${line:0:77}
            [[ ${head#"${head%%[! ]*}"} == *' '* ]] || break # one long word
            head=${head% *}
            printf ' %s│%s %s\n' "$dim" "$off" "$head"
            line="  ${line:$((${#head} + 1))}"
        done
        printf ' %s│%s %s\n' "$dim" "$off" "$line"
    done
}

# ---- running ----

out=$dir/.out
run() { expect 0 "$@"; }
# An exit code other than 0 is named, because the story is about some of them.
expect() { # exit code, command...
    local want=$1
    shift
    show "$dim\$$off" "$@"
    finish_command "$want" "$@"
}
finish_command() {
    local want=$1 code=0
    shift
    "$@" >"$out" 2>&1 </dev/null || code=$?
    sed "s|$dir/||g" "$out" | indent
    [ "$code" -eq "$want" ] || die "exit $code, expected $want"
    checks=$((checks + 1))
    [ "$want" -eq 0 ] || printf ' %s\n' "${dim}│ (exit $code, as it should be)$off"
}
# The same where there is no network at all, if the machine allows such a place.
nowhere=()
if unshare -n true 2>/dev/null; then
    nowhere=(unshare -n)
elif unshare -rn true 2>/dev/null; then
    nowhere=(unshare -rn)
fi
offline() { # command...
    show "${dim}offline\$$off" "$@"
    finish_command 0 "${nowhere[@]}" "$@"
}
value() { # key, command...: a value of its JSON, of the first object that has the key
    "${@:2}" --json 2>/dev/null | grep -oE "\"$1\":(\"[^\"]*\"|[^\",}]*)" | head -n 1 |
        sed -E 's/^"[^"]*"://; s/"//g'
}
# The key of a customer of North Bank, as the bank's list of wallets has it.
key_of() { # name, key or key_id
    local number
    number=$(value number dcep-bank --data north customer show "$1")
    dcep-bank --data north wallet list --json | grep -oE '\{[^{}]*"customer":'"$number"'[,}]' |
        head -n 1 | grep -oE "\"$2\":\"[^\"]*" | sed 's/.*"//'
}
count() { # key, command...: how often its JSON has the key
    "${@:2}" --json 2>/dev/null | grep -oE "\"$1\":" | wc -l
}
is() { # wanted, key, command...
    local got
    got=$(value "${@:2}") || true
    [ "$got" = "$1" ] || die "$2 of ${*:3} is $got, not $1"
    checks=$((checks + 1))
}
size() { stat -c %s "$1"; }
serve() { # data directory, program: start its server, wait until it is ready
    show "$dim\$$off" "$2" --data "$1" serve "&"
    "$2" --data "$1" serve >"$1.log" 2>&1 </dev/null &
    servers+=($!)
    for _ in $(seq 100); do
        ! grep -q listens "$1.log" || return 0
        kill -0 "${servers[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    cat "$1.log"
    die "$1 does not start"
}
await() { # wanted, key, command...: within 10 s
    for _ in $(seq 100); do
        [ "$(value "${@:2}")" != "$1" ] || return 0
        sleep 0.1
    done
    is "$@"
}

for program in dcep-central dcep-bank dcep-wallet; do
    [ -x "$programs/$program" ] || die "$programs/$program is missing: run make first"
done
mkdir safe joins
cp "$here"/demo/*.csv .
printf '%s\n' "${bold}dcep: a central bank, two banks, four citizens and a tea shop$off"
if [ ${#nowhere[@]} -gt 0 ]; then
    say "Commands after \"offline\$\" run in a network namespace without a network."
else
    say "This machine allows no network namespaces: commands after \"offline\$\"" \
        "run without one, and open no connection."
fi
say "The working directory is $dir."

act "[1/7] KEYS" \
    "The root key signs certificates, then stays away from every server. Demo keys" \
    "are not sealed under a passphrase; real ones are, without --no-passphrase."
run dcep-central --data central init --network dcep-demo --listen 127.0.0.1:0 \
    --root-key safe/root.key --no-passphrase
for bank in north south; do
    run dcep-bank --data $bank init --network dcep-demo --name "${bank^} Bank" \
        --tls-name $bank.dcep --listen 127.0.0.1:0 --no-passphrase
    run dcep-bank --data $bank enroll -o $bank.request
    run dcep-central --data central bank enroll $bank.request --root-key safe/root.key \
        -o $bank.admission
    run dcep-bank --data $bank enroll --accept $bank.admission
done
show "$dim\$$off" mv safe locked-away && mv safe locked-away
serve central dcep-central
for bank in north south; do
    run dcep-central --data central reserve credit "${bank^} Bank" 1,500,000.00
    run dcep-central --data central guarantee post "${bank^} Bank" 50,000.00
    serve $bank dcep-bank
done
is 1450000.00 reserve dcep-central --data central bank show "South Bank"
good "Two banks enrolled by signed request; reserves credited, guarantees posted;" \
    "  the server runs without the root key."

act "[2/7] ISSUE" \
    "A bank orders digital yuan against its reserve; an operator of the central" \
    "bank approves. An order over the reserve is refused."
expect 8 dcep-bank --data north vault order 1,000,000.00
run dcep-central --data central approval list
run dcep-central --data central approval approve \
    "$(value number dcep-central --data central approval list)"
expect 5 dcep-bank --data south vault order 9,000,000.00
expect 8 dcep-bank --data south vault order 200,000.00
run dcep-central --data central approval approve \
    "$(value number dcep-central --data central approval list)"
await 1000000.00 available dcep-bank --data north vault show
await 200000.00 available dcep-bank --data south vault show
run dcep-bank --data north vault show
run dcep-central --data central supply --recount
is true balanced dcep-central --data central supply --recount
is 1200000.00 unspent dcep-central --data central supply --recount
good "Issued against reserves to the fen; the books balance."

act "[3/7] DISTRIBUTE" \
    "Customers come from a CSV file. Each gets a join file, which works once; the" \
    "wallet makes its own key, and the bank certifies it."
run dcep-bank --data north customer import north.csv --joins joins/north
run dcep-bank --data south customer import south.csv --joins joins/south
run dcep-wallet -w alice init --join joins/north/1.join --no-passphrase
run dcep-wallet -w mallory -q init --join joins/north/2.join --no-passphrase
run dcep-wallet -w bob -q init --join joins/south/1.join --no-passphrase
run dcep-wallet -w carol -q init --join joins/south/2.join --no-passphrase
run dcep-wallet -w tea -q init --join joins/south/3.join --no-passphrase
run dcep-wallet -w alice withdraw 300.00
run dcep-wallet -w mallory withdraw 50.00
say "Bob has tier 4: 2,000.00 a payment, 5,000.00 a day."
expect 5 dcep-wallet -w bob withdraw 2,500.00
run dcep-wallet -w alice balance
is 300.00 spendable dcep-wallet -w alice balance
good "Wallets at both banks hold tokens that the central bank signed; a" \
    "  withdrawal above the limit was refused."

hop() { # payer, payee, amount, memo, file
    offline dcep-wallet -w "$2" request "$3" --memo "$4" -o "$5.request"
    offline dcep-wallet -w "$1" pay "$5.request" -o "$5.packet" -y
    offline dcep-wallet -w "$2" receive "$5.packet" -o "$5.receipt"
    offline dcep-wallet -w "$1" receive "$5.receipt"
    good "${1^} paid ${2^}: request $(size "$5.request") bytes, packet $(size "$5.packet"), \
receipt $(size "$5.receipt")."
}
act "[4/7] OFFLINE, THREE HOPS" \
    "Alice pays Bob, Bob pays Carol with that very coin, Carol pays the tea shop." \
    "No network anywhere; the three messages are files."
hop alice bob 120.00 "还你的饭钱 dinner" 1
hop bob carol 120.00 "车费 taxi" 2
hop carol tea 120.00 "龙井 tea" 3
offline dcep-wallet -w tea inspect 3.packet
is 3 hops dcep-wallet -w tea inspect 3.packet
is 1 coins dcep-wallet -w tea inspect 3.packet
say "The packet over the hops: $(size 1.packet), $(size 2.packet), $(size 3.packet) bytes."
[ "$(size 1.packet)" -lt "$(size 2.packet)" ] || die "the packet should grow with each hop"
[ "$(size 2.packet)" -lt "$(size 3.packet)" ] || die "the packet should grow with each hop"

act "[5/7] CRIME" \
    "Mallory copies her wallet. Both copies pay the same coin, offline, to two" \
    "honest people, and both accept. Software cannot prevent this; it is detected," \
    "and paid for by a guarantee."
show "$dim\$$off" cp -a home/dcep/wallets/mallory home/dcep/wallets/mallory-copy
cp -a home/dcep/wallets/mallory home/dcep/wallets/mallory-copy
hop mallory bob 50.00 "书 a book" 4
hop mallory-copy carol 50.00 "伞 an umbrella" 5
offline dcep-wallet -w carol balance

act "[6/7] CAUGHT" \
    "Bob and Carol reconnect. The first settles; the second is a double spend."
run dcep-wallet -w bob sync
expect 7 dcep-wallet -w carol sync
run dcep-central --data central case list
case_number=$(value number dcep-central --data central case list)
run dcep-central --data central case show "$case_number"
run dcep-central --data central case evidence "$case_number" -o case.proof
cp central/root.pub .
say "Anybody can check the proof with the root's public key and nothing else:"
show "$dim\$$off" dcep-central case verify case.proof --root-public-key '$(cat root.pub)'
finish_command 0 dcep-central case verify case.proof --root-public-key "$(cat root.pub)"
is "$(key_of "马洛里 Mallory" key)" offender_key \
    dcep-central --data central case show "$case_number"
run dcep-central --data central revocation list
is "$(key_of "马洛里 Mallory" key_id)" key_id \
    dcep-central --data central revocation list
[ "$(count key_id dcep-central --data central revocation list)" = 1 ] || die "not one is revoked"
[ "$(count offender_key dcep-central --data central case list)" = 1 ] || die "not one case is open"
run dcep-wallet -w carol balance
is 50.00 spendable dcep-wallet -w carol balance
is 49950.00 guarantee dcep-central --data central bank show "North Bank"
is 50000.00 guarantee dcep-central --data central bank show "South Bank"
good "Carol is whole, out of the guarantee of Mallory's bank. One key is named:" \
    "  Mallory's. Everybody between is cleared."

act "[7/7] BOOKS" \
    "net funded = reserves + guarantees + loss account + unspent coins," \
    "recomputed from the rows. The tea shop deposits; its bank redeems."
run dcep-central --data central supply --recount
run dcep-wallet -w tea sync
run dcep-wallet -w tea deposit --all
run dcep-bank --data south account show "清心茶馆 Tea shop"
is 120.00 balance dcep-bank --data south account show "清心茶馆 Tea shop"
run dcep-bank --data south vault return 10,000.00
run dcep-central --data central supply --recount
is true balanced dcep-central --data central supply --recount
good "Deposited, redeemed, and still balanced to the fen."

printf '\n%s\n' "${bold}All of it held: $checks checks.$off"
say "A software wallet detects double spending; it cannot prevent it." \
    "README.md says what else this does not do."
if [ -n "$keep" ]; then
    say "" "It is still running. To go on:" "" \
        "  cd $dir" \
        "  export PATH=$programs:\$PATH XDG_DATA_HOME=$XDG_DATA_HOME" \
        "  dcep-wallet -w alice balance" \
        "  dcep-central --data central supply --recount" \
        "  dcep-bank --data north customer list" "" \
        "To stop: kill ${servers[*]}; sleep 1; rm -r $dir"
    disown -a
fi
