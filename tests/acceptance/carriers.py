#!/usr/bin/python3
"""Hand to hand over every carrier, with the real programs: a link in the network, QR codes in files
and on the terminal, pipes; slow, broken and hostile peers and pictures.

    tests/acceptance/carriers.py [BUILD]

What the wallet draws is read back by strangers (codes.py). The last line is "N passed, N failed".
"""
import fcntl
import glob
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
from codes import (read_png, screenshots, whole, write_jpeg, write_png,  # noqa: E402
                   zbarimg)
from cutter import Cutter  # noqa: E402
from town import (INVALID, OK, Report, Town, UNREACHABLE, USAGE, fen, free_port)  # noqa: E402

MEMORY_MAX_KB = 100 * 1024


class Carriers:
    def __init__(self, town, report):
        self.town, self.report = town, report

    def gives(self, what, got, code, **fields):
        held = got.code == code and all(got[k.replace("__", ".")] == v for k, v in fields.items())
        self.report.check(what, held, f"{got}\n  wanted exit {code} {fields or ''}")
        return got

    def wallet(self, name, *rest, **options):
        return self.town.wallet(name, *rest, **options)

    def people(self):
        town = self.town
        town.found("north")
        town.open_customers("north", [(name, 2, "1000.00")
                                      for name in ("alice", "bob", "carol", "dave")])
        for name in ("alice", "bob"):
            self.gives(f"{name} withdraws", self.wallet(name, "withdraw", "400.00"), OK)

    def balance(self, name):
        return fen(self.wallet(name, "balance")["spendable"])

    def listen(self, name, *rest, port=None):
        """A payee that waits: the process and the port."""
        port = port or free_port()
        argv = [os.path.join(self.town.programs, "dcep-wallet"), "-w", name, "--json", *rest,
                "--listen", f"127.0.0.1:{port}"]
        process = subprocess.Popen(argv, env=self.town.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = process.stderr.readline().decode() + process.stderr.readline().decode()
        self.report.check("it says where it waits", f"pay --to 127.0.0.1:{port}" in said, said)
        return process, port, re.search(r"code ([0-9a-f ]{19})", said).group(1)

    def paid(self, what, process, amount):
        out, err = process.communicate(timeout=60)
        self.report.check(what, process.returncode == OK and b'"result":"taken"' in out and
                          f'"amount":"{amount}"'.encode() in out, (process.returncode, out, err))
        return err

    # ---- the link ----

    def link(self):
        report = self.report
        before = self.balance("alice"), self.balance("bob")
        waiting, port, code = self.listen("bob", "request", "20.00", "--memo", "tea")
        self.gives("while it waits, other commands use the wallet", self.wallet("bob", "balance"),
                   OK)
        shown = self.town.run("dcep-wallet", "-w", "alice", "-y", "pay", "--to",
                              f"127.0.0.1:{port}")
        report.check("the payer pays and gets the receipt",
                     shown.code == OK and "confirmed" in shown.out, shown)
        report.check("both screens show the same code", code in shown.out, (code, shown))
        self.paid("the payee has it", waiting, "20.00")
        report.equal("to the fen", (self.balance("alice"), self.balance("bob")),
                     (before[0] - 2000, before[1] + 2000))
        history = self.wallet("alice", "history")["history"]
        ident = [row for row in history if row["what"] == "paid"][-1]["id"]
        proof = self.town.path("link.receipt")
        self.gives("it can be proved", self.wallet("alice", "receipt", ident, "-o", proof), OK)
        self.gives("to anybody", self.wallet("carol", "receipt", "verify", proof), OK,
                   amount="20.00", memo="tea")
        again, port, _ = self.listen("bob", "request", "--again", ident)
        repeated = self.wallet("alice", "pay", "--to", f"127.0.0.1:{port}")
        self.gives("the same request again: the same packet", repeated, OK, repeated=True)
        out, err = again.communicate(timeout=60)
        report.check("the same receipt, no second credit",
                     again.returncode == OK and b'"taken before"' in out, (out, err))
        report.equal("still to the fen", (self.balance("alice"), self.balance("bob")),
                     (before[0] - 2000, before[1] + 2000))
        self.gives("nobody listens", self.wallet("alice", "pay", "--to", f"127.0.0.1:{port}"),
                   UNREACHABLE, error__name="UNREACHABLE")
        self.waits()
        self.gives("no address", self.wallet("alice", "pay", "--to", "nowhere"), USAGE)
        self.gives("two ways in", self.wallet("alice", "pay", "x", "--to", "127.0.0.1:1"), USAGE)
        self.gives("no way out", self.wallet("bob", "request", "1.00"), USAGE)

    def waits(self):
        """As long as the request can be paid, or as --timeout says; at all of its addresses."""
        report, town = self.report, self.town
        short, _, _ = self.listen("bob", "request", "1.00", "--expires", "1s")
        early, port, _ = self.listen("bob", "request", "1.00", "--timeout", "1")
        self.gives("a port that is taken", self.wallet("bob", "request", "1.00", "--listen",
                                                       f"127.0.0.1:{port}"), USAGE,
                   error__name="PORT_IN_USE")
        for what, process, hint in (("its time is over", short, b"asks anew"),
                                    ("as --timeout says", early, b"waits for the same payment")):
            out, err = process.communicate(timeout=30)
            report.check(f"{what}: the payee waits no longer", process.returncode == UNREACHABLE
                         and b'"TIMEOUT"' in out and hint in out, (out, err))
        self.runs_out_before_it_waits()
        argv = [os.path.join(town.programs, "dcep-wallet"), "-w", "bob", "--json", "request",
                "1.00", "--listen", "0.0.0.0:0"]
        with subprocess.Popen(argv, env=town.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as everywhere:
            told = re.search(r"pay --to (\S+)", everywhere.stderr.readline().decode()).group(1)
            report.check("not 0.0.0.0, but where one can call", not told.startswith("0.0.0.0") and
                         not told.endswith(":0"), told)
            self.gives("and is paid there", self.wallet("alice", "pay", "--to", told), OK)
            self.paid("the payee has it", everywhere, "1.00")

    def runs_out_before_it_waits(self):
        """A screen that is slow: the time is over when the codes have been shown."""
        screen, end = os.pipe()
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 4096)
        argv = [os.path.join(self.town.programs, "dcep-wallet"), "-w", "bob", "request", "1.00",
                "--expires", "1s", "--listen", "127.0.0.1:0", "--qr", "terminal"]
        with subprocess.Popen(argv, env=self.town.env, stdin=subprocess.DEVNULL, stdout=end,
                              stderr=subprocess.PIPE) as late, os.fdopen(screen, "rb") as shown:
            os.close(end)
            time.sleep(2)
            killer = threading.Timer(30, late.kill)
            killer.start()
            shown.read()
            killer.cancel()
            err = late.stderr.read()
        self.report.check("a request that has run out before it waits is not waited for",
                          late.returncode == UNREACHABLE and b"asks anew" in err,
                          (late.returncode, err))

    # row F6, F8: cut at bytes of the packet and of the receipt
    def cuts(self):
        report, before = self.report, (self.balance("alice"), self.balance("bob"))
        waiting, port, _ = self.listen("bob", "request", "3.00")
        packet = self.town.path("cut.packet")
        for forth, back in ((0, 0), (0, 4), (0, 100), (0, 1 << 20), (1, 1 << 20), (8, 1 << 20),
                            (9, 1 << 20), (400, 1 << 20)):
            cutter = Cutter(port, forth, back)
            result = self.wallet("alice", "pay", "--to", f"127.0.0.1:{cutter.port}",
                                 "--timeout", "5")
            cutter.close()
            self.gives(f"cut after {forth} bytes forth, {back} back", result, UNREACHABLE)
        report.check("nothing came to the payee", waiting.poll() is None)
        ident = [row["id"] for row in self.wallet("alice", "outbox")["payments"]
                 if row["amount"] == "3.00"][0]
        self.gives("the payer has one payment under way",
                   self.wallet("alice", "outbox", ident, "-o", packet), OK)
        offer = self.fetch(port)
        for back in (len(offer) + 1, len(offer) + 3, len(offer) + 8, len(offer) + 200):
            cutter = Cutter(port, 1 << 20, back)
            self.gives(f"the receipt cut after {back - len(offer)} bytes",
                       self.wallet("alice", "outbox", ident, "--to", f"127.0.0.1:{cutter.port}",
                                   "--timeout", "5"), UNREACHABLE)
            cutter.close()
        report.equal("the payee was paid once", self.balance("bob"), before[1] + 300)
        waiting.communicate(timeout=60)
        again, port, _ = self.listen("bob", "request", "--again", ident)
        self.gives("pay again: all is well", self.wallet("alice", "pay", "--to",
                                                         f"127.0.0.1:{port}"), OK, repeated=True)
        again.communicate(timeout=60)
        copy = self.town.path("cut.again")
        self.wallet("alice", "outbox", ident, "-o", copy)
        with open(packet, "rb") as a, open(copy, "rb") as b:
            report.equal("byte for byte the same packet", b.read(), a.read())
        report.equal("once, to the fen", (self.balance("alice"), self.balance("bob")),
                     (before[0] - 300, before[1] + 300))

    @staticmethod
    def fetch(port):
        with socket.create_connection(("127.0.0.1", port)) as link:
            head = link.recv(8, socket.MSG_WAITALL)
            return head + link.recv(struct.unpack(">I", head[4:])[0], socket.MSG_WAITALL)

    # row I9: peers that are slow, or hostile
    def strangers(self):
        waiting, port, _ = self.listen("bob", "request", "2.00")
        crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
        for i, peer in enumerate(crowd):
            try:
                peer.sendall((b"", b"d", b"dcep\0\0", b"dcep\0\x10\0\0" + b"x" * 1000,
                              b"dcep\xff\xff\xff\xff", b"GET / HTTP/1.0\r\n\r\n",
                              os.urandom(64))[i % 7])
            except OSError:
                pass
        with open(self.town.path("link.receipt"), "rb") as file:
            receipt = file.read()
        other = b"\x83\x69elsewhere\x66packet\x41\x00"
        for rubbish in (b"x", receipt, b"\x84" * 2000, other, os.urandom(1 << 20)):
            with socket.create_connection(("127.0.0.1", port)) as peer:
                peer.sendall(b"dcep" + struct.pack(">I", len(rubbish)) + rubbish)
                peer.settimeout(20)
                offer = peer.recv(8, socket.MSG_WAITALL)
                peer.recv(struct.unpack(">I", offer[4:])[0], socket.MSG_WAITALL)
                self.report.equal(f"{len(rubbish)} bytes of rubbish are not taken",
                                  peer.recv(8, socket.MSG_WAITALL), b"dcep\0\0\0\0")
        with open(f"/proc/{waiting.pid}/status", encoding="ascii") as file:
            peak = int(re.search(r"VmHWM:\s*(\d+)", file.read()).group(1))
        self.report.check("it cost no memory", peak < MEMORY_MAX_KB or "asan" in
                          self.town.programs, peak)
        begin = time.monotonic()
        self.gives("an honest payer among them", self.wallet("alice", "pay", "--to",
                                                             f"127.0.0.1:{port}"), OK)
        self.report.check("is served at once", time.monotonic() - begin < 10,
                          time.monotonic() - begin)
        err = self.paid("the payee is paid", waiting, "2.00")
        self.report.check("and was told of the rest", err.count(b"still waiting") >= 5, err)
        for peer in crowd:
            peer.close()

    # ---- codes ----

    def hand_over_by_codes(self):
        """Alice pays Bob by pictures alone; the packet in many frames."""
        town, report = self.town, self.report
        asked = town.path("qr.png")
        self.gives("a request as a code", self.wallet("bob", "request", "11.00", "--qr", asked,
                                                      "-o", town.path("qr.request")), OK, frames=1)
        with open(town.path("qr.request"), "rb") as file:
            report.equal("zbarimg reads it", whole(zbarimg(asked))[0], file.read())
        self.gives("never over another file", self.wallet("bob", "request", "1.00", "--qr", asked),
                   USAGE, error__name="EXISTS")
        with open(town.path("part-1.png"), "xb"):
            refused = self.wallet("bob", "request", "1.00", "--qr", town.path("part.png"))
        self.gives("nor over a numbered one", refused, USAGE, error__name="EXISTS")
        report.check("which it names as that", "numbered part of" in refused.out, refused.out)
        photo = town.path("qr.jpg")
        write_jpeg(photo, read_png(asked))
        with open(town.path("qr.request"), "rb") as file:
            report.equal("and as a JPEG", whole(zbarimg(photo))[0], file.read())
        paid = self.wallet("alice", "pay", "--scan", photo, "--qr", town.path("pay.png"),
                           "--density", "5", "-o", town.path("qr.packet"))
        self.gives("paid from the JPEG, into small codes", paid, OK)
        files = sorted(glob.glob(town.path("pay-*.png")), key=lambda f: (len(f), f))
        report.equal("as many files as it says", len(files), paid["frames"])
        report.check("and a word where they are too many", ("larger --density" in paid.err) ==
                     (len(files) > 40), paid.err)
        with open(town.path("qr.packet"), "rb") as file:
            packet = file.read()
        message, needed, spare = whole([text for name in files for text in zbarimg(name)])
        report.equal("zbarimg reads all of them", message, packet)
        report.check("with frames to spare", spare >= 2 and needed + spare == len(files))
        return files, needed, spare, packet

    # row F6, I13: frames lost, repeated, mixed, damaged
    def codes(self):
        town, report = self.town, self.report
        files, needed, spare, _ = self.hand_over_by_codes()
        before = self.balance("bob")
        self.gives("one frame too few", self.wallet("bob", "receive", "--scan",
                                                    *files[spare + 1:]), INVALID,
                   error__name="INCOMPLETE")
        other = self.wallet("bob", "request", "11.00", "--qr", town.path("other.png"),
                            "--density", "5")
        others = glob.glob(town.path("other*.png"))
        report.equal("another message", len(others), other["frames"])
        few = files[:needed - 1]
        self.gives("another payment's frames do not stand in for it",
                   self.wallet("bob", "receive", "--scan", *others[:4], *few, *few), INVALID,
                   error__name="INCOMPLETE")
        spoilt = town.path("spoilt.png")
        rows = read_png(files[0])
        side = len(rows)
        for y in range(side // 3, 2 * side // 3):
            rows[y][side // 3:2 * side // 3] = bytes(255 for _ in range(2 * side // 3 - side // 3))
        write_png(spoilt, rows)
        report.equal("zbarimg reads no spoilt code either", zbarimg(spoilt), [])
        report.equal("nothing was taken so far", self.balance("bob"), before)
        asked = town.path("qr.png")
        mixed = [asked, spoilt, *files[:0:-1][:needed], *others[:2], files[3], files[3], asked]
        taken = self.wallet("bob", "receive", "--scan", *mixed, "--qr", town.path("back.svg"),
                            "-o", town.path("back.receipt"))
        self.gives("lost, spoilt, repeated, mixed, reordered, the request's among them: enough is "
                   "enough", taken, OK, result="taken")
        report.equal("and the request that was passed over is named once",
                     taken.err.count("a request for a payment was seen"), 1)
        report.equal("credited once", self.balance("bob"), before + 1100)
        subprocess.run(["rsvg-convert", "-z", "1", town.path("back.svg"), "-o",
                        town.path("back.png")], check=True)
        with open(town.path("back.receipt"), "rb") as file:
            report.equal("zbarimg reads the receipt in it", whole(zbarimg(
                town.path("back.png")))[0], file.read())
        self.gives("the receipt as SVG, drawn by rsvg-convert, read by the payer",
                   self.wallet("alice", "receive", "--scan", town.path("back.png")), OK,
                   result="confirmed")

    def other_kinds(self):
        """Whole, but not what the command takes: what takes it is said, and nothing changes."""
        town, asked, back = self.town, self.town.path("qr.png"), self.town.path("back.png")
        before, never = self.balance("bob"), town.path("never")
        for what, words, hint in (
                ("a request is no payment", ("receive", "--scan", asked, asked), "pay takes it"),
                ("a request is none, as a file", ("receive", town.path("qr.request")),
                 "pay takes it"),
                ("a receipt is no request", ("pay", "-o", never, "--scan", back),
                 "receive takes it"),
                ("a payment is none, whole and with frames to spare",
                 ("pay", "-o", never, "--scan", *glob.glob(town.path("pay-*.png"))),
                 "receive takes it"),
                ("nor as a file", ("pay", "-o", never, town.path("qr.packet")),
                 "receive takes it")):
            refused = self.gives(what, self.wallet("bob", *words), INVALID, error__name="KIND")
            self.report.check(f"{what}: {hint}", hint in str(refused["error.hint"]), refused)
        self.report.check("nothing was signed", not os.path.exists(never) and
                          self.balance("bob") == before)

    def terminal(self):
        """The codes on the screen, photographed."""
        town, report = self.town, self.report
        request = town.path("screen.request")
        shown = town.run("dcep-wallet", "-w", "carol", "request", "7.00", "--qr", "terminal",
                         "--density", "6", "-o", request)
        report.equal("codes on the terminal", shown.code, OK)
        pictures = []
        for rows in screenshots(shown.out):
            report.check("a white border of four modules on every side",
                         all(v == 255 for row in rows[:16] + rows[-16:] for v in row) and
                         all(v == 255 for row in rows for v in row[:16] + row[-16:]))
            pictures.append(town.path(f"screen{len(pictures)}.png"))
            write_png(pictures[-1], rows)
        with open(request, "rb") as file:
            report.equal("zbarimg reads the screen",
                         whole([t for p in pictures for t in zbarimg(p)])[0], file.read())
        paid = self.wallet("bob", "pay", "--scan", *pictures, "-o", town.path("screen.packet"))
        self.gives("so does the payer's wallet", paid, OK)
        self.gives("the payee takes the packet", self.wallet("carol", "receive",
                                                             town.path("screen.packet")), OK)
        screen = ["script", "-qec", "stty cols 80 rows 24; exec " + os.path.join(
            town.programs, "dcep-wallet") + " -w carol request 1.00 --qr terminal --no-input "
            "--density 20", "/dev/null"]
        tight = subprocess.run(screen, env=town.env, capture_output=True, check=False, timeout=60,
                               stdin=subprocess.DEVNULL)
        report.check("a code that does not fit 80x24 says what to do", b"--qr FILE.png" in
                     tight.stdout, tight)
        fits = subprocess.run([*screen[:2], screen[2].replace(" --density 20", ""), screen[3]],
                              env=town.env, capture_output=True, check=False, timeout=60,
                              stdin=subprocess.DEVNULL)
        frames = screenshots(fits.stdout.decode().replace("\r\n", "\n"))
        report.check("smaller codes fit it", len(frames) > 1 and all(
            len(rows) // 8 <= 22 and len(rows[0]) // 4 <= 80 for rows in frames), len(frames))

    # ---- pictures by strangers ----

    # row I12: files that are no files, or more than one may read
    def files(self):
        town = self.town
        path = town.path
        open(path("empty"), "wb").close()
        with open(path("huge"), "wb") as file:
            file.truncate(1 << 30)
        os.symlink(path("huge"), path("link"))
        os.symlink(path("nowhere"), path("dangling"))
        os.symlink("/dev/zero", path("zero"))
        os.mkfifo(path("fifo"))

        def flood():
            with open(path("fifo"), "wb") as file:
                try:
                    while True:
                        file.write(b"\0" * 65536)
                except OSError:
                    pass
        for name, code, error in (("empty", INVALID, None), ("huge", INVALID, "LIMIT"),
                                  ("link", INVALID, "LIMIT"), ("dangling", USAGE, "MISSING"),
                                  ("zero", USAGE, "IO"), ("fifo", INVALID, "LIMIT")):
            for words in (("receive", path(name)), ("receive", "--scan", path(name))):
                if name == "fifo":
                    threading.Thread(target=flood, daemon=True).start()
                result = town.run("dcep-wallet", "-w", "bob", "--json", "-y", *words,
                                  before=("prlimit", "--as=1073741824") if "asan" not in
                                  town.programs else ())
                fields = {"error__name": error} if error else {}
                self.gives(" ".join(words[:-1]) + " " + name, result, code, **fields)

    def pictures(self):
        town, report = self.town, self.report
        good = town.path("screen0.png")
        with open(good, "rb") as file:
            png = file.read()
        bad = {"text": b"hello", "cut": png[:len(png) // 2], "svg": b"<svg/>",
               "jpeg": b"\xff\xd8\xff\xe0" + os.urandom(500),
               "bomb": png[:16] + struct.pack(">II", 100000, 100000) + png[24:]}
        for name, data in bad.items():
            with open(town.path(name + ".bad"), "wb") as file:
                file.write(data)
            self.gives(f"a picture that is none: {name}", self.wallet(
                "bob", "receive", "--scan", town.path(name + ".bad")), INVALID)
        rows = [b"\xff" * 6500] * 6500
        write_png(town.path("white.png"), rows)
        self.gives("a large picture of nothing", self.wallet(
            "bob", "receive", "--scan", town.path("white.png")), INVALID, error__name="NO_CODE")
        self.gives("no camera", self.wallet("bob", "receive", "--camera", town.path("nowhere")),
                   USAGE, error__name="CAMERA")
        self.gives("a file is no camera", self.wallet("bob", "receive", "--camera", good), USAGE,
                   error__name="CAMERA")
        before = self.balance("bob")
        fakes = {"crashes": "kill -SEGV $$", "says nothing and fails": "exit 3",
                 "floods": "yes =DCEP:0", "never ends its line": "tr '\\0' A < /dev/zero",
                 "sleeps": "exec sleep 60", "lies": "echo '!whatever'"}
        programs = town.path("programs")
        shutil.copytree(town.programs, programs, ignore=lambda d, names: [
            n for n in names if not n.startswith("dcep-") or os.path.isdir(os.path.join(d, n))])
        for name, body in fakes.items():
            fake = os.path.join(programs, "dcep-scan")
            os.unlink(fake)
            with open(fake, "w", encoding="ascii") as file:
                file.write("#!/bin/bash\nPATH=/usr/bin:/bin\n" + body + "\n")
            os.chmod(fake, 0o755)
            begin = time.monotonic()
            done = subprocess.run([os.path.join(programs, "dcep-wallet"), "-w", "bob", "--json",
                                   "--timeout", "1", "receive", "--scan", good], env=town.env,
                                  capture_output=True, check=False, timeout=60)
            report.check(f"a reader that {name}", done.returncode == INVALID or (
                done.returncode in (USAGE, UNREACHABLE) and name == "sleeps"), done)
            report.check("is waited for no longer than it may take",
                         time.monotonic() - begin < 20)
        os.unlink(os.path.join(programs, "dcep-scan"))
        done = subprocess.run([os.path.join(programs, "dcep-wallet"), "-w", "bob", "receive",
                               "--scan", good], env=town.env, capture_output=True, check=False)
        report.check("no reader at all", b"dcep-scan" in done.stderr, done)
        report.equal("nothing is lost by any of it", self.balance("bob"), before)

    # ---- several hops, each by another carrier ----

    def pipe(self, payer, payee, amount):
        """stdin and stdout alone; the bytes through our hands."""
        def run(name, *rest, data=None):
            argv = [os.path.join(self.town.programs, "dcep-wallet"), "-w", name, "-y", *rest]
            return subprocess.run(argv, env=self.town.env, input=data, capture_output=True,
                                  check=False, timeout=60)
        request = run(payee, "request", amount, "-o", "-").stdout
        packet = run(payer, "pay", "-", "-o", "-", data=request).stdout
        receipt = run(payee, "receive", "-", "-o", "-", data=packet).stdout
        last = run(payer, "receive", "-", data=receipt)
        self.report.check(f"{payer} pays {payee} through pipes", last.returncode == OK and
                          request and packet and receipt, last)

    def hops(self):
        town = self.town
        total = sum(self.balance(name) for name in ("alice", "bob", "carol", "dave"))
        carol, dave = self.balance("carol"), self.balance("dave")
        self.pipe("alice", "carol", "50.00")
        waiting, port, _ = self.listen("dave", "request", "50.00")
        self.gives("carol pays on over a link", self.wallet("carol", "pay", "--to",
                                                            f"127.0.0.1:{port}"), OK)
        self.paid("dave has it", waiting, "50.00")
        asked, handed, back = (town.path(n) for n in ("hop.png", "hop.packet.png", "hop.back.png"))
        for what, result in (
                ("bob asks", self.wallet("bob", "request", "50.00", "--qr", asked)),
                ("dave pays on by codes", self.wallet("dave", "pay", "--scan", asked, "--qr",
                                                      handed)),
                ("bob takes it", self.wallet("bob", "receive", "--scan", *sorted(glob.glob(
                    town.path("hop.packet*.png"))), "--qr", back)),
                ("dave knows", self.wallet("dave", "receive", "--scan", *sorted(glob.glob(
                    town.path("hop.back*.png")))))):
            self.gives(what, result, OK)
        self.report.equal("both kept nothing", (self.balance("carol"), self.balance("dave")),
                          (carol, dave))
        for name in ("bob", "dave", "carol", "alice"):
            self.gives(f"{name} syncs", self.wallet(name, "sync"), OK)
        self.report.equal("to the fen", sum(self.balance(name) for name in
                                            ("alice", "bob", "carol", "dave")), total)
        self.gives("the books balance", town.central("supply", "--recount"), OK, balanced=True)
        self.gives("and nobody cheated", town.central("case", "list"), OK, cases=[])


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build"))
    report = Report()
    with Town(build) as town:
        carriers = Carriers(town, report)
        for act in (carriers.people, carriers.link, carriers.cuts, carriers.strangers,
                    carriers.codes, carriers.other_kinds, carriers.terminal, carriers.files,
                    carriers.pictures, carriers.hops):
            act()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
