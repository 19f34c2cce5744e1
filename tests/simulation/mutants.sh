#!/bin/bash
# Is the auditor awake? Each mutant breaks one rule in one file of a core; one of a few seeds of the
# simulated world must notice it, and by the rule that is named.
#
#   tests/simulation/mutants.sh [NAME...]      BUILD: the build directory (default build)
set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=${BUILD:-build}
SEEDS=${SEEDS:-24}
ACTS=${ACTS:-300}
MAKE=${MAKE:-make --no-print-directory}
dir=$BUILD/simulation/mutants
passed=0 failed=0
mkdir -p "$dir"

# name, file, sed script, rules of which one must be named
mutant()
{
    local name=$1 file=$2 script=$3 rules=$4 out='' seed line=''
    [ "${#chosen[@]}" = 0 ] || [[ " ${chosen[*]} " == *" $name "* ]] || return 0
    sed -E "$script" "$file" >"$dir/$name.c"
    if cmp -s "$file" "$dir/$name.c"; then
        echo "$name: $file has no such line any more"
        failed=$((failed + 1))
        return
    fi
    if ! $MAKE BUILD="$BUILD" "$dir/$name" >"$dir/$name.log" 2>&1; then
        echo "$name: does not build, see $dir/$name.log"
        failed=$((failed + 1))
        return
    fi
    for ((seed = 1; seed <= SEEDS && ${#line} == 0; seed += 2)); do # most are noticed at once
        out=$("$dir/$name" --seed "$seed" --seeds 2 --acts "$ACTS" --quiet 2>&1)
        line=$(grep -oE "^seed [0-9]+, act [0-9]+: ($rules): .*" <<<"$out" | head -1)
    done
    if [ -n "$line" ]; then
        printf '%-24s noticed: %s\n' "$name" "$line"
        passed=$((passed + 1))
    else
        printf '%-24s NOT NOTICED\n%s\n' "$name" "$(tail -3 <<<"$out")"
        failed=$((failed + 1))
    fi
}

chosen=("$@")

mutant conflict-settles central/register_apply.c \
    's/if \(id_equal\(&first_id, &payment->id\)\) \{/if (true) {/' 'I2|I6'
mutant conflict-without-case central/cases.c \
    's/^    if \(open\)$/    if (true)/' 'I6'
mutant claim-paid-for-nothing central/claims.c \
    '/amount_sub\(&bank\.guarantee, bank\.guarantee, amount\)/d' 'LAW'
mutant claims-beyond-the-cap central/claims.c \
    's/amount_min\(amount_min\(amount, left\), /amount_min(amount, /' \
    'COMP'
mutant forker-compensated central/claims.c \
    's/if \(!key_equal\(&orphan->owner_key, &orphan->offender_key\).*/if (true)/' 'COMP'
mutant order-minted-again central/register_order.c \
    's/^    if \(honoured\)$/    if (false)/' 'LAW|I4'
mutant wallet-spends-again common/purse/purse_coin.c \
    's/\[PURSE_RESERVED\] = \{NO, COM,/[PURSE_RESERVED] = {NO, AVA,/' 'I3|I5'
mutant counter-used-again common/purse/purse_plan.c \
    's/row\.next_counter\+\+/row.next_counter/' 'I5'
mutant no-tombs common/purse/purse_take.c \
    's/\*fresh = !held && !tombed;/*fresh = !held;/' 'I3|I5'
mutant orphan-counts-as-money common/purse/purse_coin.c \
    '/^ +\[PURSE_AVAILABLE\]/ s/AVA, ORP,/AVA, AVA,/' 'I3|COMP'
mutant claim-without-request wallet/sync/sync_order.c \
    's/return ordering->plan\.kind == PURSE_PLAN_CLAIM$/return false/' 'COMP'
mutant inbox-not-handed-in common/purse/purse_take.c \
    's|: purse_inbox_put\(env, bytes\);|: (bytes.size == 0 ? ERR_IO : ERR_OK);|' \
    'I7|STUCK|WORTH'
mutant word-not-checked common/purse/purse_learn.c \
    's/(: |\*status = )merkle_settled\(.*;/\1STATUS_OK;/' 'I3|I7|STUCK|WORTH|COMP'
mutant booked-again intermediary/relay_settled.c \
    's/^    \*fresh = error == ERR_OK;/    *fresh = true;/' 'BANK|WORTH'
mutant deposit-credited-twice intermediary/deposits.c \
    's/^    return (teller_credit\(.*\));/    TRY(\1);\n&/' \
    'BANK|WORTH'
mutant not-debited intermediary/teller_withdraw.c \
    's/TRY\(teller_debit\(.*/(void)0;/' 'BANK'

mutant refund-leaves-the-coin central/refund.c \
    's/^    voided\.state = COIN_REFUNDED;//' 'LAW|REFUND'
mutant refund-to-anybody central/refund.c \
    's/if \(!goal_is_mine \|\| !span_equal\(.*/if (!goal_is_mine)/' 'REFUND'
mutant refund-before-its-day central/refund.c \
    's/time_day\(env->now\) < coin->redeem_by_day/false/' 'REFUND'
mutant advance-taken-twice central/refund.c \
    's/amount_compare\(used, paid\) <= 0 \? STATUS_OK : STATUS_ORDER/STATUS_OK/' 'REFUND'
mutant own-money-an-advance central/refund.c \
    's/order->is_by_vault == 1 \&\& //' 'REFUND'
mutant late-payment-not-kept central/register_apply.c \
    '/^static enum err apply_refunded/,/^}/ s/^ +TRY\(keep_spend.*//' \
    'I6'
mutant lost-orphans-not-claimed intermediary/recovery.c \
    's/^        if \(coin->is_advanced \|\|/if (coin->held.state == 3 || coin->is_advanced ||/' \
    'REFUND'
mutant advanced-and-refunded intermediary/recovery.c \
    's/^        if \(coin->is_advanced \|\|/if (/' 'REFUND'
mutant restored-coins-for-spending common/purse/purse_key.c \
    's/^    return quarantine_coins\(env, PURSE_AVAILABLE\);/    return ERR_OK;/' 'RESTORE'
mutant clone-not-looked-for central/clones.c \
    's/^    return accuse\(&room, &seen, &row\);/    return ERR_OK;/' 'I6'
mutant clone-note-forgotten central/register_order.c \
    '/TRY\(clones_keep/d' 'I6'
mutant disputed-line-archived central/archive_line.c \
    's/^    if \(rows\.count > 0\)$/    if (false)/' 'ARCHIVE'
mutant archived-before-its-day central/archive_line.c \
    's/return time_day\(env->now\) < coin->redeem_by_day .*/return false;/' 'ARCHIVE'
mutant archived-line-unknown central/archive.c \
    's/^    \*held = !found;/    *held = false;/' 'COMP|LAW|I4|I6|I7|STUCK|WORTH'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
