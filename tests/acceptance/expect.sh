# What the acceptance scripts count and compare with; to be sourced, with $work set to a directory
# of the script's own. $note, if set, is said with a failure (the seed of a run, for instance).
# shellcheck shell=bash
python=${PYTHON:-python3}
passed=0 failed=0 out='' err=''
unset DCEP_DATA DCEP_CONFIG DCEP_PIN_FILE DCEP_LISTEN DCEP_WALLET LANG LC_ALL LANGUAGE

pass() { passed=$((passed + 1)); }
fail() # what it shows, lines...
{
    failed=$((failed + 1))
    printf 'FAILED%s: %s\n' "${note:+ ($note)}" "$1"
    shift
    [ $# = 0 ] || printf '%s\n' "$@"
}

# What the last command said: $out, $err.
expect() # exit code, what it shows, command...
{
    local code=$1 what=$2 got
    shift 2
    "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    out=$(cat "$work/out") err=$(cat "$work/err")
    if [ "$got" = "$code" ]; then
        pass
        return 0
    fi
    fail "$what" "  $*" "  exit $got instead of $code" "$out" "$err"
    return 1
}

is() # what it shows, is, wanted
{
    if [ "$2" = "$3" ]; then pass; else fail "$1" "  is     $2" "  wanted $3"; fi
}

says() # what it shows, part of $out or $err
{
    case "$out$err" in
    *"$2"*) pass ;;
    *) fail "$1" "  \"$2\" is not in:" "$out" "$err" ;;
    esac
}

# A member of the last JSON object: field supply.balanced, field customers.0.name
field()
{
    "$python" -c '
import json, sys
value = json.loads(sys.argv[1])
for name in sys.argv[2].split("."):
    value = value[int(name)] if isinstance(value, list) else value[name]
print(json.dumps(value) if not isinstance(value, str) else value)' "$out" "$1" 2>/dev/null
}
