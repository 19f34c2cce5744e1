#!/usr/bin/python3
"""doctor finds what is wrong and names what mends it; and looking changes nothing.

    tests/acceptance/doctor.py [BUILD]

Each trouble is made on purpose in a copy of a wallet: modes, clock, age, a database with holes, one
that is no database, a bank that does not answer. The last line is "N passed, N failed".
"""
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import cbor2

sys.dont_write_bytecode = True
from town import AUTH, INTEGRITY, OK, REFUSED, Report, Town, UNREACHABLE  # noqa: E402

DAY_S = 86400


class Ward:
    def __init__(self, town, report):
        self.town, self.report, self.copies = town, report, 0
        self.homes = os.path.join(town.env["XDG_DATA_HOME"], "dcep", "wallets")

    def patient(self, name="alice"):
        """A copy of a wallet, to be broken; its name and its directory."""
        self.copies += 1
        copy = f"{name}-{self.copies}"
        shutil.copytree(os.path.join(self.homes, name), os.path.join(self.homes, copy))
        return copy, os.path.join(self.homes, copy)

    def rows(self, name):
        return self.open_rows(os.path.join(self.homes, name))

    def change(self, home, statement):
        self.open_rows(home, statement)

    def open_rows(self, *words):
        """The database is sealed: a tool of the build opens it."""
        tool = os.path.join(self.town.programs, "acceptance", "wallet_rows")
        return subprocess.run([tool, *words], check=True, capture_output=True, timeout=60).stdout

    def doctor(self, what, name, finding, level, code, command=None, env=None):
        """Exactly this exit code, and a finding of this name, level and command."""
        result = self.town.wallet(name, "doctor", env=env)
        found = result["findings"] or result["result.findings"] or []
        hits = [row for row in found if row["name"] == finding]
        self.report.check(f"{what}: exit {code}", result.code == code, result)
        self.report.check(f"{what}: {finding} is {level}",
                          any(row["level"] == level for row in hits), found)
        if level != "fine":
            self.report.check(f"{what}: names what mends it",
                              any(command in row["command"] for row in hits), hits)
        return next((row["command"] for row in hits if row["level"] == level), "")

    # ---- troubles ----

    def healthy(self):
        for finding in ("clock", "permission", "certificate", "directory", "revocations",
                        "database", "disk"):
            self.doctor("a healthy wallet", "alice", finding, "fine", OK)
        self.doctor("a payment without receipt", "alice", "unconfirmed", "note", OK, "sync")
        self.doctor("received, not settled", "bob", "unsettled", "note", OK, "sync")

    def modes(self):
        name, home = self.patient()
        os.chmod(os.path.join(home, "wallet.db"), 0o644)
        mend = self.doctor("a readable database", name, "permission", "broken", AUTH, "chmod 600")
        subprocess.run(mend, shell=True, check=True)
        self.doctor("mended by that command", name, "permission", "fine", OK)
        os.chmod(home, 0o755)
        mend = self.doctor("an open directory", name, "permission", "broken", AUTH, "chmod 700")
        subprocess.run(mend, shell=True, check=True)
        self.doctor("mended by that command too", name, "permission", "fine", OK)

    def time(self):
        for what, offset, finding, level, code, command in (
                ("a clock a month slow", -30 * DAY_S, "clock", "broken", REFUSED, "date"),
                ("a day left", 6 * DAY_S, "certificate", "warning", OK, "sync"),
                ("eight days offline", 8 * DAY_S, "certificate", "warning", OK, "sync"),
                ("an old revocation list", 9 * DAY_S, "revocations", "note", OK, "sync"),
                ("coins about to end", 80 * DAY_S, "coins", "warning", OK, "sync"),
                ("a directory about to end", 85 * DAY_S, "directory", "warning", OK, "sync"),
                ("a directory that ended", 120 * DAY_S, "directory", "warning", OK, "sync")):
            self.doctor(what, "alice", finding, level, code, command,
                        env={"DCEP_CLOCK_OFFSET_S": str(offset)})

    def database(self):
        name, home = self.patient()
        self.change(home, "DELETE FROM purse_token "
                          "WHERE serial = (SELECT min(serial) FROM purse_coin)")
        self.doctor("a coin without its line", name, "database", "broken", INTEGRITY, "backup")
        name, home = self.patient()
        self.change(home, "DELETE FROM sealed_key")
        self.doctor("a key without its private half", name, "database", "broken", INTEGRITY,
                    "backup")
        name, home = self.patient()
        with open(os.path.join(home, "wallet.db"), "r+b") as file:
            file.write(b"no database at all" * 100)
        self.doctor("no database at all", name, "database", "broken", INTEGRITY, "backup")

    def pin_file(self):
        name, home = self.patient()
        for words in (("unlock", "--for", "1m"), ("lock",)):
            open_to_all = self.town.wallet(name, *words)
            self.report.check(f"a wallet without a PIN: {words[0]} says that nothing locks it",
                              open_to_all.code == OK and "nothing locks it: dcep-wallet pin change"
                              in open_to_all.err, open_to_all)
        os.truncate(os.path.join(home, "wallet.pin"), 0)
        result = self.town.wallet(name, "balance")
        self.report.check("an empty PIN file is called by its name", result.code == INTEGRITY and
                          "wallet.pin" in result["error.message"], result)

    def left_copies(self):
        """Two, as of looks that were killed, or are under way: it is locked then."""
        made = []
        for name in ("left", "used"):
            made.append(tempfile.mkdtemp(prefix="dcep-look-", dir="/dev/shm"))
            for file in ("wallet.db", "wallet.db-wal"):
                with open(os.path.join(made[-1], file), "w", encoding="ascii") as copy:
                    copy.write(name)
        lock = os.open(made[1], os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return *made, lock

    def unwritable(self):
        """A full disk and a read-only one: the money is seen, and what to do; a payment fails."""
        for what, finding in (
                ("mount --bind {0} {0} && mount -o remount,ro,bind {0}", "cannot be written"),
                ("cp -a {0} {0}.c && mount -t tmpfs -o size=1m none {0} && cp -a {0}.c/. {0} && "
                 "chmod 700 {0} && {{ head -c 9m /dev/zero 2>/dev/null >{0}/f; chmod 600 {0}/f; }} "
                 "&& df {0} >/dev/null", "is full")):
            name, home = self.patient()
            pin = self.town.path("safe", name + ".pin")
            with open(pin, "w", encoding="ascii", opener=lambda path, flags: os.open(
                    path, flags, 0o600)) as file:
                file.write("246810")
            self.town.must(self.town.wallet(name, "pin", "change", "--new-pin-file", pin))
            look = ("--pin-file", pin)
            script = what.format(home) + ' && exec "$@"'
            before = ("unshare", "-rm", "sh", "-c", script, "sh")
            if self.town.run("dcep-wallet", "--version", before=before).code != OK:
                print("no mounts of one's own here: unwritable disks are not tried")
                return
            left, used, lock = self.left_copies()
            good = self.town.wallet(name, *look, "balance")
            seen = self.town.wallet(name, *look, "balance", before=before)
            self.report.equal(f"{finding}: the balance", (seen.code, seen["spendable"]),
                              (OK, good["spendable"]))
            self.report.check(f"{finding}: is said", "only to look at" in seen.err, seen)
            os.close(lock)
            is_copied = finding == "cannot be written"  # what is full can be opened where it is
            self.report.equal("a copy that a killed look left is removed, one in use is not",
                              (os.path.exists(left), os.path.exists(used)), (not is_copied, True))
            for copy in (left, used):
                shutil.rmtree(copy, ignore_errors=True)
            told = self.town.wallet(name, *look, "history", before=before)
            self.report.check(f"{finding}: the history", told.code == OK and told["history"], told)
            doctor = self.town.wallet(name, *look, "doctor", before=before)
            self.report.check(f"{finding}: doctor", doctor.code == REFUSED and any(
                row["name"] == "disk" and row["level"] == "broken" and finding in row["text"]
                for row in doctor["result.findings"] or []), doctor)
            failed = self.town.wallet(name, *look, "request", "1.00", "-o", self.town.path("none"),
                                      before=before)
            self.report.equal(f"{finding}: a request", failed.code, REFUSED)
            other = self.town.path("safe", "wrong.pin")
            with open(other, "w", encoding="ascii", opener=lambda path, flags: os.open(
                    path, flags, 0o600)) as file:
                file.write("135790")
            wrong = self.town.wallet(name, "--pin-file", other, "balance", before=before)
            self.report.equal(f"{finding}: a wrong PIN", (wrong.code, wrong["spendable"]),
                              (AUTH, None))

    def stuck(self):
        bank = self.town.servers["north"]
        bank.send_signal(signal.SIGSTOP)
        try:
            asked = self.town.wallet("alice", "withdraw", "3.00", "--timeout", "1")
            self.report.equal("a withdrawal without an answer", asked.code, UNREACHABLE)
        finally:
            bank.send_signal(signal.SIGCONT)
        self.doctor("a withdrawal without an answer", "alice", "withdrawals", "note", OK, "sync")
        self.report.equal("sync mends it", self.town.wallet("alice", "sync").code, OK)
        found = self.town.wallet("alice", "doctor")["findings"]
        self.report.check("and it is gone", all(row["name"] != "withdrawals" for row in found),
                          found)

    # ---- looking changes nothing ----

    def looking(self):
        town, path = self.town, self.town.path
        before = self.rows("alice")
        self.report.check("there are rows to compare", before.count(b"\n") > 10, before)
        for words in (("doctor",), (), ("balance",), ("pay", path("ask"), "--dry-run"),
                      ("inspect", path("ask")), ("inspect", path("a.packet")),
                      ("inspect", path("c.join"))):
            result = town.wallet("alice", *words)
            self.report.check(f"{' '.join(words[:1])}: done", result.code == OK, result)
            self.report.check(f"{' '.join(words[:1])} changes no row",
                              self.rows("alice") == before)
        trial = town.wallet("alice", "pay", path("ask"), "--dry-run")
        paid = town.wallet("alice", "pay", path("ask"), "-o", path("ask.packet"))
        self.report.equal("the trial's size is the packet's", trial["size"], paid["size"])
        self.report.equal("and the file's", os.path.getsize(path("ask.packet")), trial["size"])
        most = town.wallet("alice", "balance")["payable_offline"]
        for amount, code in ((most, OK), (f"{float(most) + 0.01:.2f}", 5)):
            town.must(town.wallet("bob", "request", amount, "-o", path("most"), "--force"))
            result = town.wallet("alice", "pay", path("most"), "--dry-run")
            self.report.check(f"payable offline: {amount}", result.code == code, result)

    def join_code(self):
        code = self.code_of(self.town.path("c.join"))
        for words in ((), ("--json",), ("-v",)):
            result = self.town.run("dcep-wallet", "-w", "alice", *words, "inspect",
                                   self.town.path("c.join"))
            self.report.check("inspect never shows the code of a join file",
                              code.hex() not in result.out + result.err and result.code == OK,
                              result)

    @staticmethod
    def code_of(path):
        with open(path, "rb") as file:
            wrapper = cbor2.loads(file.read())
        body = wrapper[3] if isinstance(wrapper[3], list) else cbor2.loads(wrapper[3])
        return body[7]


def main():
    report = Report()
    with Town(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build")) as town:
        town.found("north")
        town.open_customers("north", [("alice", 3, "500.00"), ("bob", 3, "5.00")])
        town.must(town.wallet("alice", "withdraw", "123.45"))
        town.hand_over("alice", "bob", "7.50", "a", confirm=False)
        town.must(town.wallet("bob", "request", "20.00", "-o", town.path("ask")))
        town.must(town.bank("north", "customer", "open", "--name", "Cara", "--tier", "1", "-o",
                            town.path("c.join")))
        ward = Ward(town, report)
        ward.healthy()
        ward.modes()
        ward.time()
        ward.database()
        ward.pin_file()
        ward.unwritable()
        ward.looking()
        ward.join_code()
        ward.stuck()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
