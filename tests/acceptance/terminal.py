#!/usr/bin/python3
"""The wallet in real terminals (tmux): English and Chinese, 80x24 and wide. Home screen, balance,
paying with its question and PIN, a wrong PIN, waiting for a bank, names that move the cursor.

    tests/acceptance/terminal.py [BUILD]

What is judged is the screen as a person sees it: nothing beyond 80 columns, amounts with their
points in one column, the home screen whole on 24 lines, no English left in Chinese. The last
line is "N passed, N failed".
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unicodedata

sys.dont_write_bytecode = True
from codes import photograph, whole, write_png, zbarimg  # noqa: E402
from town import AUTH, OK, REFUSED, USAGE, Report, Town  # noqa: E402

WAIT_S = 20
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# What stays Latin in Chinese: commands, placeholders, units, names; and whatever has no vowel.
LATIN = re.compile(r"North Bank|South Bank|dcep-wallet( backup create| [a-z]+)?|dcep-test|dcep|"
                   r"--?[a-z-]+|MiB|\b(pay|receive|withdraw|deposit|sync|words check|lock)\b|tea|"
                   r"/[^ ]*|\b[0-9a-f]{8}\b|\[y/N\]|\b[A-Z]+\b")


def columns(text):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Screen:
    """One tmux session with a shell in it, on a server of its own."""

    def __init__(self, town, width, height, language):
        self.socket = os.path.join(town.dir, f"tmux-{width}-{language}")
        self.done = 0
        env = {"PATH": f"{town.programs}:/usr/bin:/bin", "HOME": town.dir, "PS1": "$ ",
               "XDG_DATA_HOME": town.env["XDG_DATA_HOME"], "DCEP_LANG": language,
               "LC_ALL": "C.UTF-8", "TERM": "xterm"}
        words = " ".join(f"{key}='{value}'" for key, value in env.items())
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "w", "-x", str(width), "-y",
                  str(height), f"cd {town.dir}; exec env -i {words} bash --norc --noprofile")
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-t", "w", "-x", str(width), "-y", str(height))

    def tmux(self, *words):
        done = subprocess.run(["tmux", "-u", "-S", self.socket, *words], capture_output=True,
                              timeout=WAIT_S, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
        return done.stdout.decode(errors="replace")

    def lines(self):
        lines = [line.rstrip() for line in self.tmux("capture-pane", "-p", "-t", "w").split("\n")]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def type(self, text, enter=True):
        self.tmux("send-keys", "-t", "w", "-l", text)
        if enter:
            self.tmux("send-keys", "-t", "w", "Enter")

    def until(self, wanted):
        """The screen, once a line of it matches; the last screen if none ever does."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            lines = self.lines()
            if any(re.search(wanted, line) for line in lines):
                return lines
            time.sleep(0.03)
        return self.lines()

    def run(self, command):
        """Its screen from a clean one, and its exit code."""
        self.done += 1
        self.type(f"clear; {command}; echo END{self.done}=$?")
        return self.result()

    def result(self):
        lines = self.until(rf"^END{self.done}=\d+")
        end = next((i for i, line in enumerate(lines)
                    if line.startswith(f"END{self.done}=")), None)
        return (lines[:end], int(lines[end].split("=")[1])) if end is not None else (lines, -1)

    def close(self):
        self.tmux("kill-server")


class Judge:
    def __init__(self, report, where, language):
        self.report, self.where, self.language = report, where, language

    def check(self, what, held, lines):
        self.report.check(f"{self.where}: {what}", held, "\n".join(lines))

    def screen(self, what, lines):
        """What holds of every screen."""
        self.check(f"{what}: nothing beyond 80 columns",
                   all(columns(line) <= 80 for line in lines), lines)
        points = {}
        for block, line in enumerate_blocks(lines):
            match = re.match(r"^.*? {2,}-?¥[0-9,]+(?=\.[0-9]{2})", line)
            if match:
                points.setdefault(block, []).append(columns(match.group(0)))
        self.check(f"{what}: amounts line up",
                   all(len(set(where)) == 1 for where in points.values()), [*lines, str(points)])
        if self.language == "zh":
            english = [line for line in lines if re.search("[A-Za-z]{2,}", LATIN.sub("", line))]
            self.check(f"{what}: no English left in Chinese", not english, english)
            self.check(f"{what}: it is Chinese", any(CHINESE.search(l) for l in lines), lines)


def enumerate_blocks(lines):
    """(number of the paragraph, line): amounts line up within a table or record."""
    block = 0
    for line in lines:
        block += line == ""
        yield block, line


def look(judge, screen):
    home, code = screen.run("dcep-wallet -w alice")
    judge.check("home: exit code", code == OK, home)
    judge.screen("home", home)
    judge.check("home: whole on the screen, its first line too", "North Bank" in home[0]
                and len(home) <= 22, home)
    judge.check("home: what needs attention, and what mends it",
                any("dcep-wallet sync" in line or "dcep-wallet outbox" in line for line in home),
                home)
    for words in ("balance", "coins", "history", "outbox", "doctor", "pay ask --dry-run",
                  "inspect ask", "inspect paid"):
        lines, code = screen.run(f"dcep-wallet -w alice {words}")
        judge.check(f"{words}: exit code", code == OK, lines)
        judge.screen(words, lines)
    lines, code = screen.run("dcep-wallet -w sealed")
    judge.check("a locked wallet asks for nothing, and says how to unlock it", code == OK and
                any("dcep-wallet unlock" in line for line in lines), lines)
    judge.screen("locked", lines)
    if judge.language == "zh":
        lines, _ = screen.run("dcep-wallet -w alice balance")
        judge.check("balance: formal numerals above 1,000",
                    any(re.search("¥[0-9],[0-9]{3}.*（.仟.*元.*）$", line) for line in lines), lines)


def begin_to_pay(screen, name, pin):
    """What is on the screen once the PIN is asked for; it is typed then."""
    screen.run("true")  # an earlier prompt is gone
    screen.done += 1
    screen.type(f"clear; dcep-wallet -w sealed pay ask-{name} -o paid-{name}; "
                f"echo END{screen.done}=$?")
    prompt = screen.until("PIN")
    screen.type(pin)
    return prompt


def pay(judge, screen, name):
    """The PIN without echo, a wrong one, the question, and the packet."""
    prompt = begin_to_pay(screen, name, "wrong-4711")
    judge.check("asks for the PIN", any("PIN" in line for line in prompt), prompt)
    lines, code = screen.result()
    judge.check("a wrong PIN is exit 4", code == AUTH, lines)
    judge.check("no PIN is seen", not any("4711" in line for line in lines), lines)
    judge.check("it says what to do next", any("--pin-file" in line for line in lines), lines)
    judge.screen("a wrong PIN", lines)
    begin_to_pay(screen, name, "2580-right")
    question = screen.until(r"\[y/N\]")
    judge.screen("the question", question)
    judge.check("the question says how much and to whom",
                any("[y/N]" in l and "¥12.00" in l and "South Bank" in l for l in question),
                question)
    screen.type("n")
    lines, code = screen.result()
    judge.check("no means no", code == REFUSED, lines)
    begin_to_pay(screen, name, "2580-right")
    screen.until(r"\[y/N\]")
    screen.type("y")
    lines, code = screen.result()
    judge.check("the right PIN and a yes pay", code == OK, lines)
    judge.screen("paid", lines)


def waiting(judge, screen, town):
    """A bank that says nothing: the terminal says what is waited for, and takes it away again."""
    bank = town.servers["north"]
    bank.send_signal(signal.SIGSTOP)
    try:
        screen.done += 1
        screen.type(f"clear; dcep-wallet -w alice sync --timeout 2; echo END{screen.done}=$?")
        lines = screen.until(r"\.\.\.|……")
        judge.check("what is waited for is said", any(re.search(r"\.\.\.|……", line)
                                                      for line in lines), lines)
        judge.screen("waiting", lines)
        lines, code = screen.result()
        judge.check("gone when it is over", code == 3 and not any(re.search(r"\.\.\.|……", line)
                                                                 for line in lines), lines)
        judge.screen("timed out", lines)
    finally:
        bank.send_signal(signal.SIGCONT)


def as_before(judge, screen):
    lines = screen.until("^ ?icanon$")
    judge.check("and the terminal is as before", any(l.strip() == "icanon" for l in lines), lines)


def animate(judge, screen, town, options):
    """The codes of a packet follow each other on the screen: photographed while they do, read by
    zbarimg; the payee's wallet takes it from those photographs."""
    name, frames = f"move-{judge.where[:3].strip('x')}", {}
    town.must(town.wallet("bob", "request", "3.00", "-o", town.path(name)))
    screen.run("true")
    screen.done += 1
    screen.type(f"clear; dcep-wallet -w alice -y pay {name} --qr terminal {options}; "
                f"echo END{screen.done}=$?; stty -a | grep -o ' icanon'")
    screen.until(r"^[0-9]+/[0-9]+$")
    begin = time.monotonic()
    while time.monotonic() < begin + WAIT_S and len(frames) < 50:
        shown = screen.tmux("capture-pane", "-p", "-e", "-N", "-t", "w")
        label = re.search(r"(?m)^[^\n0-9]*([0-9]+)/([0-9]+)", re.sub(r"\x1b\[[0-9;]*m", "", shown))
        if label is None or label.group(1) in frames:
            time.sleep(0.01)
            continue
        path = town.path(f"{name}-{label.group(1)}.png")
        write_png(path, photograph(shown))
        if zbarimg(path):  # else it was taken between two of them
            frames[label.group(1)] = path
        if len(frames) == int(label.group(2)):
            break
    total = int(label.group(2)) if label else 0
    judge.check(f"{total} codes in turn, each read by zbarimg off the screen", total > 3 and
                len(frames) == total, [str(frames), shown])
    texts = [text for path in frames.values() for text in zbarimg(path)]
    message, needed, spare = whole(texts) if texts else (None, 0, 0)
    judge.check("they are one packet, and some to spare", message is not None and
                needed + spare == total and spare > 0, [str(frames)])
    screen.type("q", enter=False)
    lines, code = screen.result()
    judge.check("a key ends it", code == OK, lines)
    as_before(judge, screen)
    screen.run("true")  # what was seen so far is gone
    screen.type("clear; dash -c 'trap : INT; dcep-wallet -w bob request 1 --qr terminal "
                "--density 4; stty -a | grep -o \" icanon\"'")
    screen.until(r"^[0-9]+/[0-9]+$")
    screen.tmux("send-keys", "-t", "w", "C-c")
    as_before(judge, screen)
    taken = town.wallet("bob", "receive", "--scan", *list(frames.values())[:needed])
    judge.check("the payee takes it from the photographs", taken.code == OK and
                taken["result"] == "taken" and taken["amount"] == "3.00", [str(taken)])


# row I14: escape sequences and paths in what the CLI is given
def i14(town, report):
    """Hostile names: escape sequences in what the CLI is given never reach a terminal; a wallet's
    name leads nowhere else."""
    escape, label = "\x1b[2J\x1b]0;owned\x07", "\x1b[31mTea\u202e\x9b2J"
    for what, result in (
            ("a memo", town.run("dcep-wallet", "-w", "alice", "request", "1", "--memo", escape,
                                "-o", town.path("evil"))),
            ("a label", town.run("dcep-bank", "--data", town.path("north"), "customer", "open",
                                 "--name", "Eve", "--tier", "3", "--label", label, "-o",
                                 town.path("eve.join"))),
            ("a name", town.run("dcep-bank", "--data", town.path("north"), "customer", "open",
                                "--name", escape, "--tier", "3", "-o", town.path("eve.join"))),
            ("an option", town.run("dcep-wallet", escape)),
            ("an option in JSON", town.run("dcep-wallet", "--json", escape)),
            ("a file", town.run("dcep-wallet", "-w", "alice", "inspect", town.path(escape[:4])))):
        said = result.out + result.err
        report.check(f"I14: {what} with escapes is refused", result.code not in (OK, 70), result)
        report.check(f"I14: {what}: no escape reaches the terminal",
                     not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said), repr(said))
    for name in ("../alice", "a/b", "..", "/etc", ".hidden", "a\x1bb", ""):
        result = town.run("dcep-wallet", "-w", name, "balance")
        report.check(f"I14: no wallet of the name {name!r}", result.code == USAGE, result)


def prepare(town):
    town.found("north", "south")
    town.open_customers("north", [("alice", 3, "9000.00")])
    town.open_customers("south", [("bob", 3, "500.00")])
    join, pin = town.path("sealed.join"), town.path("pin")
    with open(pin, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write("2580-right\n")
    town.must(town.bank("north", "customer", "open", "--name", "Sealed", "--tier", "3",
                        "--deposit", "100", "-o", join))
    town.must(town.wallet("sealed", "init", "--join", join, "--pin-file", pin))
    town.must(town.wallet("sealed", "withdraw", "60", "--pin-file", pin))
    town.must(town.wallet("alice", "withdraw", "4321.09"))
    for i, amount in enumerate(("20.00", "0.05", "333.33")):
        town.hand_over("alice", "bob", amount, f"past{i}", confirm=i > 0)
    shutil.copy(town.path("past0.packet"), town.path("paid"))
    town.must(town.wallet("bob", "request", "7.00", "--memo", "茶 tea", "-o", town.path("ask")))


def main():
    report = Report()
    if shutil.which("tmux") is None:
        print("skipped: tmux is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # tmux's servers are ended on the way
    with Town(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build")) as town:
        prepare(town)
        for language in ("en", "zh"):
            for width, height in ((80, 24), (200, 50)):
                name = f"{width}-{language}"
                town.must(town.wallet("bob", "request", "12.00", "-o", town.path(f"ask-{name}")))
                screen = Screen(town, width, height, language)
                judge = Judge(report, f"{width}x{height} {language}", language)
                try:
                    look(judge, screen)
                    pay(judge, screen, name)
                    if width == 80:
                        waiting(judge, screen, town)
                    if language == "en":
                        animate(judge, screen, town, "--fps 8" if width == 80 else
                                "--fps 8 --density 8")
                finally:
                    screen.close()
        i14(town, report)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
