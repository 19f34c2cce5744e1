#!/bin/bash
# Tests of tools/check.sh (does it see each kind of failure, does it leave anything?) and of
# tools/bootstrap.sh (with a dpkg and an apt-get that only pretend). Ends "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

expect() # what, expected, got
{
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s: expected "%s", got "%s"\n' "$1" "$2" "$3"
    fi
}

# ---- check.sh: a step's kind and command; the last line, and the exit status ----

step() # kind, need, command, expected last line, expected exit
{
    echo "$1 one:{} $2 $3" >"$scratch/steps"
    CHECK_STEPS=$scratch/steps CHECK_TIMEOUT_S=2 BUILD=$scratch TMPDIR=$scratch \
        tools/check.sh >"$scratch/out" 2>&1
    local status=$?
    expect "$3" "$4; exit $5" "$(tail -n 1 "$scratch/out"); exit $status"
}

criterion='[====] Synthesis: Tested: 5 | Passing: 3 | Failing: 1 | Crashing: 1'
step build Makefile "true" "1 passed, 0 failed" 0
step build Makefile "false" "0 passed, 1 failed" 1
step test Makefile "echo '3 passed, 0 failed'" "3 passed, 0 failed" 0
step test Makefile "echo '3 passed, 0 failed, 2 skipped'" "3 passed, 0 failed, 2 skipped" 0
step test Makefile "echo '3 passed, 0 failed'; echo '4 passed, 0 failed'" "7 passed, 0 failed" 0
step test Makefile "echo '3 passed, 2 failed'; exit 1" "3 passed, 2 failed" 1
step test Makefile "echo '3 passed, 2 failed'" "3 passed, 2 failed" 1
step test Makefile "echo '3 passed, 0 failed'; exit 1" "3 passed, 1 failed" 1
step test Makefile "echo '0 passed, 0 failed'" "0 passed, 0 failed" 1
step test Makefile "echo '$criterion'" "3 passed, 2 failed" 1
step test Makefile "true" "0 passed, 1 failed" 1
step test Makefile "echo '3 passed, 0 failed'; kill -9 \$\$" "3 passed, 1 failed" 1
step test Makefile "kill -9 0" "0 passed, 1 failed" 1
step test Makefile "echo '1 passed, 0 failed'; sleep 60" "1 passed, 1 failed" 1
step test "$scratch/none*" "echo '1 passed, 0 failed'" "0 passed, 1 failed" 1
step test "tools/check.*" "echo '1 passed, 0 failed' {}" "0 passed, 2 failed" 1
step test "tools/check.*" "echo '1 passed, 0 failed' # {}" "2 passed, 0 failed" 0
step alone Makefile "echo '1 passed, 0 failed'" "1 passed, 0 failed" 0
step test "tools/check.{sh,sh}" "echo '1 passed, 0 failed'" \
    "check: $scratch/steps: two steps are called one:check.sh; give one another name" 1

leave="touch \$TMPDIR/x; (sleep 7654.321 &) ; set -m; sleep 7654.321 &"
step test Makefile "$leave echo '1 passed, 0 failed'" "1 passed, 0 failed" 0
# What was killed may take a moment to be gone on a busy machine.
left=1
for _ in $(seq 50); do
    left=$(grep -sl "[7]654.321" /proc/[0-9]*/cmdline 2>/dev/null | wc -l)
    [ "$left" -eq 0 ] && break
    sleep 0.1
done
expect "processes left" 0 "$left"
expect "files left" 0 "$(find "$scratch" -name 'dcep-check-*' | wc -l)"

# ---- bootstrap.sh: pretended packages, uid and sudo; the exit status, and what it ran ----

mkdir "$scratch/bin"
cat >"$scratch/bin/dpkg-query" <<'END'
#!/bin/bash
[ -e "$PRETEND/installed" ] || case "${*: -1}" in libnng-dev | clang) exit 1 ;; esac
echo "ii "
END
cat >"$scratch/bin/apt-get" <<'END'
#!/bin/bash
for word; do [ "$word" != install ] || [ "$APT" != works ] || touch "$PRETEND/installed"; done
echo "apt-get ${*: -2}" >>"$PRETEND/ran"
END
printf '#!/bin/bash\necho $PRETEND_UID\n' >"$scratch/bin/id"
cat >"$scratch/bin/sudo" <<'END'
#!/bin/bash
[ "$SUDO" = works ] && shift && { [ "$1" = true ] || "$@"; }
END
chmod +x "$scratch"/bin/*

bootstrap() # uid, sudo, apt, action, set, expected exit, expected last call of apt-get
{
    rm -f "$scratch/installed" "$scratch/ran"
    PATH=$scratch/bin:$PATH PRETEND=$scratch PRETEND_UID=$1 SUDO=$2 APT=$3 \
        tools/bootstrap.sh "$4" "$5" >"$scratch/out" 2>&1 </dev/null
    expect "bootstrap $*" "$6 $7" "$? $(tail -qn 1 "$scratch/ran" 2>/dev/null)"
    [ "$6" = 0 ] || expect "the line to type" 1 \
        "$(grep -c '^    apt-get install -y --no-install-recommends .*libnng-dev' "$scratch/out")"
}

bootstrap 0    fails works install demo  0 "apt-get --no-install-recommends libnng-dev"
bootstrap 0    fails works install check 0 "apt-get libnng-dev clang"
bootstrap 1000 works works install check 0 "apt-get libnng-dev clang"
bootstrap 1000 fails works install check 2 ""
bootstrap 0    fails fails install demo  2 "apt-get --no-install-recommends libnng-dev"
bootstrap 0    works works check   build 2 ""

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
