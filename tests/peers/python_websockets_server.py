"""python_websockets_server.py [--certificate FILE --key FILE]: Python's websockets as a server of
many resources, which README.md describes. It listens on a free port of 127.0.0.1, prints it, and
ends when its standard input does."""

import argparse
import asyncio
import collections
import http
import itertools
import logging
import os
import ssl
import sys
import traceback
import urllib.parse

from programs import need

need("websockets")
import websockets
from websockets.exceptions import ConnectionClosed
from websockets.frames import OP_BINARY, OP_CONT, OP_TEXT, Close
from websockets.legacy.server import WebSocketServerProtocol

LARGEST_MESSAGE = 64 << 20


class Resource:
    """The path and the query of a request."""

    def __init__(self, target: str):
        parts = urllib.parse.urlsplit(target)
        self.path = parts.path
        self.query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))

    def number(self, name: str, default: int = 0) -> int:
        return int(self.query.get(name, default))


class Protocol(WebSocketServerProtocol):
    """One connection. Records the pings, which the library answers by itself."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.heard_pings = []

    async def process_request(self, path, request_headers):
        self.resource = Resource(path)
        if self.resource.path == "/refuse":
            status = http.HTTPStatus(self.resource.number("status"))
            return status, [("X-Peer", "websockets")], b"refused\n"
        return None

    def select_subprotocol(self, client_subprotocols, server_subprotocols):
        chosen = self.resource.query.get("choose")
        return chosen if chosen in client_subprotocols else None

    async def pong(self, data=b""):
        self.heard_pings.append(bytes(data))  # the library answers every ping with this call
        await super().pong(data)


async def send_in_pieces(ws: Protocol, message) -> None:
    """Sends fragments of the sizes of `cut` in turn; the one with the last byte has FIN."""
    payload = message.encode() if isinstance(message, str) else message
    opcode = OP_TEXT if isinstance(message, str) else OP_BINARY
    sizes = [int(size) for size in ws.resource.query["cut"].split(",")]
    start = 0
    for number, size in enumerate(itertools.cycle(sizes)):
        end = min(start + size, len(payload))
        last = end == len(payload)
        await ws.write_frame(last, opcode, payload[start:end])
        if last:
            return
        if "ping" in ws.resource.query:
            await ws.ping(f"{ws.resource.query['ping']} {number}")
        opcode, start = OP_CONT, end


async def echo(ws: Protocol) -> None:
    async for message in ws:
        if "cut" in ws.resource.query:
            await send_in_pieces(ws, message)
        else:
            await ws.send(message)


async def push(ws: Protocol) -> None:
    """Sends `count` messages, expects each back, and closes."""
    for number in range(ws.resource.number("count")):
        await ws.send(f"message {number}" if number % 2 == 0 else b"message %d" % number)
    for number in range(ws.resource.number("count")):
        expected = f"message {number}" if number % 2 == 0 else b"message %d" % number
        if await ws.recv() != expected:
            return await ws.close(4999, f"message {number} came back changed")
    await ws.close(1000, "thank you")


async def pings(ws: Protocol) -> None:
    """Sends pings between messages; goes on when the pong with the same payload has come."""
    await ws.pong(b"nobody asked")
    for size in ws.resource.query["sizes"].split(","):
        await ws.send(f"before a ping of {size}")
        pong = await ws.ping(bytes(range(int(size))))
        await asyncio.wait_for(pong, 30)
    await ws.send("all pongs came")
    await ws.wait_closed()


async def heard(ws: Protocol) -> None:
    """Answers every message with the pings received so far."""
    async for _ in ws:
        await ws.send(b",".join(ws.heard_pings))


async def close(ws: Protocol) -> None:
    """Sends `count` messages and then a Close frame, without a code if there is none."""
    for number in range(ws.resource.number("count")):
        await ws.send(f"message {number}")
    if "code" in ws.resource.query:
        await ws.close(ws.resource.number("code"), ws.resource.query.get("reason", ""))
    else:
        await ws.write_close_frame(Close(1005, ""), b"")
        await ws.close()


async def wait(ws: Protocol) -> None:
    await ws.wait_closed()


async def drop(ws: Protocol) -> None:
    """Drops the connection without a Close frame."""
    ws.transport.abort()


async def deaf(ws: Protocol) -> None:
    """Stops reading."""
    ws.transport.pause_reading()
    await ws.wait_closed()


async def headers(ws: Protocol) -> None:
    """Sends back the fields of the request."""
    lines = [f"{name.lower()}: {value}" for name, value in ws.request_headers.raw_items()]
    if ws.secure:
        lines.append(f"(server name): {SERVER_NAMES[ws.transport.get_extra_info('ssl_object')]}")
    await ws.send("\n".join(lines))
    await ws.wait_closed()


HANDLERS = {"/echo": echo, "/push": push, "/pings": pings, "/heard": heard, "/close": close,
            "/wait": wait, "/drop": drop, "/deaf": deaf, "/headers": headers}
SERVER_NAMES = collections.defaultdict(str)  # from TLS objects to the names clients asked for


async def serve_connection(ws: Protocol) -> None:
    try:
        await HANDLERS[ws.resource.path](ws)
    except ConnectionClosed:
        pass
    except Exception:
        traceback.print_exc()
        await ws.close(1011)
    await ws.wait_closed()
    seen = ws.close_rcvd or Close(1006, "")
    print("closed", ws.resource.query.get("n", "-"), seen.code, seen.reason, flush=True)


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    def remember_name(tls_object, name, _):
        SERVER_NAMES[tls_object] = name or ""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = remember_name
    return context


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)  # some tests refuse handshakes on purpose

    context = tls_context(args.certificate, args.key) if args.certificate else None
    async with websockets.serve(serve_connection, "127.0.0.1", 0, ssl=context,
                                create_protocol=Protocol, max_size=LARGEST_MESSAGE,
                                ping_interval=None, subprotocols=["the-resource-says-it"],
                                extra_headers={"X-Peer": "websockets"}) as server:
        print(f"listening on port {server.sockets[0].getsockname()[1]}", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        os._exit(0)  # at once: some connections would be slow to close


asyncio.run(main())
