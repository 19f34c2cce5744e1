#!/usr/bin/python3
"""Sees every rule of tools/tidy.py fail: makes a small tree that keeps all rules, breaks one thing,
and expects exactly that rule to complain, at that place. Last line: "N passed, N failed"."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

LAYERS = """
room common/base =
room common/wire = common/base
room common/store = common/base
room central = common/*
room intermediary = common/*
room tests = *
library sqlite3 common/store = sqlite3.h
library criterion - = criterion/*
without criterion = tests/support/*
system = stdint.h stdio.h string.h unistd.h
core = central/register*.c
core-header = unistd.h common/base/file.h
core-symbol = time_now getenv
noun common/base/amount.c = balance
untested */main.c = no logic
"""
AMOUNT_H = """/* Money. */
#ifndef DCEP_COMMON_BASE_AMOUNT_H
#define DCEP_COMMON_BASE_AMOUNT_H

#include "common/base/err.h"

struct amount {
    int fen;
};
enum err amount_add(struct amount *out, struct amount a,
                    struct amount b) MUST_USE;

#endif
"""
ERR_H = """/* Errors. */
#ifndef DCEP_COMMON_BASE_ERR_H
#define DCEP_COMMON_BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))
#define ERR_LIST(E) E(OK, OK, "ok")
enum err { ERR_OK };

#endif
"""
ZH_PO = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Language: zh_CN\n"

msgid "ok"
msgstr "好"
"""
AMOUNT_C = """/* Money: "goto" and strcpy(x) in comments and "TO-DO" are fine. */
#include "common/base/amount.h"

enum err amount_add(struct amount *out, struct amount a, struct amount b)
{
    out->fen = a.fen + b.fen;
    return ERR_OK;
}

int balance_zero(void);
int balance_zero(void)
{
    return 0;
}
"""
TREE = {
    "tools/layers.txt": LAYERS,
    "common/base/err.h": ERR_H,
    "common/base/amount.h": AMOUNT_H.replace("a,\n                    struct", "a, struct"),
    "common/base/amount.c": AMOUNT_C,
    "common/wire/status.h": "/* Statuses. */\n#ifndef DCEP_COMMON_WIRE_STATUS_H\n"
                            "#define DCEP_COMMON_WIRE_STATUS_H\n\nextern int status;\n\n#endif\n",
    "intermediary/none.h": "/* Nothing. */\n#ifndef DCEP_INTERMEDIARY_NONE_H\n"
                           "#define DCEP_INTERMEDIARY_NONE_H\n\nextern int none;\n\n#endif\n",
    "po/zh.po": ZH_PO,
    "common/store/store.c": '/* Rows. */\n#include <sqlite3.h>\n',
    "central/register.h": "/* The register. */\n#ifndef DCEP_CENTRAL_REGISTER_H\n"
                          "#define DCEP_CENTRAL_REGISTER_H\n\nint register_apply(void);\n"
                          "\n#endif\n",
    "central/register.c": '/* The register. */\n#include "central/register.h"\n\n'
                          "int register_apply(void)\n{\n    return 0;\n}\n",
    "central/main.c": '/* The program. */\n#include "central/register.h"\n\n'
                      "int main(void)\n{\n    return register_apply();\n}\n",
    "tests/common/base/amount_test.c": "/* Tests. */\n#include <criterion/criterion.h>\n",
    "tests/common/store/store_test.c": "/* Tests. */\n",
    "tests/central/register_test.c": "/* Tests. */\n",
}
COMPILED = ["common/base/amount.c", "central/register.c", "central/main.c"]

# What is broken: file, text in it (None: at the end), its replacement; the complaint expected.
LONG_FUNCTION = "\nint amount_long(void);\nint amount_long(void)\n{\n" + "    ;\n" * 60 + "}\n"
CASES = [
    ("central/register.c", '"central/register.h"', '"register.h"', r"register.c:2: include-paths:"),
    ("central/register.h", "\nint", '\n#include "central/none.h"\n\nint',
     r"register.h:5: include-paths:"),
    ("common/base/amount.c", '"common/base/amount.h"',
     '"common/base/amount.h"\n#include "central/register.h"', r"amount.c:3: include-direction:"),
    ("intermediary/teller.c", None, '/* Teller. */\n#include "central/register.h"\n',
     r"teller.c:2: include-direction: intermediary may not include central"),
    ("elsewhere/x.c", None, "/* X. */\n", r"elsewhere/x.c:1: include-direction: in no room"),
    ("central/main.c", "\nint", "#include <sqlite3.h>\n\nint",
     r"main.c:3: libraries: central may not include sqlite3"),
    ("common/base/amount.c", "\nenum", "#include <criterion/criterion.h>\n\nenum",
     r"amount.c:3: libraries: common/base may not include criterion"),
    ("tests/support/fill.c", None, "/* Fill. */\n#include <criterion/criterion.h>\n",
     r"fill.c:2: libraries: must do without criterion"),
    ("central/main.c", "\nint", "#include <curl/curl.h>\n\nint",
     r"main.c:3: libraries: <curl/curl.h> is not in"),
    ("central/register.c", "\nint", "#include <unistd.h>\n\nint", r"register.c:3: core-headers:"),
    ("central/register.c", "return 0", "char *getenv(const char *);\n    return getenv(0) != 0",
     r"register.c:1: core-symbols: .* getenv"),
    ("central/register.c", "\nint",
     "\nint apply(void);\nint apply(void)\n{\n    return 0;\n}\n\nint",
     r"register.c:1: symbols: apply does not begin with register"),
    ("common/base/amount.c", "balance_zero", "balanced", r"amount.c:1: symbols: balanced"),
    ("common/base/amount.c", None, LONG_FUNCTION, r"amount.c:18: function-length:"),
    ("tests/central/register_test.c", None, "\n" * 500, r"register_test.c:501: file-length:"),
    ("common/base/amount.c", "Money:", "Money:" + "x" * 60, r"amount.c:1: line-length:"),
    ("common/base/amount.c", "Money:", "Money:\t", r"amount.c:1: whitespace: a tab"),
    ("common/base/amount.c", "fine. */", "fine. */ ", r"amount.c:1: whitespace: blanks"),
    ("common/base/amount.c", "Money:", "Money \U0001F4B0:", r"amount.c:1: whitespace: a pictogram"),
    ("common/base/amount.c", None, "/* end */", r"amount.c:15: whitespace: no newline"),
    ("central/main.c", "/* The program. */\n", "\n", r"main.c:1: opening:"),
    ("central/register.h", "DCEP_CENTRAL_REGISTER_H\n\n", "REGISTER_H\n\n",
     r"register.h:1: guards:"),
    ("central/register.h", "The register.", "The register. TO" "DO", r"register.h:1: notes:"),
    ("central/main.c", "    return", "    goto end;\nend:\n    return", r"main.c:6: words: goto"),
    ("central/register.h", "int", "typedef struct x y;\nint", r"register.h:5: words: typedef"),
    ("central/main.c", "    return", "    strcpy(0, 0);\n    return",
     r"main.c:6: functions: strcpy"),
    ("central/main.c", "register_apply()", 'system("x")', r"main.c:6: functions: system"),
    ("central/main.c", "    return", "    struct amount a;\n    a.fen = 1;\n    return",
     r"main.c:7: money-field:"),
    ("central/register.h", "int register", "int x = p->fen;\nint register",
     r"register.h:5: money-field:"),
    ("common/base/amount.h", " MUST_USE", "", r"amount.h:10: must-use: amount_add"),
    ("central/register_walk.c", None, "/* Walk. */\n", None),
    ("common/store/sqlite.c", None, "/* SQL. */\n", r"sqlite.c:1: mirror:"),
    ("central/main.c", "register_apply()", '_("hello")',
     r'main.c:6: translations: not in Chinese: "hello"'),
    ("common/base/err.h", '"ok"', '"fine"', r'err.h:6: translations: not in Chinese: "fine"'),
    ("po/zh.po", "好", "", r'err.h:6: translations: not in Chinese: "ok"'),
    ("common/base/amount.c", "    return ERR_OK", "  return ERR_OK", r"amount.c:6: format:"),
]


def write_tree(root):
    for path, text in TREE.items():
        os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)
    shutil.copy(os.path.join(HERE, "../.clang-format"), root)
    shutil.copy(os.path.join(HERE, "po.sh"), os.path.join(root, "tools"))
    os.makedirs(os.path.join(root, "wallet"))


def break_tree(root, path, old, new):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    text = TREE.get(path, "")
    if old is not None:
        assert old in text, (path, old)
    with open(full, "w", encoding="utf-8") as file:
        file.write(text + new if old is None else text.replace(old, new))


def complaints(root):
    """The lines that tidy prints about the tree, its objects compiled first."""
    for path in COMPILED:
        target = os.path.join(root, "build", path[:-2] + ".o")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        subprocess.run(["gcc", "-w", "-I.", "-c", "-o", target, path], cwd=root, check=False,
                       capture_output=True)
    out = subprocess.run([sys.executable, os.path.join(HERE, "tidy.py"), "--build",
                          os.path.join(root, "build"), root],
                         capture_output=True, text=True, check=False)
    lines = [line for line in out.stdout.splitlines() if re.match(r"\S+:\d+: ", line)]
    failed = re.search(r"^\d+ passed, (\d+) failed", out.stdout, re.M)
    if failed is None or (out.returncode != 0) != (int(failed.group(1)) > 0):
        lines.append(f"tidy gave no sound closing line: {out.stdout} {out.stderr}")
    return lines


def judge(case):
    """None if tidy complains as it should, else what it said."""
    root = tempfile.mkdtemp(prefix="dcep-tidy-")
    try:
        write_tree(root)
        expected = None
        if case is not None:
            break_tree(root, *case[:3])
            expected = case[3]
        said = complaints(root)
        if expected is None:
            return said or None
        rule = expected.split(": ")[1].rstrip(":")
        wrong = [line for line in said if f": {rule}: " not in line
                 and ": format: " not in line]
        right = [line for line in said if re.search(expected, line)]
        return None if right and not wrong else said or ["nothing"]
    finally:
        shutil.rmtree(root)


def main():
    failed = 0
    for case in [None] + CASES:
        said = judge(case)
        if said:
            failed += 1
            expected = case[3] if case else "no complaint"
            print(f"expected {expected!r}, tidy said:", *said, sep="\n  ")
    print(f"{len(CASES) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
