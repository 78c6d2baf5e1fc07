"""system_calls.py ECHO_SERVER: what the server asks of the kernel for each batch, counted by strace.

A batch of small messages arrives with one read and leaves with one write, whatever their number:
one wait, one receive, one send. Anything else in the loop, such as a second receive that finds
nothing or a change of what is watched, is a regression.
"""

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile

ROUNDS = 200
EXPECTED = {"epoll_wait": 1, "recvfrom": 1, "sendto": 1}
SAME = {"epoll_pwait": "epoll_wait", "epoll_pwait2": "epoll_wait", "read": "recvfrom",
        "recvmsg": "recvfrom", "write": "sendto", "sendmsg": "sendto", "writev": "sendto"}
REQUEST = (b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")


def receive(connection, size):
    while size > 0:
        part = connection.recv(size)
        if not part:
            raise EOFError("the server closed the connection")
        size -= len(part)


def exchange(port, depth, size, rounds):
    header = struct.pack("!BBH", 0x82, 0x80 | 126, size) if size > 125 else \
        struct.pack("!BB", 0x82, 0x80 | size)
    batch = (header + b"\0\0\0\0" + b"m" * size) * depth
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(REQUEST)
        response = b""
        while not response.endswith(b"\r\n\r\n"):
            response += connection.recv(4096)
        for _ in range(rounds):
            connection.sendall(batch)
            receive(connection, len(batch) - 4 * depth)


def counted(server, depth, size, rounds):
    """{call: times} of a whole life of the server; errors count as calls."""
    with tempfile.NamedTemporaryFile("r") as counts:
        traced = subprocess.Popen(
            ["strace", "-f", "-c", "-U", "name,calls", "-o", counts.name, server, "--port", "0"],
            stdout=subprocess.PIPE, text=True, start_new_session=True)
        port = int(re.search(r":(\d+)/", traced.stdout.readline()).group(1))
        exchange(port, depth, size, rounds)
        os.killpg(traced.pid, signal.SIGTERM)
        traced.wait(timeout=30)
        totals = {}
        for line in counts:
            words = line.split()
            if len(words) == 2 and words[1].isdigit() and words[0] != "total":
                name = SAME.get(words[0], words[0])
                totals[name] = totals.get(name, 0) + int(words[1])
        return totals


def main():
    failed = False
    for depth, size in ((1, 16), (16, 16), (16, 1024), (3, 5000)):
        few = counted(sys.argv[1], depth, size, ROUNDS)
        many = counted(sys.argv[1], depth, size, 2 * ROUNDS)
        per_batch = {name: (many[name] - few.get(name, 0)) / ROUNDS for name in many}
        # A slow machine may wake the server between two halves of what it was sent.
        wrong = {name: calls for name, calls in per_batch.items()
                 if calls > EXPECTED.get(name, 0) + 0.05}
        shown = ", ".join(f"{name} {calls:.2f}" for name, calls in per_batch.items() if calls > 0.01)
        print(f"{depth} x {size} B: {shown}" + (f"  MORE THAN EXPECTED: {wrong}" if wrong else ""))
        failed = failed or bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
