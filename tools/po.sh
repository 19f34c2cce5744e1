#!/bin/bash
# The strings that people read, from the sources into po/zh.po; translations there are kept.
#
#   tools/po.sh           collect and merge (new strings come out empty, changed ones marked fuzzy)
#   tools/po.sh --check   exit 1 if a string of the sources has no Chinese, or a format differs
set -eu
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
pot=$scratch/dcep.pot

# _() and N_() mark strings; in the lists of errors and statuses the text is the last column.
find common central intermediary wallet -name '*.[ch]' | LC_ALL=C sort >"$scratch/sources"
options=(--from-code=UTF-8 --add-comments=TRANSLATORS --sort-output --force-po
    --package-name=dcep --copyright-holder='the dcep authors')
xgettext "${options[@]}" -k -k_ -kN_ -kngettext:1,2 -c -o "$pot" -f "$scratch/sources"
xgettext "${options[@]}" -k -kE:3 -kS:4 -j -o "$pot" common/base/err.h common/wire/status.h

# Strings of the sources that po/zh.po doesn't translate, one "file:line: msgid" a line.
untranslated()
{
    msgmerge --quiet --no-fuzzy-matching --no-wrap po/zh.po "$pot" >"$scratch/merged.po"
    { msgattrib --untranslated --no-obsolete --no-wrap "$scratch/merged.po"
      msgattrib --only-fuzzy --no-obsolete --no-wrap "$scratch/merged.po"; } |
        awk '/^#: / { place = $2 }
             /^msgid / && place { print place ": not in Chinese: " substr($0, 7); place = "" }'
}

if [ "${1:-}" = --check ]; then
    msgfmt --check-format --check-domain -o /dev/null po/zh.po
    untranslated >"$scratch/untranslated"
    cat "$scratch/untranslated" >&2
    [ ! -s "$scratch/untranslated" ]
    exit
fi
if [ ! -e po/zh.po ]; then
    mkdir -p po
    msginit --no-translator --locale=zh_CN.UTF-8 -i "$pot" -o - 2>/dev/null |
        sed 's/charset=[A-Z]*/charset=UTF-8/' >po/zh.po
fi
msgmerge --quiet --update --backup=none --no-fuzzy-matching --sort-output --no-location \
    po/zh.po "$pot"
msgattrib --no-obsolete --sort-output -o po/zh.po po/zh.po
msgfmt --statistics -o /dev/null po/zh.po
