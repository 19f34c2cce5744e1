"""The link between two wallets, hand to hand: a payee that waits, and between it and the payer a
tap that passes every byte on and remembers it. What was once on the link, if only a part of it, has
to be the beginning of what is on it the next time: nothing leaves a wallet before it is durable."""
import re
import socket
import subprocess
import threading

from town import Result

END_S, MAGIC, HEAD_SIZE = 60, b"dcep", 8


def messages_of(data):
    """Each message on one direction of a link, the last perhaps in part: bytes, and is it whole."""
    out = []
    while len(data) >= HEAD_SIZE:
        if data[:len(MAGIC)] != MAGIC:
            raise ValueError("no message of ours on the link")
        size = int.from_bytes(data[len(MAGIC):HEAD_SIZE], "big")
        out.append((bytes(data[HEAD_SIZE:HEAD_SIZE + size]), len(data) - HEAD_SIZE >= size))
        data = data[HEAD_SIZE + size:]
    return out


class Talk:
    """All calls about one request: what the payer sent in each (forth), and the payee (back)."""

    def __init__(self, address):
        self.address, self.target, self.calls = address, None, []

    def seen(self, what):
        """request, packet or receipt: each as it was on the link, and is it whole."""
        direction, place = {"request": (1, 0), "packet": (0, 0), "receipt": (1, 1)}[what]
        for call in list(self.calls):
            messages = messages_of(call[direction])
            if len(messages) > place:
                yield messages[place]

    def whole(self, what):
        return next((message for message, is_whole in self.seen(what) if is_whole), None)

    def judge(self, wrong, auditor, packet=None, receipt=None):
        """packet, receipt: the same ones as they came by file, if they did."""
        for what, known in (("request", None), ("packet", packet), ("receipt", receipt)):
            longest = max([known or b"", *(message for message, _ in self.seen(what))], key=len)
            for message, is_whole in self.seen(what):
                if what == "receipt" and message == b"" and is_whole:
                    wrong.append("the payee says that it did not take the packet")
                elif not longest.startswith(message) or (is_whole and message != longest):
                    wrong.append(f"the {what} on the link: other bytes than before")
                elif what == "packet" and is_whole:
                    auditor.saw_packet(wrong, message)


class Tap:
    """Calls to its address go on to whoever waits for the talk that is going on."""

    def __init__(self):
        self.door = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.door.getsockname()[1]
        self.talk = None
        threading.Thread(target=self.run, daemon=True).start()

    def begin(self):
        self.talk = Talk(self.address)
        return self.talk

    def run(self):
        while True:
            try:
                near = self.door.accept()[0]
            except OSError:
                return
            self.connect(near, self.talk)

    def connect(self, near, talk):
        try:
            host, port = talk.target.split(":")
            far = socket.create_connection((host, int(port)))
        except (OSError, AttributeError):  # nobody waits there any more, or not yet
            near.close()
            return
        call = bytearray(), bytearray()
        talk.calls.append(call)
        for ends, record in (((near, far), call[0]), ((far, near), call[1])):
            threading.Thread(target=self.pump, args=(*ends, record), daemon=True).start()

    @staticmethod
    def pump(source, sink, record):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                record += data
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.talk = None
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()


class Waiting:
    """A payee that waits (request --listen), by itself or under the knife."""

    def __init__(self, argv, words, env, cwd):
        self.words, self.said, self.code = words, "", None
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=env, cwd=cwd)
        self.last_resort = threading.Timer(END_S, self.process.kill)
        self.last_resort.daemon = True
        self.last_resort.start()

    def where(self):
        """The address, once it waits; None: it ended before. Its code is read as well: the first
        digits of the request's id."""
        address = None
        for line in self.process.stderr:
            self.said += line.decode(errors="replace")
            waits = re.search(r"waiting at (\S+);", self.said)
            code = re.search(r"code ([0-9a-f ]{19})", self.said)
            if waits and code:
                address, self.code = waits.group(1), code.group(1).replace(" ", "")
                break
        return address

    def is_over(self):
        return self.process.poll() is not None

    def end(self):
        out = self.process.stdout.read().decode(errors="replace")
        self.said += self.process.stderr.read().decode(errors="replace")
        code = self.process.wait()
        self.last_resort.cancel()
        self.process.stdout.close()
        self.process.stderr.close()
        return Result(self.words, code if code >= 0 else 128 - code, out, self.said)

    def kill(self):
        self.process.kill()
        return self.end()
