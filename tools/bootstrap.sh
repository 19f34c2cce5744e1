#!/bin/bash
# What the build, the demo and the tests need from Debian: looks, and where allowed installs.
#
#   tools/bootstrap.sh check build|demo|bench|check     exit 2 with the exact command if some miss
#   tools/bootstrap.sh install build|demo|bench|check   installs it as root or sudo; else as above
#
# Installs nothing when nothing is missing, and removes nothing, ever.
set -u

build="gcc libc6-dev pkg-config gettext libmbedtls-dev libcbor-dev libnng-dev libsqlite3-dev
       libsodium-dev libssl-dev libinih-dev libjansson-dev libtss2-dev libqrencode-dev libpng-dev
       libzbar-dev libjpeg62-turbo-dev libseccomp-dev libzstd-dev"
demo="$build util-linux"
bench="$demo python3 gnuplot-nox"
check="$demo clang libclang-rt-dev clang-format libcriterion-dev python3 python3-cbor2
       python3-cryptography python3-jsonschema tmux mandoc swtpm zbar-tools librsvg2-bin
       libjpeg-turbo-progs"

usage()
{
    echo "usage: tools/bootstrap.sh check|install build|demo|bench|check" >&2
    exit 2
}

# The packages of $1 that dpkg does not call installed, on one line.
missing_of()
{
    local package status
    for package in $1; do
        status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)
        [ "${status:0:2}" = ii ] || printf ' %s' "$package"
    done
}

refuse()
{
    {
        echo "dcep: these Debian packages are missing:$missing"
        echo "Install them as root, then run make again:"
        echo
        echo "    apt-get install -y --no-install-recommends$missing"
        echo
    } >&2
    exit 2
}

# As root, by sudo without a question, or by sudo on a terminal; prints the prefix to use.
privilege()
{
    if [ "$(id -u)" = 0 ]; then
        echo env
    elif ! command -v sudo >/dev/null; then
        return 1
    elif sudo -n true 2>/dev/null; then
        echo sudo -n env
    elif [ -t 0 ] && [ -t 2 ] && sudo -v; then
        echo sudo env
    else
        return 1
    fi
}

apt()
{
    # shellcheck disable=SC2086 # the prefix is several words
    $prefix DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 \
        -o Acquire::Retries=3 "$@" >&2
}

install_missing()
{
    local prefix
    prefix=$(privilege) || refuse
    echo "dcep: installing$missing" >&2
    apt update || echo "dcep: the package lists could not be renewed; trying with the old ones" >&2
    # shellcheck disable=SC2086 # a list of words
    apt install -y --no-install-recommends $missing || refuse
    missing=$(missing_of "$wanted")
    [ -z "$missing" ] || refuse
}

[ $# = 2 ] || usage
case $2 in
build) wanted=$build ;;
demo) wanted=$demo ;;
bench) wanted=$bench ;;
check) wanted=$check ;;
*) usage ;;
esac
case $1 in check | install) ;; *) usage ;; esac

# shellcheck disable=SC2086,SC2116 # a list of words, to be put on one line
if ! command -v dpkg-query >/dev/null; then
    echo "dcep: this is not Debian; assuming that the equivalents of these are installed:" >&2
    printf "dcep: %s\n" "$(echo $wanted)" >&2
    exit 0
fi
missing=$(missing_of "$wanted")
[ -n "$missing" ] || exit 0
[ "$1" = install ] || refuse
install_missing
