#!/usr/bin/python3
"""What the central bank sees: keys and amounts, never who they are.

A small town lives for a while (customers of two banks join, pay, sync, one pays twice and is found,
one claims); then every byte of the central bank's directory, its write-ahead log and its server's
log is searched for every citizen's name, phone and identity number, every join code and every memo.
Merchants' labels are public: that they are found shows that the search finds what is there.
And payees of different weeks find no key of their payer's in common.

    tests/acceptance/privacy.py [BUILD]

The last line is "N passed, N failed".
"""
import base64
import os
import re
import shutil
import signal
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "stranger"))
from records import record, unwrap  # noqa: E402
from town import DOUBLE_SPEND, OK, Report, Town  # noqa: E402

# wallet, name, tier, phone, identity number, label
PEOPLE = {
    "north": [("li", "李明珠", 2, "13912345678", "110101199003074512", ""),
              ("wang", "Wang Xiaoping", 3, "13987654321", "310104198511226034", ""),
              ("tea", "Zhao Teashop Owner", 1, "02165432198", "91310000MA1K35X27P",
               "Tea by the Gate"),
              ("thief", "Qian the Quick", 3, "13700008888", "440305199210105577", "")],
    "south": [("sun", "孙国强", 3, "18611112222", "510107197706061234", ""),
              ("zhou", "Zhou Yimei", 4, "18833334444", "330106200001019988", "")],
}
MEMOS = ("birthday of grandmother", "rent for May")


class Life:
    def __init__(self, town, report):
        self.town, self.report = town, report
        self.codes, self.labels = {}, []

    def joins(self, bank, rows):
        """As open_customers, but with people; their join codes are kept for the search."""
        town = self.town
        table = town.path(bank + ".csv")
        with open(table, "w", encoding="utf-8") as file:
            file.write("name,tier,phone,id_number,label,opening_deposit\n")
            file.writelines(f"{name},{tier},{phone},{number},{label},800.00\n"
                            for _, name, tier, phone, number, label in rows)
        made = town.must(town.bank(bank, "customer", "import", table, "--joins", table + ".joins"))
        for i, (wallet, *_, label) in enumerate(rows):
            with open(made[f"customers.{i}.join"], "rb") as file:
                join = record(unwrap(file.read(), "dcep-test", "join"), "join")
            self.codes[wallet] = join["code"]
            self.labels += [label] if label else []
            town.must(town.wallet(wallet, "init", "--join", made[f"customers.{i}.join"],
                                  "--no-passphrase"))
            town.must(town.wallet(wallet, "withdraw", "100.00"))

    def hand(self, payer, payee, amount, name, memo=""):
        town = self.town
        files = [town.path(f"{name}.{kind}") for kind in ("request", "packet", "receipt")]
        town.must(town.wallet(payee, "request", amount, "--memo", memo, "-o", files[0]))
        town.must(town.wallet(payer, "pay", files[0], "-o", files[1]))
        town.must(town.wallet(payee, "receive", files[1], "-o", files[2]))
        town.must(town.wallet(payer, "receive", files[2]))
        return files[1]

    def live(self):
        town = self.town
        town.found("north", "south")
        for bank, rows in PEOPLE.items():
            self.joins(bank, rows)
        self.first = self.hand("li", "tea", "5.00", "week1", MEMOS[0])
        wallets = town.path("home", "dcep", "wallets")
        shutil.copytree(os.path.join(wallets, "thief"), os.path.join(wallets, "copy"))
        self.hand("thief", "sun", "100.00", "fork1")
        self.hand("copy", "zhou", "100.00", "fork2")
        self.hand("wang", "zhou", "3.00", "rent", MEMOS[1])
        for wallet in ("li", "tea", "sun", "wang"):
            town.must(town.wallet(wallet, "sync"))
        town.must(town.wallet("zhou", "sync"), DOUBLE_SPEND)
        town.must(town.wallet("zhou", "sync"))
        self.second = self.hand("li", "tea", "5.00", "week2")
        town.must(town.wallet("tea", "sync"))
        town.must(town.wallet("sun", "deposit", "20.00"))
        town.bank("north", "wallet", "list")
        town.must(town.central("case", "list"))

    # ---- the search ----

    def bytes_of(self, name):
        found = {}
        for folder, _, files in os.walk(self.town.path(name)):
            for file in files:
                path = os.path.join(folder, file)
                if os.path.isfile(path):
                    with open(path, "rb") as opened:
                        found[os.path.relpath(path, self.town.dir)] = opened.read()
        with open(self.town.path(name + ".log"), "rb") as opened:
            found[name + ".log"] = opened.read()
        return found

    @staticmethod
    def where(files, secret):
        """A text or bytes, as it is, in hex or in base64: in which files?"""
        data = secret.encode() if isinstance(secret, str) else secret
        forms = {data, data.hex().encode(), data.hex().upper().encode(), base64.b64encode(data),
                 base64.urlsafe_b64encode(data).rstrip(b"=")}
        if isinstance(secret, str):
            forms |= {secret.encode("utf-16-le"), secret.encode("utf-16-be")}
        return sorted(name for name, content in files.items()
                      if any(form in content for form in forms))

    def search(self):
        files, equal = self.bytes_of("central"), self.report.equal
        self.report.check("the database and its write-ahead log are searched", any(
            name.endswith(".db-wal") and content for name, content in files.items()), list(files))
        for bank, rows in PEOPLE.items():
            keeps = self.bytes_of(bank)
            for wallet, name, _, phone, number, _ in rows:
                for what, secret in (("name", name), ("phone", phone), ("identity number", number)):
                    equal(f"the central bank does not know {wallet}'s {what}",
                          self.where(files, secret), [])
                    self.report.check(f"{bank}, whose customer it is, does",
                                      self.where(keeps, secret), secret)
                equal(f"nor the code that {wallet} joined with",
                      self.where(files, self.codes[wallet]), [])
        for memo in MEMOS:
            equal("nor what a payment was for", self.where(files, memo), [])
        for label in self.labels:
            self.report.check("merchants' labels are public, and found", self.where(files, label))

    # ---- keys of different weeks ----

    def keys(self):
        """All points in a packet: owners, payees, certified keys."""
        packets = []
        for file in (self.first, self.second):
            with open(file, "rb") as opened:
                packets.append(set(re.findall(rb"\x58\x21([\x02\x03].{32})", opened.read(),
                                              re.DOTALL)))
        self.report.check("each week's packet shows keys", all(len(keys) >= 2 for keys in packets))
        self.report.equal("payees of different weeks find no key in common",
                          len(packets[0] & packets[1]), 0)

    def evidence(self):
        """The bank keeps the request for each next key, signed by the new and the previous one."""
        self.town.kill("north", signal.SIGTERM)
        with sqlite3.connect(f"file:{self.town.path('north', 'bank.db')}?mode=ro", uri=True) as db:
            rows = db.execute("select customer, by_new_key is not null, by_previous_key is not null"
                              " from bank_wallet order by made_at").fetchall()
        self.report.check("each key's request is kept, signed by the key itself",
                          rows and all(new for _, new, _ in rows))
        firsts = [customer for customer, _, previous in rows if not previous]
        self.report.equal("and by the one before it, but for each customer's first",
                          sorted(firsts), sorted({customer for customer, _, _ in rows}))
        self.report.check("the bank maps several keys to a customer", len(rows) > len(firsts))


def main():
    report = Report()
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    with Town(build) as town:
        life = Life(town, report)
        life.live()
        life.search()
        life.keys()
        report.check("the books balance", town.central("supply", "--recount")["balanced"] is True)
        life.evidence()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
