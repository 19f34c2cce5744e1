#!/usr/bin/python3
"""Codes held before a camera: `--camera` with the real programs, and a camera made of files
(tests/camera/camera.c), because no machine that runs tests has one. What runs is dcep-scan, locked
in, with libzbar and libv4l2 as for a real device; what is played is the kernel's driver.

    tests/acceptance/camera.py [BUILD]

The last line is "N passed, N failed".
"""
import glob
import os
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from codes import screenshots  # noqa: E402
from town import INVALID, OK, REFUSED, Report, Town, USAGE  # noqa: E402

DEVICE = "/dev/video77"
PATIENCE_S = 20


def write_pgm(path, rows):
    with open(path, "wb") as file:
        file.write(b"P5 %d %d 255\n" % (len(rows[0]), len(rows)) + b"".join(map(bytes, rows)))


class Lens:
    """A copy of the programs, for the town to use, whose dcep-scan sees the film."""

    def __init__(self, town, build):
        self.town, self.film = town, town.path("film")
        self.programs = town.path("programs")
        os.mkdir(self.programs)
        for name in ("dcep-central", "dcep-bank", "dcep-wallet", "dcep-scan"):
            shutil.copy(os.path.join(town.programs, name), self.programs)
        self.scan = os.path.join(self.programs, "dcep-scan")
        os.rename(self.scan, self.scan + ".real")
        town.programs = self.programs
        self.camera = os.path.join(build, "tests", "camera.so")

    def play(self, film, kind="YUYV", device=DEVICE, more=""):
        with open(self.film, "w", encoding="utf-8") as file:
            file.write("\n".join(film))
        with open(self.scan, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nexport LD_PRELOAD={self.camera} CAMERA_DEVICE={device} "
                       f"CAMERA_FILM={self.film} CAMERA_FORMAT={kind} {more}\n"
                       f'exec {self.scan}.real "$@"\n')
        os.chmod(self.scan, 0o755)

    def readers(self):
        """The processes of dcep-scan that are there."""
        found = []
        for exe in glob.glob("/proc/[0-9]*/exe"):
            try:
                if os.readlink(exe) == self.scan + ".real":
                    found.append(int(exe.split("/")[2]))
            except OSError:
                continue
        return found


class Cameras:
    def __init__(self, town, report, build):
        self.town, self.report, self.lens = town, report, Lens(town, build)
        self.pictures, self.ask, self.packet, self.noted = 0, [], [], ""

    def gives(self, what, got, code, **fields):
        held = got.code == code and all(got[k.replace("__", ".")] == v for k, v in fields.items())
        self.report.check(what, held, f"{got}\n  wanted exit {code} {fields or ''}")
        self.report.equal(f"{what}: no reader is left", self.lens.readers(), [])
        return got

    def shown(self, what, name, *words, density):
        """A command whose codes are on a terminal: its film, and its words."""
        result = self.gives(what, self.town.run(
            "dcep-wallet", "-w", name, "-y", *words, "--qr", "terminal", "--density", density), OK)
        film = []
        for rows in screenshots(result.out, scale=2):
            self.pictures += 1
            write_pgm(self.town.path(f"picture{self.pictures}.pgm"), rows[:len(rows[0])])
            film.append("show " + self.town.path(f"picture{self.pictures}.pgm"))
        self.noted = result.err
        return film, result.out

    def people(self):
        town = self.town
        town.found("north")
        town.open_customers("north", [("alice", 2, "500.00"), ("bob", 2, "500.00")])
        town.must(town.wallet("alice", "withdraw", "100.00"))

    def hand_over(self):
        """Request, packet and receipt, each before the other's camera."""
        lens, report = self.lens, self.report
        self.ask, _ = self.shown("the payee asks", "bob", "request", "20.00", density="10")
        lens.play(["blank", *self.ask, "blank"])
        self.packet, said = self.shown("the payer looks at it", "alice", "pay", "--camera", DEVICE,
                                       density="6")
        report.check("and pays it", "¥20.00" in said and len(self.packet) >= 6, said)
        lens.play(["blank", *self.ask, *self.packet[1::2], "blank", *self.ask,
                   *self.packet[::2]], "MJPG")
        back, said = self.shown("the payee looks at many frames, the request's among them, through "
                                "a camera that compresses", "bob", "receive", "--camera", DEVICE,
                                density="10")
        report.check("and is paid", "¥20.00" in said, said)
        report.equal("the request that was passed over is named once",
                     self.noted.count("a request for a payment was seen"), 1)
        lens.play(back)
        self.gives("the payer looks at the receipt", self.town.wallet(
            "alice", "receive", "--camera", DEVICE), OK, result="confirmed")

    def failures(self):
        """Each with its name, and the wallet as before."""
        town, lens, ask = self.town, self.lens, self.ask
        before = town.wallet("alice", "balance").json
        watch = ("alice", "pay", "--camera", DEVICE, "-o", town.path("never"))
        lens.play(["blank"], device="/dev/video78")
        self.gives("no camera", town.wallet(*watch), USAGE, error__name="CAMERA")
        lens.play(ask, more="CAMERA_BUSY=1")
        self.gives("another program uses it", town.wallet(*watch), USAGE, error__name="CAMERA")
        lens.play(["blank", "blank", "gone"])
        lost = self.gives("it is pulled out", town.wallet(*watch), USAGE, error__name="CAMERA")
        self.report.check("which is said", "no pictures any more" in lost["error.message"], lost)
        lens.play(["blank"])
        begin = time.monotonic()
        self.gives("no code in its time", town.wallet(*watch, "--timeout", "1"), INVALID,
                   error__name="NO_CODE")
        lens.play(["still"])
        self.gives("a camera that hangs", town.wallet(*watch, "--timeout", "1"), INVALID,
                   error__name="NO_CODE")
        self.report.check("both in about their time", time.monotonic() - begin < PATIENCE_S)
        lens.play(self.packet[:2])
        some = self.gives("some of the frames", town.wallet(
            "bob", "receive", "--camera", DEVICE, "--timeout", "2"), INVALID,
            error__name="INCOMPLETE")
        self.report.check("and how many", some["error.message"].startswith("2 of the"), some)
        screen = subprocess.run(["script", "-qec", " ".join([os.path.join(
            lens.programs, "dcep-wallet"), "-w bob receive --timeout 1 --camera", DEVICE]),
            "/dev/null"], env=town.env, capture_output=True, check=False, stdin=subprocess.DEVNULL,
            timeout=60)
        self.report.check("a terminal says how many so far", b"\r1 of the " in screen.stdout and
                          b"\r2 of the " in screen.stdout, screen)
        history = town.wallet("bob", "history").json
        dense = self.gives("codes too small for it", town.wallet(
            "bob", "request", "1.00", "--qr", town.path("never.png"), "--density", "2", "-o",
            town.path("never")), REFUSED, error__name="LIMIT")
        self.report.check("what to do is said", "a larger --density" in dense["error.hint"] and
                          "too large for codes" in dense["error.message"], dense)
        self.report.check("no picture, no file, no request", not glob.glob(
            town.path("never*")) and town.wallet("bob", "history").json == history)
        self.report.equal("nothing was signed", town.wallet("alice", "balance").json, before)
        self.report.check("nothing was written", not os.path.exists(town.path("never")))

    def until(self, what, true):
        end = time.monotonic() + PATIENCE_S
        while not true() and time.monotonic() < end:
            time.sleep(0.02)
        self.report.check(what, true(), self.lens.readers())

    def interrupts(self):
        """^C ends both; a wallet that is killed, or ends, takes its reader with it."""
        town, lens = self.town, self.lens
        for what, film, signals in (("^C", "blank", (os.killpg, signal.SIGINT)),
                                    ("^C while the camera hangs", "still",
                                     (os.killpg, signal.SIGINT)),
                                    ("kill -9 of the wallet alone", "blank",
                                     (os.kill, signal.SIGKILL)),
                                    ("kill -9 of it while the camera hangs", "still",
                                     (os.kill, signal.SIGKILL))):
            lens.play([film])
            argv = [os.path.join(lens.programs, "dcep-wallet"), "-w", "bob", "receive"]
            wallet = subprocess.Popen([*argv, "--camera", DEVICE],
                                      env=town.env, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      start_new_session=True)
            self.until(f"{what}: it looks", lens.readers)
            time.sleep(0.3)
            signals[0](wallet.pid, signals[1])
            wallet.communicate(timeout=PATIENCE_S)
            self.report.equal(f"{what}: the wallet ends", wallet.returncode, -signals[1])
            self.until(f"{what}: no reader is left", lambda: not lens.readers())
        self.gives("the wallet is whole", town.wallet("bob", "doctor"), OK)


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build"))
    report = Report()
    with Town(build) as town:
        cameras = Cameras(town, report, build)
        for act in (cameras.people, cameras.hand_over, cameras.failures, cameras.interrupts):
            act()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
