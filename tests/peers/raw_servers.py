"""raw_servers.py: servers that send any bytes, for the tests of our clients."""

import base64
import contextlib
import hashlib
import socket
import threading

import programs
from programs import expect

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accepting(head: bytes) -> bytes:
    """Returns the 101 response that fits a request."""
    key = next(line.split(b":")[1].strip() for line in head.split(b"\r\n")
               if line.lower().startswith(b"sec-websocket-key:"))
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    return (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")


@contextlib.contextmanager
def raw_server(answer):
    """Answers one request with `answer(head)`, and closes when the client has closed."""
    def serve():
        connection, _ = listener.accept()
        with connection:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(4096)
            connection.sendall(answer(head))
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join(programs.ENDING)
        expect(not thread.is_alive(), "the client has left the connection open")


@contextlib.contextmanager
def silent_server():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
