#!/usr/bin/python3
"""Manual pages and shell completion, as `make install` puts them: the pages without a warning, in
both languages, with every command; completion asked in real shells.

    tests/acceptance/pages.py [BUILD]

Shells and mandoc that are not installed are skipped, and counted. The last line is
"N passed, N failed, N skipped".
"""
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from commands import CHINESE, PROGRAMS, listed  # noqa: E402
from town import Report  # noqa: E402

# Words of a command line, the last being completed, and what a shell must offer, and must not.
OFFERS = (
    ("dcep-wallet", [""], {"balance", "pay", "receive", "sync", "doctor", "receipt"}, {"verify"}),
    ("dcep-wallet", ["ba"], {"balance"}, {"pay"}),
    ("dcep-wallet", ["-w", "pay", "ba"], {"balance"}, {"pay"}),
    ("dcep-wallet", ["pay", "--o"], {"--output"}, {"--memo"}),
    ("dcep-wallet", ["pay", "--dr"], {"--dry-run"}, set()),
    ("dcep-wallet", ["request", "--m"], {"--memo"}, {"--output"}),
    ("dcep-wallet", ["receipt", "v"], {"verify"}, set()),
    ("dcep-wallet", ["pay", "some-f"], {"some-file"}, set()),
    ("dcep-wallet", ["pay", "q", "-o", "some-f"], {"some-file"}, set()),
    ("dcep-central", ["ba"], {"bank"}, {"reserve"}),
    ("dcep-central", ["bank", ""], {"enroll", "list", "show"}, {"draft", "serve"}),
    ("dcep-central", ["bank", "enroll", "--ro"], {"--root-key"}, set()),
    ("dcep-bank", ["customer", "im"], {"import"}, {"init"}),
)
BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
"_${1//-/_}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
# A real shell on a pseudo-terminal: what its own completion shows.
ZSH = """
zmodload zsh/zpty
zpty shell 'zsh -f -i'
zpty -w shell "PS1= ; RPS1= ; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w shell "zstyle ':completion:*' list-grouped no; zstyle ':completion:*' verbose no"
zpty -w shell "LISTMAX=999; bindkey '^X' list-choices; print READY"
zpty -r shell out '*READY*READY*'
zpty -w -n shell "$2"$'\\C-x'
sleep 0.7
zpty -r -t shell out
while zpty -r -t shell more; do out+=$more; done
zpty -d shell
print -r -- "$out"
"""


def run(argv, cwd, stdin=None):
    done = subprocess.run(argv, capture_output=True, timeout=60, check=False, cwd=cwd,
                          input=stdin, text=True, errors="replace",
                          env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "dumb", "HOME": cwd})
    return done.returncode, done.stdout, done.stderr


class Pages:
    def __init__(self, share, programs, scratch, report):
        self.share, self.programs, self.scratch = share, programs, scratch
        self.report, self.skipped = report, 0

    def has(self, tool):
        if shutil.which(tool):
            return True
        print(f"skipped: {tool} is not installed")
        self.skipped += 1
        return False

    def manuals(self, program, names):
        lint = self.has("mandoc")
        for language in ("", "zh_CN/"):
            page = os.path.join(self.share, f"man/{language}man1/{program}.1")
            with open(page, encoding="utf-8") as file:
                text = file.read()
            self.report.check(f"{page}: Chinese", bool(CHINESE.search(text)) == bool(language))
            plain = re.sub(r"\\f[A-Z]", "", text).replace("\\-", "-")
            missing = [name for name in names
                       if not re.search(rf"^\.SS {re.escape(name)}( |$)", plain, re.M)]
            self.report.equal(f"{page}: commands that it leaves out", missing, [])
            if lint:
                code, out, err = run(["mandoc", "-T", "lint", "-W", "warning", page], self.scratch)
                self.report.check(f"{page}: mandoc has no warning", code == 0, out + err)

    def syntax(self, program):
        for shell, path in (("bash", f"bash-completion/completions/{program}"),
                            ("zsh", f"zsh/site-functions/_{program}"),
                            ("fish", f"fish/vendor_completions.d/{program}.fish")):
            if self.has(shell):
                code, out, err = run([shell, "-n", os.path.join(self.share, path)], self.scratch)
                self.report.check(f"{path}: {shell} reads it", code == 0 and not err, out + err)

    def offer(self, shell, program, words):
        if shell == "bash":
            path = os.path.join(self.share, "bash-completion/completions", program)
            argv = ["bash", "--norc", "-c", BASH, "bash", path, program, *words]
        elif shell == "zsh":
            folder = os.path.join(self.share, "zsh/site-functions")
            argv = ["zsh", "-f", "-c", ZSH, "zsh", folder, " ".join([program, *words])]
        else:
            path = os.path.join(self.share, "fish/vendor_completions.d", program + ".fish")
            line = " ".join([program, *words])
            argv = ["fish", "-N", "-c", f"source {path}; complete -C '{line}'"]
        _, out, err = run(argv, self.scratch)
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", " ", out)
        return {re.split(r"[\t ]", word)[0] for word in
                re.split(r"[\n\t\r ]+", text) if word}, out + err

    def completion(self):
        shells = [shell for shell in ("bash", "zsh", "fish") if self.has(shell)]
        for program, words, wanted, unwanted in OFFERS:
            for shell in shells:
                got, said = self.offer(shell, program, words)
                self.report.check(f"{shell}: {program} {' '.join(words)}", wanted <= got and
                                  not unwanted & (got - {program, *words}),
                                  f"{sorted(got)}\n{said}")


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build"))
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    report = Report()
    scratch = os.path.join(build, "tests", "pages")
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    with open(os.path.join(scratch, "some-file"), "w", encoding="utf-8"):
        pass
    installed = subprocess.run(
        ["make", "-s", "--no-print-directory", "-C", root, f"BUILD={build}", "PREFIX=/usr",
         f"DESTDIR={scratch}/root", "install"], capture_output=True, text=True, check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"})
    report.check("make install", installed.returncode == 0, installed.stdout + installed.stderr)
    pages = Pages(os.path.join(scratch, "root/usr/share"), build, scratch, report)
    for program in PROGRAMS:
        _, helped, _ = run([os.path.join(build, program), "--lang", "en", "help"], scratch)
        pages.manuals(program, listed(helped))
        pages.syntax(program)
    pages.completion()
    shutil.rmtree(scratch, ignore_errors=True)
    print(f"{report.passed} passed, {report.failed} failed, {pages.skipped} skipped")
    return 1 if report.failed or not report.passed else 0


if __name__ == "__main__":
    sys.exit(main())
