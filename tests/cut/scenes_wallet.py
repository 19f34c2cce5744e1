"""Steps of the wallet itself, in which no money moves from hand to hand. Their rows are in SCENES
(scenes.py)."""
import os

from town import OK, USAGE
from trio import NEXT_PIN, PASSPHRASE, PIN, Job, Wrong, read, same, there

UNLOCKED_FOR = "2m"


def ready_init(trio):
    name, join = trio.town.next_join()
    return Job(name, "init", "--join", join, "--no-passphrase")


def after_init(trio, job, wrong):
    """Asked again the bank certifies the same key; the wallet is one that can be used."""
    again = trio.run(job.who, *job.words)
    if again.code != OK and again["error.name"] != "EXISTS":
        raise Wrong(str(again))
    trio.must(job.who, "withdraw", "1.00")
    if trio.must(job.who, "balance")["spendable"] != "1.00":
        wrong.append("the new wallet does not hold what it withdrew")


def secret(trio, name, text):
    path = trio.town.path(name)
    if not os.path.exists(path):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(text + "\n")
    return path


def pin_wallet(trio):
    """A wallet of its own with a PIN, and the file that the PIN is in."""
    name, join = trio.town.next_join()
    pin = secret(trio, "old.pin", PIN)
    trio.must(name, "init", "--join", join, "--pin-file", pin)
    return name, pin


def ready_pin(trio):
    (name, old), new = pin_wallet(trio), secret(trio, "new.pin", NEXT_PIN)
    return Job(name, "pin", "change", "--pin-file", old, "--new-pin-file", new, old=old, new=new)


def after_pin(trio, job, wrong):
    """One of both opens the wallet, and never the other."""
    opens = [pin for pin in (job.old, job.new)
             if trio.run(job.who, "balance", "--pin-file", pin).code == OK]
    if len(opens) != 1:
        wrong.append(f"{len(opens)} of the two PINs open the wallet")
    if opens == [job.old]:
        trio.must(job.who, *job.words)
        trio.must(job.who, "balance", "--pin-file", job.new)


def ready_lock(trio):
    name, pin = pin_wallet(trio)
    trio.must(name, "unlock", "--for", UNLOCKED_FOR, "--pin-file", pin)
    return Job(name, "lock", pin=pin)


def after_lock(trio, job, wrong):
    """Asked again it is locked, whatever came of the first time."""
    trio.must(job.who, "lock")
    trio.must(job.who, "balance", code=USAGE)
    trio.must(job.who, "balance", "--pin-file", job.pin)


def ready_unlock(trio):
    name, pin = pin_wallet(trio)
    return Job(name, "unlock", "--for", UNLOCKED_FOR, "--pin-file", pin, pin=pin)


def after_unlock(trio, job, wrong):
    """The agent died with the cut: the PIN is asked for, and opens; then all of it once more."""
    shown = trio.run(job.who, "balance")
    if shown.code != USAGE:
        wrong.append(f"open, and nobody there to open it: {shown}")
    trio.must(job.who, *job.words)
    trio.must(job.who, "balance")
    after_lock(trio, job, wrong)


def ready_news(trio):
    """Directory and revocation list, newer than what the villager has. It never had money: a
    copy of its wallet is as good as another wallet."""
    town = trio.town
    villager, news = town.village()
    name = town.next_copy(villager)
    return Job(name, "receive", news, news=news)


def after_news(trio, job, wrong):
    """Taken, wholly; the second time it is no news; and what is told on is what was told."""
    out = trio.file("news")
    trio.must(job.who, "receive", job.news)
    again = trio.must(job.who, "receive", job.news)
    if again["news.directory"] is not False or again["news.revocations"] is not False:
        wrong.append(f"twice news: {again}")
    trio.must(job.who, "outbox", "--news", "-o", out)
    same(wrong, "news told on", out, read(job.news))


def ready_limits(trio):
    return Job(trio.payer, "limits", "set", "--payment", "300.00")


def after_limits(trio, job, wrong):
    """Set or not, and never half; asked again it is set."""
    for words, wanted in (((), ("500.00", "300.00")), (job.words, ("300.00",)),
                          (("limits", "set", "--reset"), ("500.00",))):
        if words:
            trio.must(job.who, *words)
        shown = trio.must(job.who, "limits")["limits.0.max"]
        if shown not in wanted:
            wrong.append(f"the limit of one payment is {shown}, not {' or '.join(wanted)}")


def ready_backup(trio):
    out, key = trio.file("backup"), secret(trio, "passphrase", PASSPHRASE)
    return Job(trio.payer, "backup", "create", out, "--passphrase-file", key, out=out, key=key)


def after_backup(trio, job, wrong):
    """A backup that is there opens; asked again there is one."""
    verify = ("backup", "verify", job.out, "--passphrase-file", job.key)
    if there(job.out):
        trio.must(job.who, *verify)
    else:
        trio.must(job.who, *job.words)
        trio.must(job.who, *verify)


def ready_restore(trio):
    name, join = trio.town.next_join()
    backup, again = trio.file("backup"), trio.file("join")
    key = secret(trio, "passphrase", PASSPHRASE)
    trio.must(name, "init", "--join", join, "--no-passphrase")
    trio.must(name, "backup", "create", backup, "--passphrase-file", key)
    trio.town.must(trio.town.bank(trio.bank, "customer", "join", name, "-o", again))
    return Job(name + "-again", "backup", "restore", backup, "--passphrase-file", key, "--join",
               again, "--no-passphrase")


def after_restore(trio, job, wrong):
    """Asked again it is there; after a sync it can be used."""
    trio.must(job.who, *job.words)
    trio.must(job.who, "sync")
    trio.must(job.who, "withdraw", "1.00")
    if trio.must(job.who, "balance")["spendable"] != "1.00":
        wrong.append("the restored wallet does not hold what it withdrew")


