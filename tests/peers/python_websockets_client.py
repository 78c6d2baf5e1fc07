"""python_websockets_client.py URL LARGEST_MESSAGE [CA_FILE]: Python's websockets against our echo
server. It fails the connection if a frame of the server is masked."""

import asyncio
import ssl
import sys

import payloads
from programs import expect, limit_time, need

need("websockets")
import websockets
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK
from websockets.frames import OP_BINARY, OP_CONT, OP_TEXT

URL, LARGEST_MESSAGE = sys.argv[1], int(sys.argv[2])
CONTEXT = ssl.create_default_context(cafile=sys.argv[3]) if len(sys.argv) > 3 else None
WAIT = 60


def connect(**options) -> websockets.WebSocketClientProtocol:
    """Connects with an offer of permessage-deflate, which our server declines by default."""
    return websockets.connect(URL, ssl=CONTEXT, open_timeout=WAIT, close_timeout=WAIT,
                              max_size=LARGEST_MESSAGE, **({"ping_interval": None} | options))


# checks: R54_R77_R83_R113_R116_messages_of_every_size_come_back
async def messages(sizes=tuple(payloads.SIZES)) -> None:
    async with connect() as ws:
        for size in sizes:
            for payload in (payloads.random_text(size), payloads.random_bytes(size)):
                await ws.send(payload)
                expect(await ws.recv() == payload, f"{type(payload).__name__} of {size}")


# checks: R83_large_messages_come_back
async def large_messages() -> None:
    await messages(payloads.LARGE_SIZES)


# checks: fifty_connections_at_once
async def many_connections() -> None:
    async def talk(number: int) -> None:
        async with connect() as ws:
            for i in range(20):
                await ws.send(f"{number}: {i}")
            for i in range(20):
                expect(await ws.recv() == f"{number}: {i}", f"connection {number}")

    await asyncio.gather(*(talk(number) for number in range(50)))


# checks: R90_R95_R114_fragments_are_one_message_wherever_they_are_cut
async def fragments() -> None:
    data = payloads.WIDE_TEXT.encode()
    async with connect() as ws:
        for size in range(1, 6):
            await ws.write_frame(False, OP_TEXT, b"")
            for start in range(0, len(data), size):
                await ws.write_frame(False, OP_CONT, data[start:start + size])
            await ws.write_frame(True, OP_CONT, b"")
            expect(await ws.recv() == payloads.WIDE_TEXT, f"pieces of {size}")
        await ws.send(payloads.random_bytes(1000)[i:i + 1] for i in range(1000))
        expect(await ws.recv() == payloads.random_bytes(1000), "a thousand pieces")


# checks: R91_R108_R109_pings_get_pongs_with_the_same_payload
async def pings() -> None:
    async with connect() as ws:
        await ws.write_frame(False, OP_BINARY, b"half ")
        for payload in (b"", b"p", b"\x00\xff" * 62 + b"!"):
            await asyncio.wait_for(await ws.ping(payload), WAIT)
        await ws.pong(b"nobody asked")
        await ws.write_frame(True, OP_CONT, b"and half")
        expect(await ws.recv() == b"half and half", "message around pings")


# checks: R108_its_keep_alive_is_content
async def keep_alive() -> None:
    async with connect(ping_interval=0.5, ping_timeout=WAIT) as ws:
        await asyncio.sleep(2)
        await ws.send("still here")
        expect(await ws.recv() == "still here", "echo")
        expect(ws.latency > 0, "no pong came")


# checks: R103_close_is_answered_with_its_code
async def closing() -> None:
    closes = (1000, ""), (1001, "going"), (3000, payloads.WIDE_TEXT), (4999, "r" * 123)
    for code, reason in closes:
        ws = await connect()
        await ws.send("last words")
        await ws.close(code, reason)
        expect(ws.close_rcvd.code == code, f"close {code} was answered with {ws.close_rcvd}")


# checks: R122_R131_R134_a_message_above_the_limit_ends_in_1009_and_disturbs_nobody_else
async def too_big() -> None:
    bystander = await connect()
    ws = await connect()
    await ws.write_frame(False, OP_BINARY, bytes(LARGEST_MESSAGE))
    await ws.write_frame(True, OP_CONT, b"!")
    try:
        await ws.recv()
    except ConnectionClosed as closed:
        expect(closed.rcvd is not None and closed.rcvd.code == 1009, f"ended by {closed.rcvd}")
    else:
        expect(False, "it came back")
    await bystander.send("still here")
    expect(await bystander.recv() == "still here", "the bystander")
    await bystander.close()


# checks: R47_R49_R50_what_it_offers_and_we_do_not_speak_is_left_out
async def handshake() -> None:
    async with connect(subprotocols=["chat", "superchat"], extra_headers={"X-Trace": "7"},
                       origin="https://elsewhere.example") as ws:
        expect(ws.subprotocol is None, "a subprotocol that echo_server does not speak")
        offer = ws.request_headers["Sec-WebSocket-Extensions"]
        expect("permessage-deflate" in offer and not ws.extensions, "extensions")


# checks: R105_R134_sigterm_is_a_clean_1001
async def sigterm() -> None:
    sockets = [await connect() for _ in range(3)]
    for ws in sockets:
        await ws.send("here")
        expect(await ws.recv() == "here", "echo")
    print("now SIGTERM", flush=True)
    for ws in sockets:
        try:
            await ws.recv()
        except ConnectionClosedOK as closed:
            expect(closed.rcvd.code == 1001 and closed.rcvd_then_sent, f"ended by {closed.rcvd}")
        else:
            expect(False, "a message instead of a Close frame")
        await asyncio.wait_for(ws.wait_closed(), WAIT / 2)  # for the server to close TCP


limit_time()
for scenario in (messages, large_messages, many_connections, fragments, pings, keep_alive, closing,
                 too_big, handshake, sigterm):
    print(f"websockets {websockets.__version__}: {scenario.__name__}", flush=True)
    asyncio.run(scenario())
