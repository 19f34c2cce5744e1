#!/usr/bin/python3
"""Keeping money safe, on the real programs: PIN, locking, backup, recovery words, lost phone,
restored backup. Adversarial rows G1, G2, G3, G6 and M4 from the outside.

    tests/acceptance/keeping.py [BUILD]

The last line is "N passed, N failed".
"""
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from town import (AUTH, INVALID, OK, REFUSED, Report, Town, USAGE, fen)  # noqa: E402

PIN, OTHER_PIN, WRONG_PIN = "739201", "correct horse", "000000"
PASSPHRASE = "four plain words here"


class Keeping:
    def __init__(self, town, report):
        self.town, self.report = town, report
        self.secrets = {}
        for name, text in (("pin", PIN), ("other", OTHER_PIN), ("wrong", WRONG_PIN),
                           ("passphrase", PASSPHRASE), ("bad-passphrase", PASSPHRASE + "!")):
            self.secrets[name] = self.secret_file(name, text + "\n")

    # ---- a line each ----

    def secret_file(self, name, text):
        path = self.town.path("safe", name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="utf-8") as file:
            file.write(text)
        return path

    def gives(self, what, result, code, name=None):
        held = result.code == code and result.json is not None
        if held and code != OK:
            held = result["error.message"] and (name is None or result["error.name"] == name)
        self.report.check(what, held, f"{result}\n  wanted exit {code} {name or ''}")
        return result

    def wallet(self, name, *words, pin="pin", **options):
        given = ("--pin-file", self.secrets[pin]) if pin else ()
        return self.town.wallet(name, *given, *words, **options)

    def home(self, name):
        return self.town.path("home", "dcep", "wallets", name)

    def total(self, name, bucket="spendable", **options):
        return fen(self.wallet(name, "balance", **options)[bucket])

    def words_of(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        is_line = text.count("\n") == 1 and text[-1] == "\n"
        self.report.check("words are one whole line", is_line, path)
        return text[:-1]

    def join_file(self, name, *options):
        path = self.town.path("safe", f"{name}-{random.randrange(1 << 30)}.join")
        self.town.must(self.town.bank("north", "customer", "join", name, *options, "-o", path))
        return path

    def citizen(self, name, language="en", deposit="1000.00"):
        """A customer with a sealed wallet and words: their file, and the join file."""
        join, words = (self.town.path("safe", f"{name}.{kind}") for kind in ("join", "words"))
        self.town.must(self.town.bank("north", "customer", "open", "--name", name, "--tier", 3,
                                      "--deposit", deposit, "-o", join))
        self.town.must(self.wallet(name, "init", "--join", join, "--words-out", words,
                                   "--words-language", language))
        return words, join

    def hand_over(self, payer, payee, amount, name, receive=True):
        path = self.town.path(name)
        self.town.must(self.wallet(payee, "request", amount, "-o", path + ".request"))
        self.town.must(self.wallet(payer, "pay", path + ".request", "-o", path + ".packet"))
        if receive:
            self.town.must(self.wallet(payee, "receive", path + ".packet", "-o",
                                       path + ".receipt"))
        return path + ".packet"

    # ---- acts ----

    def pin(self):
        """G6: counted before it is looked at, whatever is killed; a growing wait; no oracle."""
        gives, wallet = self.gives, self.wallet
        self.citizen("alice")
        gives("no PIN, nobody to ask", wallet("alice", "balance", pin=None), USAGE)
        gives("the PIN", wallet("alice", "balance"), OK)
        tries = [gives(f"g6: wrong PIN {i}", wallet("alice", "balance", pin="wrong"), AUTH, "AUTH")
                 for i in range(3)]
        self.report.equal("g6: what is left", [t["result.tries_left"] for t in tries], [9, 8, 7])
        self.report.equal("g6: one text for all", len({t["error.message"] for t in tries}), 1)
        locked = gives("g6: the fourth waits", wallet("alice", "balance"), AUTH, "PIN_WAIT")
        self.report.check("g6: it says how long", "5 sec" in locked["error.message"] or
                          "4 sec" in locked["error.message"], locked)
        time.sleep(5.1)
        gives("g6: after the wait the right one opens", wallet("alice", "balance"), OK)
        self.killed_attempts()
        path = os.path.join(self.home("alice"), "wallet.pin")
        gives("--pin-fd", self.pin_by_descriptor("alice"), OK)
        os.chmod(path, 0o644)
        gives("a PIN file that others can read", wallet("alice", "balance"), AUTH)
        os.chmod(path, 0o600)

    def pin_by_descriptor(self, name):
        reading, writing = os.pipe()
        os.write(writing, PIN.encode() + b"\n")
        os.close(writing)
        argv = [os.path.join(self.town.programs, "dcep-wallet"), "-w", name, "--json", "--pin-fd",
                str(reading), "balance"]
        done = subprocess.run(argv, capture_output=True, check=False, env=self.town.env,
                              pass_fds=[reading], stdin=subprocess.DEVNULL, timeout=30)
        os.close(reading)
        result = self.town.wallet(name, "lock")
        result.code, result.out = done.returncode, done.stdout.decode()
        return result

    def killed_attempts(self):
        """However early or late an attempt is killed: no more answers than the count says."""
        argv = [os.path.join(self.town.programs, "dcep-wallet"), "-w", "alice", "--json",
                "--pin-file", self.secrets["wrong"], "balance"]
        path = os.path.join(self.home("alice"), "wallet.pin")
        answers = 0
        for i in range(30):
            attempt = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       env=self.town.env, stdin=subprocess.DEVNULL)
            time.sleep(0.004 * i)
            attempt.send_signal(signal.SIGKILL)
            out = attempt.communicate()[0]
            answers += b'"AUTH"' in out
            with open(path, "rb") as file:
                counted = file.read()[8]
            if counted >= 3:
                break
        self.report.check("g6: killed attempts are counted", counted >= max(answers, 3),
                          f"{answers} answers, {counted} counted")
        later = {"DCEP_CLOCK_OFFSET_S": "6"}  # the wait itself was waited for above
        self.gives("g6: not before", self.wallet("alice", "balance"), AUTH, "PIN_WAIT")
        self.gives("g6: and then the right one", self.wallet("alice", "balance", env=later), OK)

    def locking(self):
        gives, wallet, town = self.gives, self.wallet, self.town
        gives("unlock wants the PIN", wallet("alice", "unlock", "--for", "10m", pin=None), USAGE)
        gives("unlock under a wrong one", wallet("alice", "unlock", pin="wrong"), AUTH)
        gives("unlock for no time at all", wallet("alice", "unlock", "--for", "0m"), USAGE)
        gives("unlock --for 2s", wallet("alice", "unlock", "--for", "2s"), OK)
        socket = os.path.join(self.home("alice"), "unlock.sock")
        self.report.equal("the agent's socket is its owner's",
                          stat.S_IMODE(os.stat(socket).st_mode), 0o600)
        gives("unlocked: no PIN", wallet("alice", "balance", pin=None), OK)
        time.sleep(2.6)
        gives("its time is up", wallet("alice", "balance", pin=None), USAGE)
        self.report.check("and nothing is left of it", not os.path.exists(socket))
        gives("unlock --for 10m", wallet("alice", "unlock", "--for", "10m"), OK)
        gives("unlocked: request", wallet("alice", "request", "1.00", "-o", town.path("u.request"),
                                          pin=None), OK)
        gives("words new wants the PIN all the same", wallet("alice", "words", "new", "--words-out",
                                                             town.path("never"), pin=None), USAGE)
        gives("lock", wallet("alice", "lock", pin=None), OK)
        gives("locked", wallet("alice", "balance", pin=None), USAGE)
        gives("lock again", wallet("alice", "lock", pin=None), OK)

    def pin_change(self):
        gives, wallet = self.gives, self.wallet
        change = ("pin", "change", "--new-pin-file", self.secrets["other"])
        gives("pin change under a wrong one", wallet("alice", *change, pin="wrong"), AUTH)
        gives("the old one still opens", wallet("alice", "balance"), OK)
        gives("pin change", wallet("alice", *change), OK)
        gives("the old one opens no more", wallet("alice", "balance"), AUTH)
        gives("the new one does", wallet("alice", "balance", pin="other"), OK)
        self.town.must(wallet("alice", "pin", "change", "--new-pin-file", self.secrets["pin"],
                              pin="other"))
        self.killed_changes()

    def killed_changes(self):
        """Killed anywhere in the change: one of the two opens, never both or neither."""
        held = "pin"
        for i in range(6):
            wanted = "other" if held == "pin" else "pin"
            argv = [os.path.join(self.town.programs, "dcep-wallet"), "-w", "alice", "--pin-file",
                    self.secrets[held], "pin", "change", "--new-pin-file", self.secrets[wanted]]
            change = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      env=self.town.env, stdin=subprocess.DEVNULL)
            time.sleep(0.03 + 0.02 * i)
            change.send_signal(signal.SIGKILL)
            change.wait()
            opens = [name for name in (wanted, held)
                     if self.wallet("alice", "balance", pin=name).code == OK]
            self.report.equal(f"pin change killed: one PIN opens ({i})", len(opens), 1)
            held = opens[0] if opens else held
        if held != "pin":
            self.town.must(self.wallet("alice", "pin", "change", "--new-pin-file",
                                       self.secrets["pin"], pin=held))

    def words(self):
        gives, wallet = self.gives, self.wallet
        english = self.words_of(self.town.path("safe", "alice.words"))
        self.report.equal("twelve English words", len(english.split()), 12)
        chinese_file, _ = self.citizen("bob", "zh")
        chinese = self.words_of(chinese_file)
        self.report.check("twelve Chinese ones", len(chinese.split()) == 12 and
                          all("\u4e00" <= c <= "\u9fff" for c in chinese.replace(" ", "")), chinese)
        self.report.equal("the words' file is private",
                          stat.S_IMODE(os.stat(chinese_file).st_mode), 0o600)
        typed = self.secret_file("typed", "　".join(chinese.split()) + "\n")
        gives("words check, Chinese, typed with wide spaces",
              wallet("bob", "words", "check", "--words-file", typed), OK)
        typed = self.secret_file("typed", "  " + english.upper().replace(" ", "\n"))
        gives("words check, English, in capitals",
              wallet("alice", "words", "check", "--words-file", typed), OK)
        gives("somebody else's words", wallet("bob", "words", "check", "--words-file", typed), AUTH,
              "WORDS")
        swapped = english.split()
        swapped[0], swapped[1] = "zoo", "zebra"
        for what, text in (("not a word", "xyzzy " + " ".join(english.split()[1:])),
                           ("eleven words", " ".join(english.split()[1:])),
                           ("words in another order", " ".join(swapped))):
            typed = self.secret_file("typed", text)
            gives(what, wallet("alice", "words", "check", "--words-file", typed), AUTH, "WORDS")
        full = gives("words new, and a disk that is full", wallet(
            "alice", "words", "new", "--words-out", "/dev/full"), REFUSED, "DISK_FULL")
        self.report.check("what to do", "words new makes others" in full["error.hint"], full)
        self.report.equal("words that nobody saw are not marked as seen", self.unseen("alice"), 1)
        new = self.town.path("safe", "alice.words2")
        gives("words new", wallet("alice", "words", "new", "--words-out", new), OK)
        old_file = self.town.path("safe", "alice.words")
        gives("the old ones are void", wallet("alice", "words", "check", "--words-file", old_file),
              AUTH, "WORDS")
        os.replace(new, old_file)
        self.report.equal("those in the file are", self.unseen("alice"), 0)

    def unseen(self, name):
        findings = self.wallet(name, "doctor").json["findings"]
        return sum(row["name"] == "words" and row["level"] != "good" for row in findings)

    def asks_last(self):
        """What can be refused at once is, before a secret is asked for and anything is made."""
        path, rubbish = self.town.path, self.secret_file("rubbish", "rubbish")
        backup = path("alice.backup")
        for what, who, words, code, name in (
                ("a backup over another file", "alice", ("create", backup), USAGE, "EXISTS"),
                ("a backup into nowhere", "alice", ("create", path("no", "b")), USAGE, "USAGE"),
                ("no backup", "new", ("verify", rubbish), INVALID, "PARSE"),
                ("no file to restore", "new", ("restore", path("none")), USAGE, "MISSING"),
                ("no backup to restore", "new", ("restore", rubbish), INVALID, "PARSE"),
                ("restore by a file that is none", "new", ("restore", backup, "--join", rubbish),
                 INVALID, "PARSE"),
                ("init by a file that is none", "new", ("--join", rubbish), INVALID, "PARSE"),
                ("the same with words", "new", ("--join", rubbish, "--words"), INVALID, "PARSE")):
            noun = ("init",) if words[0] == "--join" else ("backup",)
            self.gives(what, self.wallet(who, *noun, *words, pin=None), code, name)
        self.gives("a wallet that is there, before its words are asked for",
                   self.wallet("bob", "backup", "restore", backup), REFUSED, "EXISTS")
        self.report.check("nothing was made", not os.path.exists(self.home("new")))

    def backup(self):
        """Create and verify; wrong passphrases and damaged files all look the same."""
        gives, wallet, town = self.gives, self.wallet, self.town
        path, key = town.path("alice.backup"), ("--passphrase-file", self.secrets["passphrase"])
        bad = ("--passphrase-file", self.secrets["bad-passphrase"])
        town.must(wallet("alice", "withdraw", "300.00"))
        gives("backup create", wallet("alice", "backup", "create", path, *key), OK)
        self.report.equal("the backup is private", stat.S_IMODE(os.stat(path).st_mode), 0o600)
        gives("never over another one", wallet("alice", "backup", "create", path, *key), USAGE)
        verified = gives("backup verify", wallet("alice", "backup", "verify", path, *key, pin=None),
                         OK)
        self.report.equal("what was in the wallet", verified["held"], "300.00")
        wrong = gives("a wrong passphrase", wallet("alice", "backup", "verify", path, *bad), AUTH)
        with open(path, "rb") as file:
            good = file.read()
        for at in (8, 30, 60, len(good) // 2, len(good) - 1):
            damaged = self.damaged(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            got = gives(f"a bit flipped at {at}",
                        wallet("alice", "backup", "verify", damaged, *key), AUTH)
            self.report.equal("the same words", got["error.message"], wrong["error.message"])
        for what, content in (("cut", good[:-1]), ("longer", good + b"x")):
            gives(what, wallet("alice", "backup", "verify", self.damaged(content), *key), AUTH)
        rubbish = self.damaged(b"x" * 500)
        gives("no backup at all", wallet("alice", "backup", "verify", rubbish, *key), INVALID)
        gives("a short passphrase", wallet("alice", "backup", "create", town.path("b2"),
                                           "--passphrase-file", self.secret_file("s", "short")),
              USAGE)

    def damaged(self, content):
        path = self.town.path("damaged.backup")
        with open(path, "wb") as file:
            file.write(content)
        return path

    def restored(self):
        """G2, G3, M4: paid on after the backup, the payees appearing before and after."""
        gives, wallet, town = self.gives, self.wallet, self.town
        key = ("--passphrase-file", self.secrets["passphrase"])
        words = ("--words-file", town.path("safe", "alice.words"))
        for name in ("carol", "dave"):
            self.citizen(name)
        gives("before the backup: paid, and never received",
              wallet("dave", "request", "11.00", "-o", town.path("d.request")), OK)
        town.must(wallet("alice", "pay", town.path("d.request"), "-o", town.path("d.packet")))
        path = town.path("alice-2.backup")
        town.must(wallet("alice", "backup", "create", path, *key))
        self.hand_over("alice", "bob", "20.00", "to-bob")
        self.hand_over("alice", "carol", "30.00", "to-carol")
        late = self.town.path("late")
        town.must(wallet("alice", "request", "7.00", "-o", late + ".request"))
        town.must(wallet("bob", "sync"))
        # her phone is lost here; nobody may use it again
        shutil.move(self.home("alice"), self.home("lost"))

        asked = gives("every other wallet of hers is given up by it: that is asked first",
                      town.run("dcep-wallet", "-w", "alice", "--json", "--no-input", "--pin-file",
                               self.secrets["pin"], "backup", "restore", path, *key, *words),
                      USAGE, "USAGE")
        self.report.check("in words", "stops paying" in asked["error.message"] and
                          not os.path.exists(self.home("alice")), asked)
        other = gives("restore with words that are not hers",
                      wallet("alice", "backup", "restore", path, *key, "--words-file",
                             town.path("safe", "bob.words")), OK)
        self.report.check("is warned of", "not the words" in other.err, other)
        restored = gives("restore", wallet("alice", "backup", "restore", path, *key, *words), OK)
        self.report.equal("what older keys hold, at most", restored["from_older_keys"], "289.00")
        gives("again, it is there", wallet("alice", "backup", "restore", path, *key, *words), OK)
        self.report.equal("g2: nothing is spendable", self.total("alice"), 0)
        gives("g2: it asks for no payment", wallet("alice", "request", "1.00", "-o",
                                                   town.path("r.request")), INVALID, "RESTORED")
        town.must(wallet("bob", "request", "5.00", "-o", town.path("b.request")))
        gives("g2: it pays nothing", wallet("alice", "pay", town.path("b.request"), "-o",
                                            town.path("b.packet")), INVALID, "RESTORED")
        gives("g2: it withdraws nothing", wallet("alice", "withdraw", "5.00"), INVALID, "RESTORED")
        gives("g2: what is handed to it is kept aside", self.late_packet(late), INVALID)

        gives("g3: sync", wallet("alice", "sync"), OK)
        self.report.equal("g3: still nothing of the older keys", self.total("alice"), 0)
        gives("g3: it withdraws again", wallet("alice", "withdraw", "5.00"), OK)
        self.report.equal("g3: what dave was paid before the backup is handed in",
                          self.found("dave"), 1100)
        gives("m4: the payee who appears afterwards", wallet("carol", "sync"), OK)
        self.report.equal("m4: has her money", self.total("carol", "settled"), 3000)
        self.report.equal("m4: and so has the one who came before", self.total("bob", "settled"),
                          2000 - 700)
        advanced = gives("the bank advances the rest", town.bank("north", "wallet", "advance",
                                                                 "alice", "--all"), OK)
        gives("and it is there at the next sync", wallet("alice", "sync"), OK)
        # 300 - 11 - 20 - 30, 5 withdrawn since, 7 received late under an older key
        self.report.equal("every fen is back", self.total("alice"), 30000 - 1100 - 2000 - 3000 +
                          500 + 700)
        self.report.check("g3: nobody is accused", self.no_cases(), str(advanced))
        self.report.check("the books balance", town.central("supply", "--recount")["balanced"])

    def late_packet(self, late):
        """Bob pays the request that she made before she lost the phone."""
        self.town.must(self.wallet("bob", "pay", late + ".request", "-o", late + ".packet"))
        got = self.wallet("alice", "receive", late + ".packet")
        self.town.must(self.wallet("bob", "sync"))
        return got

    def found(self, name):
        self.town.must(self.wallet(name, "sync"))
        return self.total(name)

    def no_cases(self):
        return self.town.central("case", "list")["cases"] == []

    def old_phone(self):
        """G1, G2 from the thief's side: her lost phone, PIN and all, gets nothing new."""
        gives, wallet = self.gives, self.wallet
        gives("the lost phone can't withdraw", wallet("lost", "withdraw", "5.00"), AUTH,
              "FORBIDDEN")
        gives("nor get a certificate", wallet("lost", "sync"), AUTH, "FORBIDDEN")
        self.report.equal("it promises nothing that payees would refuse",
                          wallet("lost", "balance")["payable_offline"], "0.00")
        doctor = gives("and says why", wallet("lost", "doctor"), AUTH, "BROKEN")
        self.report.check("with what helps", any(
            row["name"] == "revoked" and row["command"] == "dcep-wallet deposit --all"
            for row in doctor["result.findings"]), doctor)

    def second_wallet(self, words):
        """One customer, two wallets, one set of words: the older paper is void, and she is told."""
        gives, wallet, town = self.gives, self.wallet, self.town
        gives("her paper is good", wallet("erin", "words", "check", "--words-file", words), OK)
        join = town.path("erin-2.join")
        town.must(town.bank("north", "customer", "join", "erin", "-o", join))
        town.must(wallet("erin-2", "init", "--join", join, "--words-out", town.path("2.words")))
        synced = gives("her first one syncs", wallet("erin", "sync"), OK)
        self.report.check("and is told", "void" in synced.err, synced)
        gives("void by her other wallet's", wallet("erin", "words", "check", "--words-file", words),
              AUTH, "WORDS")
        told = [row for row in wallet("erin", "doctor")["findings"] if row["name"] == "words"]
        self.report.check("doctor says so, and what to do", len(told) == 1 and
                          told[0]["command"] == "dcep-wallet words new", told)
        short = town.bank("north", "account", "withdraw", "erin", "99999999.00")
        self.report.check("a refusal says what to do", short["error.name"] == "FUNDS" and
                          short["error.hint"], short)

    def lost_phone(self):
        """No backup: a new phone, the words, and the old join file for the bank's address."""
        gives, wallet, town = self.gives, self.wallet, self.town
        words, join = self.citizen("erin", "zh")
        town.must(wallet("erin", "withdraw", "200.00"))
        packet = self.hand_over("erin", "bob", "25.00", "erin-bob", receive=False)
        shutil.rmtree(self.home("erin"))
        gives("the old join file opens nothing by itself",
              wallet("erin", "init", "--join", join), AUTH, "CODE")
        stranger = self.secret_file("typed", "legal winner thank year wave sausage worth useful "
                                             "legal winner thank yellow")
        gives("words that no customer has", wallet("erin", "init", "--join", join, "--words-file",
                                                   stranger), AUTH, "WORDS")
        gives("with her words it does", wallet("erin", "init", "--join", join, "--words-file",
                                               words), OK)
        self.second_wallet(words)
        self.report.equal("nothing in it yet", self.total("erin"), 0)
        gives("it is a wallet like any other", wallet("erin", "withdraw", "10.00"), OK)
        gives("the payee takes what the old phone paid",
              wallet("bob", "receive", packet, "-o", town.path("erin-bob.receipt")), OK)
        before = self.total("bob", "settled")
        gives("and settles it", wallet("bob", "sync"), OK)
        self.report.equal("whole", self.total("bob", "settled") - before, 2500)
        gives("the bank advances", town.bank("north", "wallet", "advance", "erin", "--all"), OK)
        gives("sync", wallet("erin", "sync"), OK)
        self.report.equal("every fen is back", self.total("erin"), 20000 - 2500 + 1000)
        self.report.check("nobody is accused", self.no_cases())

    def by_join_file(self):
        """No words either: the bank looks at her papers and makes a new join file."""
        gives, wallet, town = self.gives, self.wallet, self.town
        key = ("--passphrase-file", self.secrets["passphrase"])
        town.must(wallet("carol", "backup", "create", town.path("carol.backup"), *key))
        shutil.rmtree(self.home("carol"))
        gives("restore without words or join file", wallet("carol", "backup", "restore",
                                                           town.path("carol.backup"), *key), USAGE)
        join = self.join_file("carol", "--lost")
        gives("restore with a new join file", wallet("carol", "backup", "restore",
                                                     town.path("carol.backup"), *key, "--join",
                                                     join), OK)
        gives("sync", wallet("carol", "sync"), OK)
        town.must(town.bank("north", "wallet", "advance", "carol", "--all"))
        gives("sync again", wallet("carol", "sync"), OK)
        self.report.equal("and her money is there", self.total("carol"), 3000)

    # ---- what lies on the disk ----

    def at_rest(self):
        needles = [PIN.encode(), OTHER_PIN.encode(), PASSPHRASE.encode(), b"North Bank",
                   b"dcep-test", b"SQLite format 3", b"lunch", b"purse_coin"]
        for name in ("alice", "bob", "erin"):
            words = self.words_of(self.town.path("safe", name + ".words"))
            needles.append(words.encode())
            needles.append(" ".join(words.split()[:3]).encode())
        paths = [os.path.join(root, name) for root, _, names in os.walk(self.town.path("home"))
                 for name in names] + [self.town.path("alice.backup")]
        seen = 0
        for path in paths:
            with open(path, "rb") as file:
                content = file.read()
            seen += len(content)
            found = [needle for needle in needles if needle in content]
            self.report.check(f"nothing to read in {os.path.basename(path)}", not found, found)
            self.report.equal(f"{path} is private", stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.report.check("there was something to search", seen > 200000, seen)
        for name in os.listdir(self.town.path("home", "dcep", "wallets")):
            self.report.equal(f"{name}'s directory is private",
                              stat.S_IMODE(os.stat(self.home(name)).st_mode), 0o700)


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    report = Report()
    with Town(build) as town:
        town.found("north")
        keeping = Keeping(town, report)
        try:
            for act in (keeping.pin, keeping.locking, keeping.pin_change, keeping.words,
                        keeping.backup, keeping.asks_last, keeping.restored, keeping.old_phone,
                        keeping.lost_phone, keeping.by_join_file, keeping.at_rest):
                act()
        finally:
            for name in os.listdir(town.path("home", "dcep", "wallets")):
                town.wallet(name, "lock")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
