#!/usr/bin/env python3
"""Callers who never stop: until the server at HOST:PORT ends, CONNECTIONS of them send calls that
it has to refuse, without waiting for the answers.

    tests/acceptance/flood.py HOST:PORT
"""
import socket
import ssl
import struct
import sys
import threading

CONNECTIONS = 8
GREETING = b"\0SP\0\0\x30\0\0"
MESSAGE = b"no call at all"
FRAMES = struct.pack(">QI", 4 + len(MESSAGE), 0x80000001) + MESSAGE


def read_all(line):
    try:
        while line.recv(65536):
            pass
    except OSError:
        pass


def call_for_ever(address):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with context.wrap_socket(socket.create_connection(address)) as line:
            threading.Thread(target=read_all, args=(line,), daemon=True).start()
            line.sendall(GREETING)
            while True:
                line.sendall(FRAMES * 64)
    except OSError:
        pass


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    callers = [threading.Thread(target=call_for_ever, args=((host, int(port)),))
               for _ in range(CONNECTIONS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()


if __name__ == "__main__":
    main()
