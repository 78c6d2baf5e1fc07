#!/usr/bin/env python3
"""dead_network_server.py ADDRESS PHASE CUT: accepts one connection, runs the command CUT in the middle
of PHASE (tls, handshake, idle, sending or receiving, as seen by the client), and then stays silent.
Prints "listening" when it can be connected to, and "cut" with the monotonic time of the cut."""

import base64
import hashlib
import socket
import subprocess
import sys
import threading
import time

address, phase, cut = sys.argv[1:]
listener = socket.create_server((address, 80))
print("listening", flush=True)
peer, _ = listener.accept()


def open_connection(request):
    key = next(line.split(":", 1)[1].strip() for line in request.split("\r\n")
               if line.lower().startswith("sec-websocket-key:"))
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    peer.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Accept: " + base64.b64encode(digest).decode() + "\r\n\r\n").encode())


def send_for_ever():
    while True:
        peer.sendall(b"\x81\x02hi")
        time.sleep(0.1)


request = peer.recv(65536).decode("latin-1")  # or a ClientHello
if phase in ("idle", "sending", "receiving"):
    open_connection(request)
if phase == "receiving":
    threading.Thread(target=send_for_ever, daemon=True).start()
if phase == "sending":
    for _ in range(5):
        peer.recv(4096)
else:
    time.sleep(0.5)
subprocess.run(cut, shell=True, check=True)
print("cut", time.monotonic(), flush=True)
time.sleep(600)
