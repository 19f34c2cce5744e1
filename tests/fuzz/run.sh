#!/bin/bash
# Runs fuzz targets for a while, a few at a time, each from the committed corpus.
#
#   tests/fuzz/run.sh DIRECTORY SECONDS JOBS [TARGET...]
#
# DIRECTORY holds the programs (fuzz_<target>) that `make fuzz-build` made. What a run finds goes on
# growing in DIRECTORY/found/<target>; an input that broke something stays in DIRECTORY as
# crash-<target>-*, and the line printed for it says how to repeat it. The last line is "N passed,
# N failed".
set -u

[ $# -ge 3 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
directory=$1 seconds=$2 jobs=$3
shift 3
corpus=$(dirname "$0")/corpus
[ $# -gt 0 ] || mapfile -t all < <("$directory/fuzz_wire" --list; echo frames)
targets=("${@:-${all[@]}}")

run_one() # target
{
    local target=$1 found=$directory/found/$1 log=$directory/$1.log status=0
    mkdir -p "$found"
    if [ -z "$(ls -A "$corpus/$target" 2>/dev/null)" ]; then
        echo "fuzz $target: no corpus in $corpus/$target" | tee "$log.failed"
        return
    fi
    "$directory/fuzz_$target" -max_total_time="$seconds" -max_len=8192 -timeout=5 \
        -rss_limit_mb=1024 -malloc_limit_mb=128 -print_final_stats=1 -verbosity=1 \
        -artifact_prefix="$directory/crash-$target-" "$found" "$corpus/$target" \
        >"$log" 2>&1 || status=$?
    if [ $status = 0 ]; then
        awk -v target="$target" '/number_of_executed_units/ { runs = $2 }
            / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") covered = $(i + 1) }
            END { printf "fuzz %-20s ok  %9d runs, %5d edges\n", target, runs, covered }' "$log"
        echo ok >"$log.passed"
    else
        echo "fuzz $target FAILED (exit $status), see $log"
        for input in "$directory/crash-$target-"*; do
            [ ! -e "$input" ] || echo "    repeat: $directory/fuzz_$target $input"
        done
        echo failed >"$log.failed"
    fi
}

rm -f "$directory"/*.log.passed "$directory"/*.log.failed
for target in "${targets[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
        wait -n
    done
    run_one "$target" &
done
wait

passed=$(find "$directory" -maxdepth 1 -name '*.log.passed' | wc -l)
failed=$((${#targets[@]} - passed))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
