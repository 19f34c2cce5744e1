#!/bin/bash
# Runs the steps of tools/check.steps and adds their tests up. The last line is always
# "N passed, N failed[, N skipped]"; exit 0 only if every step reported and none failed.
#
#   tools/check.sh [PATTERN...]    only the steps whose name contains one of the patterns
#
# A step reports by Criterion's "Synthesis:" lines or by lines "N passed, N failed[, N skipped]",
# which are summed. A step that exits non-zero without naming a failure counts as one failed test,
# and so does one that reports nothing. Logs stay in $BUILD/check/; everything else a step leaves
# (its TMPDIR, processes of its session) is removed.
set -u
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-build}
steps_file=${CHECK_STEPS:-tools/check.steps}
step_timeout_s=${CHECK_TIMEOUT_S:-600}
cores=$(nproc)
parallel=$((cores < 2 ? 1 : cores < 4 ? cores + 1 : 4)) # one more than cores: tests also wait
PYTHON=$([ -x /usr/bin/python3 ] && echo /usr/bin/python3 || echo python3)
MAKE="make --no-print-directory -j$cores"
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
export BUILD PYTHON MAKE

mkdir -p "$BUILD/check" || exit 1
logs=$(cd "$BUILD/check" && pwd)
rm -f "$logs"/*.log "$logs"/*.result
scratch=$(mktemp -d "${TMPDIR:-/tmp}/dcep-check-XXXXXX") || exit 1
declare -A session_of=() # running step: its session
passed=0 failed=0 skipped=0 broken=()

# Everything that still runs in a step's session, whatever group it made for itself.
members_of() # session
{
    # cat goes on where a process is gone by now; mawk would stop there and miss the rest
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v session="$1" '{
        pid = $1
        sub(/^.*\) /, "") # the name in parentheses may hold anything
        if ($4 == session && $1 != "Z") print pid
    }'
}

kill_session()
{
    local pids
    pids=$(members_of "$1")
    [ -n "$pids" ] || return 0
    # shellcheck disable=SC2086 # a list of words
    kill -TERM $pids 2>/dev/null
    sleep 0.2
    pids=$(members_of "$1")
    # shellcheck disable=SC2086
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null
}

finish()
{
    local name
    for name in "${!session_of[@]}"; do
        kill_session "${session_of[$name]}"
    done
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# In its own session, with its own TMPDIR; the result file appears when it is over.
start() # name, command
{
    local log=$logs/${1//\//_} tmp
    if [ -e "$log.log" ]; then # whose result would be whose?
        echo "check: $steps_file: two steps are called $1; give one another name" >&2
        exit 1
    fi
    : >"$log.log"
    tmp=$(mktemp -d "$scratch/XXXXXX")
    # shellcheck disable=SC2016 # expanded by the inner shell
    TMPDIR=$tmp setsid bash -c '
        begin=$(date +%s.%N)
        timeout --foreground -k 10 "$1" bash -c "$2" >"$3.log" 2>&1 </dev/null
        status=$?
        [ $status != 124 ] || echo "check: stopped after $1 s" >>"$3.log"
        echo "$status $begin $(date +%s.%N)" >"$3.part" && mv "$3.part" "$3.result"
    ' check "$step_timeout_s" "$2" "$log" &
    session_of[$1]=$!
}

# What the log reports: "passed failed skipped", or nothing if it reports nothing.
counts_of() # log
{
    sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
        /Synthesis: Tested:/ {
            gsub(/[|:]/, " ")
            for (i = 1; i < NF; i++) {
                if ($i == "Tested") tested = $(i + 1)
                if ($i == "Passing") passing = $(i + 1)
            }
            passed += passing; failed += tested - passing; reports++
        }
        /^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ {
            passed += $1; failed += $3; skipped += $5; reports++
        }
        END { if (reports) print passed + 0, failed + 0, skipped + 0 }'
}

collect() # name, kind
{
    local log=$logs/${1//\//_} status begin end p=0 f=0 s=0 counts verdict=ok
    read -r status begin end <"$log.result"
    counts=$(counts_of "$log.log")
    if [ "$2" = build ]; then
        counts=$([ "$status" = 0 ] && echo 1 0 0 || echo 0 1 0)
    elif [ -z "$counts" ]; then
        counts="0 1 0"
        echo "check: no line of this step says how many tests passed" >>"$log.log"
    fi
    read -r p f s <<<"$counts"
    [ "$status" = 0 ] || [ "$f" -gt 0 ] || f=1
    if [ "$f" -gt 0 ]; then
        verdict=FAILED
        broken+=("$1")
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf '%-36s %7d %7d %8d %6.0f s  %s\n' "$1" "$p" "$f" "$s" \
        "$(awk "BEGIN { print $end - $begin }")" "$verdict"
    kill_session "${session_of[$1]}"
    wait "${session_of[$1]}" 2>/dev/null
    unset "session_of[$1]"
    rm -f "$log.result"
}

# Waits until fewer than $1 steps run, taking in those that are over.
drain() # below, kind
{
    local name
    while [ "${#session_of[@]}" -ge "$1" ] && [ "${#session_of[@]}" -gt 0 ]; do
        for name in "${!session_of[@]}"; do
            if [ -e "$logs/${name//\//_}.result" ]; then
                collect "$name" "$2"
            elif ! kill -0 "${session_of[$name]}" 2>/dev/null; then
                sleep 0.2 # over, and its result on the way, unless it was killed
                [ -e "$logs/${name//\//_}.result" ] || echo "137 0 0" >"$logs/${name//\//_}.result"
            fi
        done
        sleep 0.05
    done
}

wanted() # name
{
    local pattern
    [ ${#patterns[@]} -gt 0 ] || return 0
    for pattern in "${patterns[@]}"; do
        [[ $1 != *"$pattern"* ]] || return 0
    done
    return 1
}

run() # kind, name, command
{
    wanted "$2" || return
    case $1 in
    build | alone)
        drain 1 test
        start "$2" "$3"
        drain 1 "$1"
        ;;
    test)
        drain "$parallel" test
        start "$2" "$3"
        ;;
    esac
}

# Once for each file that the need matches.
expand() # kind, name, need, command
{
    local file found=0
    for file in $(eval echo "$3"); do
        [ -e "$file" ] || continue
        found=1
        run "$1" "${2//"{}"/$(basename "$file" _test)}" "${4//"{}"/$file}"
    done
    [ $found = 1 ] || run "$1" "${2//"{}"/none}" "echo 'check: there is no $3'; exit 1"
}

patterns=("$@")
printf '%-36s %7s %7s %8s %8s\n' step passed failed skipped time
mapfile -t steps <"$steps_file" # at once: somebody may be editing it
for step in "${steps[@]}"; do
    read -r kind name need command <<<"$step"
    case $kind in
    build | test | alone) expand "$kind" "$name" "$need" "$command" ;;
    '' | '#'*) ;;
    *) echo "check: $steps_file: unknown kind $kind" >&2 && exit 1 ;;
    esac
done
drain 1 test

for name in ${broken[@]+"${broken[@]}"}; do
    printf '\n---- %s failed; the end of %s:\n' "$name" "$BUILD/check/${name//\//_}.log"
    tail -n 25 "$logs/${name//\//_}.log"
done
echo
printf '%d passed, %d failed' "$passed" "$failed"
[ "$skipped" = 0 ] || printf ', %d skipped' "$skipped"
echo
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
