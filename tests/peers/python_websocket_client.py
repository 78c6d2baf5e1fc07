"""python_websocket_client.py URL LARGEST_MESSAGE [CA_FILE]: Python's websocket-client against our
echo server: create_connection and WebSocketApp."""

import struct
import sys
import threading

import payloads
from programs import expect, limit_time, need

need("websocket")
import websocket
from websocket import ABNF

URL, LARGEST_MESSAGE = sys.argv[1], int(sys.argv[2])
SSL_OPTIONS = {"ca_certs": sys.argv[3]} if len(sys.argv) > 3 else None
WAIT = 60


def connect(**options) -> websocket.WebSocket:
    return websocket.create_connection(URL, timeout=WAIT, sslopt=SSL_OPTIONS, **options)


# checks: R54_R83_R113_R116_messages_of_every_size_come_back
def messages() -> None:
    ws = connect()
    for size in payloads.SIZES:
        text = payloads.random_text(size)
        ws.send(text)
        expect(ws.recv_data() == (ABNF.OPCODE_TEXT, text.encode()), f"text of {size}")
        data = payloads.random_bytes(size)
        ws.send_binary(data)
        expect(ws.recv_data() == (ABNF.OPCODE_BINARY, data), f"binary of {size}")
    ws.close()


# checks: R83_large_messages_come_back
def large_messages() -> None:
    ws = connect(skip_utf8_validation=True)  # its own check takes a minute
    for size in payloads.LARGE_SIZES:
        data = payloads.random_bytes(size)
        ws.send_binary(data)
        expect(ws.recv() == data, f"binary of {size}")
        text = payloads.random_text(size)
        ws.send(text)
        expect(ws.recv_data() == (ABNF.OPCODE_TEXT, text.encode()), f"text of {size}")
    ws.close()


# checks: R77_no_frame_of_the_server_is_masked
def unmasked() -> None:
    ws = connect()
    ws.send("text")
    ws.send_binary(b"binary")
    ws.ping("ping")
    ws.send_close(1000)
    frames = [ws.recv_frame() for _ in range(4)]
    expect([frame.opcode for frame in frames]
           == [ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY, ABNF.OPCODE_PONG, ABNF.OPCODE_CLOSE], "order")
    expect(not any(frame.mask for frame in frames), "a masked frame")
    ws.shutdown()


# checks: R90_R95_R114_fragments_are_one_message_wherever_they_are_cut
def fragments() -> None:
    ws = connect()
    data = payloads.WIDE_TEXT.encode()
    for size in range(1, 6):
        ws.send_frame(ABNF.create_frame(b"", ABNF.OPCODE_TEXT, 0))
        for start in range(0, len(data), size):
            ws.send_frame(ABNF.create_frame(data[start:start + size], ABNF.OPCODE_CONT, 0))
        ws.send_frame(ABNF.create_frame(b"", ABNF.OPCODE_CONT, 1))
        expect(ws.recv_data() == (ABNF.OPCODE_TEXT, data), f"pieces of {size}")
    ws.close()


# checks: R91_R108_R109_pings_get_pongs_with_the_same_payload
def pings() -> None:
    ws = connect()
    ws.send_frame(ABNF.create_frame(b"half ", ABNF.OPCODE_BINARY, 0))
    for payload in (b"", b"p", b"\x00\xff" * 62 + b"!"):
        ws.ping(payload)
        expect(ws.recv_data(control_frame=True) == (ABNF.OPCODE_PONG, payload), "pong")
    ws.pong("nobody asked")
    ws.send_frame(ABNF.create_frame(b"and half", ABNF.OPCODE_CONT, 1))
    expect(ws.recv() == b"half and half", "message around pings")
    ws.close()


# checks: R103_R105_close_is_answered_with_its_code_and_tcp_is_closed
def closing() -> None:
    for body in (struct.pack("!H", 1000), struct.pack("!H", 1001) + b"going",
                 struct.pack("!H", 3000) + payloads.WIDE_TEXT.encode(),
                 struct.pack("!H", 4999) + b"r" * 123, b""):
        ws = connect()
        ws.send("last words")
        ws.send(body, ABNF.OPCODE_CLOSE)
        expect(ws.recv() == "last words", "what came before the close")
        frame = ws.recv_frame()
        expect((frame.opcode, frame.data) == (ABNF.OPCODE_CLOSE, body[:2]), f"close {body}")
        expect(ws.sock.recv(1) == b"", "the server closes TCP")
        ws.shutdown()


# checks: R52_what_a_request_may_have_besides_does_no_harm
def handshake() -> None:
    ws = connect(header=["X-Trace: ä", "X-Empty:"], cookie="a=b",
                 origin="https://elsewhere.example")
    expect(ws.getstatus() == 101, "status")
    expect(ws.getsubprotocol() is None, "a subprotocol that nobody asked for")
    ws.close()


# checks: R108_R109_websocketapp_with_heartbeats
def app() -> None:
    seen = {"messages": [], "pongs": [], "errors": []}

    def on_pong(ws, payload):
        seen["pongs"].append(payload)
        if len(seen["pongs"]) == 2:
            ws.send("goodbye")

    def on_message(ws, message):
        seen["messages"].append(message)
        if message == "goodbye":
            ws.close()

    ws = websocket.WebSocketApp(
        URL, on_open=lambda ws: ws.send("hello"), on_message=on_message, on_pong=on_pong,
        on_error=lambda ws, error: seen["errors"].append(error))
    ws.run_forever(sslopt=SSL_OPTIONS, ping_interval=1.5, ping_timeout=1.4, ping_payload="alive?")
    expect(seen["messages"] == ["hello", "goodbye"], f"messages {seen}")
    expect(seen["pongs"][:2] == [b"alive?"] * 2, f"pongs {seen}")
    expect(not seen["errors"], f"errors {seen}")


# checks: R134_sigterm_is_a_clean_1001
def sigterm() -> None:
    closes = []
    opened = threading.Event()
    long_connection = websocket.WebSocketApp(
        URL, on_open=lambda ws: opened.set(),
        on_close=lambda ws, code, reason: closes.append((code, reason)))
    thread = threading.Thread(target=lambda: long_connection.run_forever(sslopt=SSL_OPTIONS))
    thread.start()
    expect(opened.wait(WAIT), "WebSocketApp is open")
    sockets = [connect() for _ in range(3)]
    for ws in sockets:
        ws.send("here")
        expect(ws.recv() == "here", "echo")
    print("now SIGTERM", flush=True)
    for ws in sockets:
        opcode, frame = ws.recv_data_frame()  # answers a Close frame
        expect((opcode, frame.data) == (ABNF.OPCODE_CLOSE, struct.pack("!H", 1001)), "1001")
        expect(ws.sock.recv(1) == b"", "the server closes TCP")
        ws.shutdown()
    thread.join(WAIT)
    expect(closes == [(1001, "")], f"WebSocketApp was told {closes}")


limit_time()
for scenario in (messages, large_messages, unmasked, fragments, pings, closing, handshake, app,
                 sigterm):
    print(f"websocket-client {websocket.__version__}: {scenario.__name__}", flush=True)
    scenario()
