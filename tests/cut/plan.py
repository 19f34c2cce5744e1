"""Which cuts are tried, in which order, and which were tried before.

A cut is a place (a step and one of its calls) and a way to fail. In order: each step, and each call
in each of its ways; then each step in each way; then each place; then all there are. So the first N
of them are the widest sample of N.
"""
import hashlib
import os

DEATHS = ("kill", "power", "torn")
ENDS = ("power", "torn")  # the power goes just after the program ended
FAULTS = {"full": ("openat", "write", "pwrite64", "link", "rename", "mkdir"),
          "rofs": ("openat", "write", "pwrite64", "ftruncate", "link", "rename", "unlink", "mkdir",
                   "fchmod"),
          "eio": ("write", "pwrite64", "fsync", "fdatasync"),
          "eintr": ("write", "pwrite64"),
          "short": ("write", "pwrite64"),
          "reset": ("connect", "sendto", "sendmsg"),
          "pause": ("fdatasync", "fsync", "sendmsg", "sendto")}
WAYS, OF_A_DISK = (*DEATHS, *FAULTS), ("full", "rofs", "eio", "eintr")
CALLS = {name for names in FAULTS.values() for name in names}
HERE = os.path.dirname(os.path.abspath(__file__))


class Cut:
    """One cut point: the step, which call of it, what that call was, what happens to it."""

    def __init__(self, scene, call, name, how):
        self.scene, self.call, self.name, self.how = scene, call, name, how

    @property
    def place(self):
        """Calls are numbered anew each time; only one of each number counts."""
        return self.scene.name, self.call

    @property
    def key(self):
        return self.scene.name, str(self.call), self.name, self.how

    def __str__(self):
        call = f"call {self.call} ({self.name})" if self.call else "at its end"
        return f"{self.scene.name}: {self.how} {call}"


def cuts_of(scene, lines):
    """Of the knife's log of a run that nobody cut. With all synced a power cut is no other fault
    than kill -9; and no disk is behind a pipe."""
    for line in lines:
        if not line[:1].isdigit():
            continue
        number, name, state, path = line.split(" ", 3)
        for how in (*DEATHS, *(how for how, names in FAULTS.items() if name in names)):
            if (state == "dirty" or how not in ENDS) and \
                    not (path.startswith("pipe:") and how in OF_A_DISK):
                yield Cut(scene, int(number), name, how)
    if lines[-1:] == ["end dirty"]:
        for how in ENDS:
            yield Cut(scene, 0, "exit", how)


def in_order(cuts, rng):
    """The cuts, and how many of them are the first round: every step, every call's every way."""
    rng.shuffle(cuts)
    chosen, first = [], None
    for facets_of in (lambda cut: {cut.scene.name, (cut.name, cut.how)},
                      lambda cut: {(cut.scene.name, cut.how)},
                      lambda cut: {cut.place}):
        seen, rest = set().union(*map(facets_of, chosen)), []
        for cut in cuts:
            facets = facets_of(cut)
            (rest if facets <= seen else chosen).append(cut)
            seen |= facets
        cuts, first = rest, first or len(chosen)
    return chosen + cuts, first


class Record:
    """What was tried, a line a cut: a run that was stopped goes on where it was. It is of one seed
    and of these very programs and steps; of others it is begun anew."""

    def __init__(self, path, programs, seed):
        self.path, self.tried = path, {}
        digest = hashlib.sha256(str(seed).encode())
        for name in [*(os.path.join(programs, name) for name in (
                "dcep-central", "dcep-bank", "dcep-wallet", "cut/cut", "cut/reader", "cut/wallet")),
                *(os.path.join(HERE, name) for name in sorted(os.listdir(HERE))
                  if name.endswith(".py"))]:
            with open(name, "rb") as file:
                digest.update(file.read())
        self.head = f"# {digest.hexdigest()}\n"
        self.load()

    def load(self):
        if self.path is None:
            return
        try:
            with open(self.path, encoding="utf-8") as file:
                lines = file.readlines()
        except FileNotFoundError:
            lines = []
        if lines[:1] == [self.head]:
            for line in lines[1:]:
                if line.endswith("\n"):  # the last may be torn
                    *key, verdict = line[:-1].split("\t")
                    self.tried[tuple(key)] = verdict
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(self.head)
            file.writelines("\t".join([*key, verdict]) + "\n"
                            for key, verdict in self.tried.items())

    def add(self, cut, verdict):
        if self.path is not None:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write("\t".join([*cut.key, verdict]) + "\n")
