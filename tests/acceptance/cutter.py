"""A line that is cut after so many bytes."""
import socket
import threading


class Cutter:
    """Between a caller and a listener: lets so many bytes through, to and fro, then hangs up."""

    def __init__(self, target, forth, back):
        self.target, self.limits = target, (forth, back)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                near = self.door.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            for a, b, limit in ((near, far, self.limits[0]), (far, near, self.limits[1])):
                threading.Thread(target=self.pump, args=(a, b, limit), daemon=True).start()

    @staticmethod
    def pump(source, sink, limit):
        try:
            while limit > 0:
                data = source.recv(min(limit, 65536))
                if not data:
                    break
                sink.sendall(data)
                limit -= len(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.door.close()
