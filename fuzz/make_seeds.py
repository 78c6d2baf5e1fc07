#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets to corpus/<target>/, named by the hash of their content.

Run it again after a change: what is there stays, also what a fuzzer has found. The layouts are
those of fuzz_input.hpp: settings, a tape of choices with its length before it, then the bytes that
the code under test sees.
"""

import base64
import hashlib
import pathlib
import struct
import zlib

CORPUS = pathlib.Path(__file__).parent / "corpus"

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = bytes([0x37, 0xFA, 0x21, 0x3D])
SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="

WHOLE = b""
BYTE_BY_BYTE = b"\x01"
RAGGED = b"\x03\x01\x07\x02"
# Tapes on which the application makes calls between the events; the values are those of
# connection_fuzz.cpp.
ECHOING = b"\x00\xd0\x00\x05\xd0\x02"
CHATTY = b"\x05\x81\x0c\x90\x03\xa1\x0a\xb1\x01\xb0\x09\xe1\x04\xf3\x00"
BLOCKED = b"\x00\xc1\x01\x00\xc1\x02\x00\xc0\x00"
PAUSING = b"\x00\x01\x05\x01\x02\x01"
CLOSING = b"\x00\x00\x00\xf8\x00\x01\x00"
FAILING = b"\x00\x00\xfe\x01\x00"
FAILING_IN_GREEK = b"\x00\x00\xfd\x4d\x00"
VANISHING = b"\x04\x00\x00\xfc\x00"


def seed(target, *parts):
    content = b"".join(parts)
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()[:16]).write_bytes(content)


def tape(choices):
    return bytes([len(choices)]) + choices


def number(*values):
    return bytes(values)


# Frames.


def masked(payload, key=KEY):
    return bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


def header(opcode, length, *, fin=True, rsv=0, mask=None, form=None):
    """`form` forces a longer length field than is needed: 16 or 64 bits."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0x80 if mask is not None else 0
    if form is None:
        form = 7 if length < 126 else 16 if length < 65536 else 64
    if form == 7:
        out = struct.pack(">BB", first, bit | length)
    elif form == 16:
        out = struct.pack(">BBH", first, bit | 126, length)
    else:
        out = struct.pack(">BBQ", first, bit | 127, length)
    return out + (mask or b"")


def frame(opcode, payload=b"", *, server=False, **more):
    """A frame as the client sends it, or as the server does."""
    if server:
        return header(opcode, len(payload), **more) + payload
    return header(opcode, len(payload), mask=KEY, **more) + masked(payload)


def close_body(code, reason=""):
    return struct.pack(">H", code) + (reason if isinstance(reason, bytes) else reason.encode())


MIXED = "Straße, 日本, 😀".encode()
BAD_TEXTS = [
    b"\xff",
    b"\xc0\xaf",  # overlong
    b"\xe0\x80\x80",
    b"\xed\xa0\x80",  # a surrogate
    b"\xf4\x90\x80\x80",  # above U+10FFFF
    b"\x80",  # begins in the middle
    b"abc\xe2\x82",  # ends in the middle
]


def good_conversations(server):
    """Lists of frames that break no rule."""

    def f(opcode, payload=b"", **more):
        return frame(opcode, payload, server=server, **more)

    yield f(TEXT, b"Hello")
    yield f(TEXT, MIXED) + f(BINARY, bytes(range(256)))
    for size in (0, 1, 7, 8, 64, 125, 126, 127, 1000):
        yield f(BINARY, b"x" * size)
    yield f(TEXT, b"Hel", fin=False) + f(CONT, b"lo")
    yield f(TEXT, b"", fin=False) + f(CONT, b"", fin=False) + f(CONT, b"")
    yield f(TEXT, MIXED[:5], fin=False) + f(CONT, MIXED[5:14], fin=False) + f(CONT, MIXED[14:])
    yield f(BINARY, b"a" * 200, fin=False) + f(PING, b"still there?") + f(CONT, b"b" * 200)
    yield f(PING) + f(PING, b"1") + f(PING, b"2" * 125) + f(PONG) + f(PONG, b"unasked")
    yield f(TEXT, b"bye") + f(CLOSE, close_body(1000, "done")) + f(TEXT, b"too late")
    yield f(CLOSE)
    for code in (1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999):
        yield f(CLOSE, close_body(code))
    yield f(CLOSE, close_body(1000, "x" * 123))
    yield b"".join(f(TEXT, b"%d" % i) for i in range(30))
    yield f(BINARY, b"abc", fin=False) + f(CLOSE, close_body(1001))


def bad_conversations(server):
    """One for each error, the frame before it good."""

    def f(opcode, payload=b"", **more):
        return frame(opcode, payload, server=server, **more)

    mask = None if server else KEY
    wrong_mask = KEY if server else None
    for rsv in (1, 2, 4, 7):
        yield f(TEXT, b"x", rsv=rsv)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield f(opcode, b"x")
    for opcode in (CLOSE, PING, PONG):
        yield f(opcode, b"", fin=False)
        yield f(opcode, b"x" * 126)
        yield header(opcode, 5, mask=mask, form=16) + b"12345"
        yield header(opcode, 5, mask=wrong_mask, form=16)
        yield header(opcode, 1 << 40, mask=mask)
    yield header(TEXT, 1, mask=wrong_mask) + b"x"
    for length, form in ((0, 16), (125, 16), (0, 64), (126, 64), (65535, 64)):
        yield header(BINARY, length, mask=mask, form=form)
    for length in (1 << 63, (1 << 64) - 1, (1 << 64) - 8):
        yield header(BINARY, length, mask=mask)
    for bits in (24, 25, 31, 32, 33, 62):
        for off in (-1, 0, 1):
            yield header(BINARY, (1 << bits) + off, mask=mask) + b"only this"
    yield f(CONT, b"x")
    yield f(TEXT, b"x", fin=False) + f(TEXT, b"y")
    yield f(TEXT, b"x", fin=False) + f(BINARY, b"y", fin=False)
    for text in BAD_TEXTS:
        yield f(TEXT, b"good") + f(TEXT, text)
        yield f(TEXT, text[:1], fin=False) + f(CONT, text[1:] + b" and more")
        yield f(CLOSE, close_body(1000, text))
    yield f(CLOSE, b"\x03")
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535):
        yield f(CLOSE, close_body(code))
    yield f(TEXT, b"x" * 20000, fin=False) + header(CONT, 1 << 24, mask=mask)
    yield f(BINARY, b"", fin=False) + f(CONT, b"", fin=False) * 9


def cut_conversations(server):
    """Headers with little or nothing behind them."""
    mask = None if server else KEY
    for length in (0, 125, 126, 65535, 65536):
        whole = header(BINARY, length, mask=mask)
        yield whole
        yield whole[:-1]
        yield whole + b"abc"
    yield frame(PING, b"half a ping", server=server)[:7]
    yield frame(TEXT, MIXED, server=server)[:-2]


def write_frames():
    for server in (False, True):
        role = 1 if server else 0
        conversations = [
            *good_conversations(server), *bad_conversations(server), *cut_conversations(server)]
        for i, wire in enumerate(conversations):
            cuts = (BYTE_BY_BYTE, RAGGED)[i % 2]
            seed("frame_decoder", number(role | (i % 4) << 1), tape(cuts), wire)
            seed("connection", number(role, 0), tape(cuts), wire)
            seed("wslay", number(role), tape(cuts), wire[:4000])
        for i, wire in enumerate(good_conversations(server)):
            acts = (ECHOING, CHATTY, BLOCKED, PAUSING, CLOSING, FAILING, VANISHING)[i % 7]
            seed("connection", number(role | (i % 16) << 1, i % 32), tape(acts), wire)
        for flags in (2, 4, 8, 16):
            wire = b"".join(list(good_conversations(server))[:14])
            seed("connection", number(role | flags, 0), tape(RAGGED + CHATTY), wire)
        for bounds in range(32):
            wire = frame(TEXT, b"a" * 100, server=server, fin=False) + frame(
                CONT, b"b" * 26, server=server)
            seed("connection", number(role, bounds), tape(PAUSING), wire)
        # Output blocked at the first ping, unblocked at the message: of three pongs the last is
        # owed.
        pings = b"".join(frame(PING, word, server=server) for word in (b"a", b"bb", b"ccc"))
        seed("connection", number(role, 0), tape(b"\x00\xc1" + b"\x00" * 5 + b"\xc0\x00"),
             pings + frame(TEXT, b"go on", server=server))
        # Our Close crosses the peer's: there must not be a second one.
        seed("connection", number(role, 0), tape(b"\x00\xf8" + b"\x00" * 6),
             frame(TEXT, b"x", server=server) + frame(CLOSE, close_body(1000), server=server))
        # A limit of 125 bytes for one message admits two messages of 100.
        for tail in (b"", frame(TEXT, b"b" * 26, server=server, fin=False)):
            seed("connection", number(role, 3), tape(WHOLE),
                 frame(TEXT, b"a" * 100, server=server) * 2 + tail)
        large = frame(BINARY, bytes(i % 251 for i in range(65536)), server=server)
        seed("connection", number(role, 0), tape(b"\xff\x05\x00"), large)


# Tapes of session_fuzz.cpp: a turn each, and the calls of the application between the events.
READING = b"\x00"
SENDING = b"\x00\x05\x80\x03\x41\x90\x06\x92\x05\x44\x00\x03\x47\xa0\x02"
CROWDED = (b"\x41\x94\x05\x94\x05\xb0\x03\xb0\x13\xc4\x05\xc0\x06\x94\x06\x45\x77\x06\x00\x00"
           b"\x47")
FRAGMENTING = b"\x41\x81\x03\xa1\x02\xd1\x02\xa0\x03\x44\x00\x02\x43\x8c\x04\x47"
WAITING = b"\x60\x00\x03\x52\x60\x55\x41\xd1\x03\x60\x47\x60\x00"
PAUSED = b"\x00\x00\x70\x60\x70\x53\x72\x00\x09\x41\x92\x07\x46\x44\x74"
GOODBYE = b"\x00\x07\x90\x03\xe8\x02\x00\x00\x60\x00\x00\xf6"
LOSING = b"\x00\x09\x41\x90\x05\xb2\x04\xf2\x44\x90\x02\x00\x00\x60"
BREAKING = (b"\x00\x05\xf0\x60", b"\x41\x90\x03\xf1", b"\x00\x05\xf3\x10\x53",
            b"\x00\x05\xfe")
ECHO = b"\x00\x00\xd8\xd8\x44"


def write_sessions():
    acts = (READING, SENDING, CROWDED, FRAGMENTING, WAITING, PAUSED, GOODBYE, LOSING, ECHO,
            *BREAKING)
    limits = (0, 0x01, 0x05, 0x07, 0x22, 0x62, 0x1A, 0x3D)
    for server in (False, True):
        role = 1 if server else 0
        wires = [*good_conversations(server), *list(bad_conversations(server))[::9]]
        for i, act in enumerate(acts):
            for overflow in (0, 4, 8):
                more = (0, 2, 32, 64, 128, 16)[(i + overflow) % 6]
                alive = (0, 0x22, 0x27, 0x4B, 0x95)[i % 5]
                times = (0, 0x11, 0x2A, 0xC5)[(i + overflow // 4) % 4]
                limit = limits[(i + overflow) % 8]
                seed("session", number(role | overflow | more, limit, alive, times), tape(act),
                     wires[(i * 3 + overflow) % len(wires)])
        # A message that is reassembled and sent back from its own buffer, and one from the input.
        large = frame(BINARY, b"e" * 5000, server=server)
        for cuts in (b"\x00\x00\xd8", b"\x00\x80\xd8"):
            seed("session", number(role, 0, 0, 0), tape(cuts),
                 large + frame(TEXT, b"x", server=server))
        # Numbered pings of keep-alive, and pongs that answer them.
        pongs = b"".join(frame(PONG, b"p%d" % i, server=server) for i in range(1, 9))
        seed("session", number(role | 32, 0, 0x06, 0), tape(b"\x60\x00\x04"), pongs)


def write_once_broken():
    """What a target has once found; each line names what went wrong."""
    # The text of an application's error, cut inside a character or not UTF-8 at all.
    seed("connection", number(0, 0), tape(FAILING_IN_GREEK), frame(TEXT, b"x"))
    # Input kept for a paused reader and digested to its end, then new input to be kept.
    seed("connection", number(0, 0), tape(b"\x15"), frame(TEXT, b"x") * 6)
    # The answer to a Close, offered to the stream after a write had failed.
    seed("session", number(0, 0, 0, 0), tape(b"\x41\x90\x05\xf2\x00\x00"), frame(CLOSE))
    # A message in a TLS record of which nothing was taken, replaced by one with the same key.
    seed("session", number(6, 1, 0, 0), tape(b"\x41\xb0\x05\xb0\x05"))
    # A fragment out of order, for which an accepted message was dropped.
    seed("session", number(4, 1, 0, 0), tape(b"\x41\x90\x05\x90\x05\xa0\x02"))
    # A control frame with a long form of its length: its first two bytes and the whole header must
    # give the same error.
    seed("frame_decoder", number(0), tape(b"\x03"), header(PING, 5, mask=KEY, form=16))
    # A method that is too long, which was accepted if it came in one piece.
    seed("http_head", number(0), tape(WHOLE), b"M" * 33 + b" / HTTP/1.1\r\n\r\n")
    # An absolute target with an empty userinfo: the "@" became part of the host.
    seed("server_handshake", number(0), tape(WHOLE), request("http://@a.example/"))
    # A target with a fragment, which no server may accept.
    seed("client_handshake", number(1), b"a.example\n/path#fragment\n")


def write_round_trips():
    for i, cuts in enumerate((WHOLE, BYTE_BY_BYTE, RAGGED, CHATTY, b"\x80\x00\xff\x02")):
        messages = b""
        for size in range(8):
            for opcode in (0, 1):
                messages += number(3 << 5 | size << 2 | opcode) + b"abc"
        seed("round_trip", number(i % 4), tape(cuts), messages)
        text = number(len(MIXED) << 2 | 3) + MIXED
        seed("round_trip", number(i % 4), tape(cuts), text * 3)
    seed("round_trip", number(0), tape(b"\x01\x02\x09"), number(1 << 5 | 6 << 2) + b"x")


# Handshakes.


def request(target="/chat", *, method="GET", version="HTTP/1.1", drop=(), extra=(), **changes):
    fields = {
        "Host": "server.example.com",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": SAMPLE_KEY,
        "Sec-WebSocket-Version": "13",
    }
    fields.update({name.replace("_", "-"): value for name, value in changes.items()})
    lines = [f"{method} {target} {version}"]
    lines += [f"{name}: {value}" for name, value in fields.items() if name not in drop]
    return "\r\n".join([*lines, *extra, "", ""]).encode()


def requests():
    yield request() + frame(TEXT, b"glued")
    yield request(extra=("Origin: https://app.example", "Sec-WebSocket-Protocol: chat, superchat",
                         "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
                         "User-Agent: somebody/1.0", "Cookie: a=b; c=d"))
    yield request("ws://other.example:8080/path?query=1")
    yield b"\r\n" + request("/?a=%20", Connection="keep-alive, Upgrade", Upgrade="h2c, WebSocket")
    for name in ("Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"):
        yield request(drop=(name,))
        yield request(extra=(f"{name}: twice",))
    yield request(method="POST", extra=("Content-Length: 3",)) + b"abc"
    yield request(version="HTTP/1.0")
    yield request(version="HTTP/2.0")
    yield request(extra=("Transfer-Encoding: chunked",))
    yield request(extra=("Content-Length: 0",))
    for target in ("*", "server:80", "/a#b", "ftp://x/", "http://u:p@x/", "/" + "a" * 40):
        yield request(target)
    for host in ("", "a b", "[::1]:9001", "a:99999", "x" * 300):
        yield request(Host=host)
    for protocols in ("a, a", "a,,b", "not a token", ","):
        yield request(extra=("Sec-WebSocket-Protocol: " + protocols,))
    yield request(extra=("Sec-WebSocket-Extensions: a; b=\"c", ))
    yield request(Sec_WebSocket_Version="8")
    yield request(Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAB==")
    yield request(extra=(" folded: line",))
    yield request(extra=("blank : before the colon",))
    yield request(extra=("no colon",))
    yield request(extra=("control: \x01",))
    yield request().replace(b"\r\n", b"\n")
    yield request()[:-2]
    yield request(extra=[f"x-{i}: y" for i in range(101)])
    yield b"GET"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # a TLS client at the wrong port


def response(status="101 Switching Protocols", *, version="HTTP/1.1", drop=(), extra=(), **changes):
    digest = hashlib.sha1((SAMPLE_KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    fields = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": base64.b64encode(digest).decode(),
    }
    fields.update({name.replace("_", "-"): value for name, value in changes.items()})
    lines = [f"{version} {status}"]
    lines += [f"{name}: {value}" for name, value in fields.items() if name not in drop]
    return "\r\n".join([*lines, *extra, "", ""]).encode()


def responses():
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    yield response() + frame(TEXT, b"glued", server=True)
    yield response(extra=("Sec-WebSocket-Protocol: superchat", "Date: today"))
    yield early + b"HTTP/1.1 100 Continue\r\n\r\n" + response()
    yield early * 9 + response()
    for name in ("Upgrade", "Connection", "Sec-WebSocket-Accept"):
        yield response(drop=(name,))
        yield response(extra=(f"{name}: twice",))
    for name, value in (("Protocol", "other"), ("Extensions", "permessage-deflate")):
        yield response(extra=(f"Sec-WebSocket-{name}: {value}",))
        yield response(extra=(f"Sec-WebSocket-{name}: chat",) * 2)
    yield response(Sec_WebSocket_Accept="AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    yield response(version="HTTP/1.0")
    yield response(version="HTTP/2")
    yield response("101")
    for status in ("99 Low", "1000 High", "20 Short", "2x0 Odd", ""):
        yield response(status)
    body = b"<h1>no</h1>"
    for status in ("200 OK", "301 Moved", "401 Unauthorized", "404 Not Found", "503 Busy"):
        yield response(status, extra=("Location: /else", f"Content-Length: {len(body)}")) + body
    yield response().replace(b"\r\n", b"\n")
    yield response()[:-1]
    yield response(extra=[f"x-{i}: y" for i in range(101)])
    yield b"SSH-2.0-OpenSSH_9.2\r\n"
    yield b"HTTP/1.1 101 \x00\r\n\r\n"


def own_requests():
    yield b"a.example\n/\n"
    yield b"[::1]:9001\n/chat?x=y\nhttps://app.example\nkeep-alive, Upgrade\na=b\nchat,superchat\n"
    yield b"a.example\n/\n\n\n\n\nX-Token: secret\nCookie: c=d\nHost: b.example\nOrigin: null\n"
    yield b"a.example\n/\n\n\n\n\nSec-WebSocket-Key: " + SAMPLE_KEY.encode() + b"\n"
    yield b"a.example\n/\n\n\n\n\nUpgrade: h2c\n"
    yield b"a.example\n/\r\n\n\n\n\nX: y\r\n"
    yield b"a b\n/\n"
    yield b"a.example\n/\n\n\n\n\nHost:b\nHost:c\n"


def write_handshakes():
    for i, text in enumerate(requests()):
        cuts = (WHOLE, BYTE_BY_BYTE, RAGGED)[i % 3]
        seed("server_handshake", number(i), tape(cuts), text)
        seed("http_head", number(i % 4 << 1), tape(cuts), text)
    for i, text in enumerate(responses()):
        cuts = (WHOLE, BYTE_BY_BYTE, RAGGED)[i % 3]
        seed("client_handshake", number(i % 4 << 1), tape(cuts), text)
        seed("client_handshake", number(0), tape(RAGGED), text)
        seed("http_head", number(i % 4 << 1 | 1), tape(cuts), text)
    # Beyond the byte limits, which the fuzzer's own inputs are too short to reach.
    for text in (request("/" + "a" * 9000), b"GET /" + b"a" * 17000,
                 request(extra=("X-Long: " + "a" * 17000,))):
        seed("server_handshake", number(0), tape(b"\xc0"), text)
    for text in (response(extra=("X-Long: " + "a" * 17000,)), b"HTTP/1.1 101 " + b"a" * 17000):
        seed("client_handshake", number(0), tape(b"\xc0"), text)
    for text in own_requests():
        seed("client_handshake", number(1), text)


def write_grammars():
    for text in ("permessage-deflate", "permessage-deflate; client_max_window_bits",
                 "a; b=c; d=\"e\", f", "a;b=\"\\c\\d\"", ",,a,,b,", "a b", "a;", "a;b=", "a;b=\"",
                 "a=b", ";", "a; b = c ;d", "a;b=\"\"", "a;b=\"c d\"", "x" * 100, ""):
        seed("extensions", number(len(text) // 2), text.encode())
    for text in ("ws://a.example", "wss://a.example:8443/chat?x=y", "WS://A.Example:80/",
                 "ws://[::1]:9001/", "wss://user:pass@a.example/", "ws://a.example/#no",
                 "ws://a.example:65536/", "ws://a.example:80x/", "ws://a.example:/?q",
                 "ws://a%41.example/%7e", "http://a.example/", "ws://", "ws:///", "ws://a b/",
                 "ws://a.example/\r\nX: y", "ws://[::1", "ws://[::ffff:1.2.3.4]/",
                 "wss://a.example:443?x", "a.example:80", "ws://a/?filter[]=a&q={\"a\":1}",
                 "ws://a/a b|c\\d^`<e>?it's", "ws://a/\u00e9?\u65e5\U0001f600", "ws://a/%zz",
                 "ws://b\u00fc.example/", "ws://[fe80::1%25eth0]:81/", "ws://[fe80::1%eth0]",
                 "ws+unix:///run/app.sock:/chat?x=1", "wss+unix:/run/a%20b%3A?x", "ws+unix://a/b",
                 "wss://a.example./", "ws://u%40:p:q@a/", "ws://u:p/w@a/"):
        seed("url", text.encode())
    seed("url", b"ws://a/\xff")


def write_refusals():
    """What an opening handshake gets instead of a 101: redirects and chunked bodies."""
    locations = ("http://b.example/x", "https://a.example:8443/", "//b.example:81/../x", "/x#y",
                 "../../../x/./y/..", "?y", "", ".", "..", "#x", "x:y", "./x:y", "ws:x", "ftp://b/",
                 "ws+unix:///run/s:/x", "http://u:p@b/", "http://[fe80::1]/", "/\\b/x", "///x",
                 "http://[fe80::1%25lo]/", "/a b\u00e9?\"", "/x\r\nX: y", "/.//b/x", "/%2e%2e/%4")
    for i, text in enumerate(locations):
        for base in range(i % 2, 8, 2):
            seed("redirect", number(base), text.encode())
    end = b"0\r\n\r\n"
    bodies = (end, b"5\r\nhello\r\n" + end, b"5\r\nhello\r\n1\r\n,\r\n6\r\n world\r\n" + end,
              b"1F;a=\"b;c\" ; d\r\n" + b"x" * 31 + b"\r\n0;z\r\nDigest: x\r\nB:\r\n\r\nHTTP/1.1",
              b"5 \r\nhello\r\n", b"5\nhello\n", b"4\r\nhello\r\n" + end, b"g\r\n", b"-1\r\n",
              b"fffffffffffffffff\r\n", b"ffffffffffffffff\r\nabc", b"0\r\nA: x\r\n y\r\n\r\n",
              b"0\r\nA\r\n\r\n", b"0" * 4100, b"1;" + b"x" * 4000 + b"\r\na\r\n",
              b"7\r\n\r\n0\r\n\r\n\r\n" + end)
    for i, body in enumerate(bodies):
        for limit in (0, 7):
            seed("chunked_body", number(limit), tape((BYTE_BY_BYTE, RAGGED)[i % 2]), body)


def connect_answers():
    yield b"HTTP/1.1 200 Connection established\r\n\r\n" + frame(TEXT, b"glued", server=True)
    yield b"HTTP/1.0 200\r\nContent-Length: 5\r\n\r\nhello"
    yield b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\n\r\n"
    yield b"HTTP/1.1 100 Continue\r\n\r\n" * 9
    yield b"HTTP/1.1 101 x\r\n\r\n"
    yield b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
    for challenge in challenges():
        yield (b"HTTP/1.1 407 x\r\nProxy-Authenticate: " + challenge +
               b"\r\nProxy-Authenticate: Basic\r\n\r\n")
    yield b"\x15\x03\x01\x00\x02\x02\x46"


def challenges():
    yield b'Basic realm="a, \\"b\\\\", charset="UTF-8"'
    yield b'Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=SHA-256, opaque="o"'
    yield b"Digest realm=r, nonce=n, algorithm=MD5-sess, qop=auth, Basic"
    yield b"Negotiate, NTLM TlRMTVNTUAAB==, Basic realm=x"
    yield b'Basic realm="open'
    yield b"realm=a, @, Basic a b, Digest =x"
    yield b"a=b," * 101


def socks5_answers(methods):
    replies = [b"\x05\x00\x00\x01" + bytes(6), b"\x05\x00\x00\x04" + bytes(18),
               b"\x05\x00\x00\x03\x03a.b\x00\x01", b"\x05\x05\x00\x01" + bytes(6),
               b"\x05\x00\x01", b"\x05\x00\x00\x02", b"\x04", b"\x05\x00\x00\x03\xff" + b"x" * 257]
    for method in methods:
        for reply in replies:
            yield method + reply + b"rest"
    for method in (b"\x05\xff", b"\x05\x01", b"\x05\x02\x01\x01", b"\x05\x02\x05\x00", b"HTTP/1.1"):
        yield method


def write_proxies():
    def answers(setting, texts):
        for i, text in enumerate(texts):
            seed("proxy", number(setting), tape((WHOLE, BYTE_BY_BYTE, RAGGED)[i % 3]), text)

    answers(0, connect_answers())
    answers(1, [b"\x00" + bytes([code]) + bytes(6) + b"rest" for code in (0, 90, 91, 92, 93, 94)])
    answers(1, [b"\x04\x5a", b"HTTP/1.1 400 x\r\n\r\n", b"\x00\x5a\x00"])
    answers(2, socks5_answers((b"\x05\x00",)))
    answers(3, socks5_answers((b"\x05\x00", b"\x05\x02\x01\x00")))
    for text in ("http://p:3128/", "p", "[::1]:80", "SOCKS5H://u:p%40s@P.example", "https://u@p",
                 "socks4://u%00@p", "u:w@x@p:1", "ftp://p", "u:w://x@p", "http://p/x", "p:70000"):
        seed("proxy", number(4), text.encode())
    for text in ("h\n*", "a.b\nx, .b", "a.b\n*.b c", "ab.c\nb.c", "10.1.2.3\n10.0.0.1/8",
                 "::1\n[::1]:80", "::ffff:1.2.3.4\n1.2.3.0/31,1.2.3.4", "fe80::1%e\nfe80::/10",
                 "h.\nH:80", "h\nh:81", "::1\n::/0,::/129", "1.2.3.4\n2.3.4,.4"):
        seed("proxy", number(5), text.encode())
    for text in challenges():
        seed("proxy", number(6), text)
    for i, text in enumerate((
            "a=b", "a=b; Path=/chat; Domain=.b.example; Secure; HttpOnly; Max-Age=60",
            "sid=\"x y\"; Expires=Sun, 06 Nov 1994 08:49:37 GMT; SameSite=Lax",
            "__Host-a=b; Secure; Path=/", "__Secure-a=b; Secure; Domain=b.example",
            "a=b; Domain=0.0.1", "a=b; Domain=10.0.0.1", "a=b; Domain=::1", "a=b; Domain=..example",
            "a=b\r\nX: y", "=b", "a", "a=; Max-Age=-1; Path=x", "Sun Nov  6 08:49:37 1994=",
            "a=b; Max-Age=99999999999999999999; Domain=EXAMPLE", "")):
        seed("cookie", number(i), text.encode())
        seed("cookie", number(1), text.encode())


def proxy_headers():
    for text in ("PROXY TCP4 192.0.2.1 192.0.2.2 4000 443", "PROXY TCP6 2001:db8::1 ::1 1 65535", "PROXY UNKNOWN",
                 "PROXY UNKNOWN x y", "PROXY TCP4 1.1.1.1 1.1.1.1 1", "PROXY TCP4 ::1 ::1 1 1",
                 "PROXY TCP6 " + ("f" * 4 + ":") * 7 + "ffff " + ("f" * 4 + ":") * 7 + "ffff 65535 65535"):
        yield text.encode() + b"\r\nGET"
    yield b"PROXY UNKNOWN\n"
    yield b"PROXY UNKNOWN" + b" " * 100
    yield b"\x16\x03\x01"
    for text in ("2111000cc0000201c00002020fa001bb", "2111001ac0000201c00002020fa001bb02000461626364 030004 00000000",
                 "21210024" + "20010db8" + "00" * 27 + "01" + "00500051", "20000000", "20ff0003010203", "21000000",
                 "213100d8" + "70" * 216, "22110000", "11110000", "21990000", "2111000b", "2111ffff"):
        yield b"\r\n\r\n\0\r\nQUIT\n" + bytes.fromhex(text) + b"GET"


def write_client_addresses():
    for i, header in enumerate(proxy_headers()):
        seed("client_address", number(0), tape((WHOLE, BYTE_BY_BYTE, RAGGED)[i % 3]), header)
    for text in ("", "6.6.6.6", "6.6.6.6:80, [::1]:9", "unknown, 10.0.0.1", ",,\t,", "10.0.0.1, ::ffff:1.2.3.4"):
        seed("client_address", number(1), text.encode())
    for text in ("for=6.6.6.6;x=\"", "for=\"[::1]:80\";by=_x;proto=https, for=10.0.0.1", "for=_hidden", "for=unknown",
                 "for=6.6.6.6, for=\"", "for=\"\\6.6.6.6\"", "for=1;for=2", "for=6.6.6.6;x=\"\\", "=", "for"):
        seed("client_address", number(2), text.encode())
    for text in ("10.0.0.0/8", "::1", "fe80::1%e", "fe80::1%e/64", "fe80::1%", "::ffff:1.2.3.4/104", "::/0", "1.2.3.4:80", "[::1]:_x", "1.2.3.4/33"):
        seed("client_address", number(3), text.encode())


def write_request_parts():
    for text in ("/chat?a=1&b=2&a=3", "/?q=a+b%2Bc%20d", "/?a=&=b&&c", "/?a=%&b=%4", "?", ""):
        seed("request_parts", number(0), text.encode())
    for text in ("a=1; sid=\"x\";=y", "sid", "a = b=c ;", ""):
        seed("request_parts", number(1), text.encode())
    for text in ("Bearer aZ0-._~+/==", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic Og==", "basic Zm8=", "Zh==", "Zm9v"):
        seed("request_parts", number(2), text.encode())


def write_twins():
    for i, size in enumerate((0, 1, 3, 4, 7, 8, 9, 31, 32, 63, 64, 65, 127, 200)):
        data = bytes(range(size % 256)) if size < 256 else b"x" * size
        seed("mask", number(i * 5 % 128), KEY, tape((WHOLE, BYTE_BY_BYTE, RAGGED)[i % 3]), data)
    texts = [b"", b"a" * 100, MIXED * 4, b"a" * 31 + MIXED, b"a" * 32 + b"\xff", *BAD_TEXTS]
    texts += ["".join(chr(c) for c in (0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000,
                                       0x10FFFF)).encode()]
    for i, text in enumerate(texts):
        seed("utf8", tape((WHOLE, BYTE_BY_BYTE, RAGGED)[i % 3]), text)


def write_compressed():
    def deflated(text, flush=zlib.Z_SYNC_FLUSH, level=6, bits=15, strategy=0):
        stream = zlib.compressobj(level, zlib.DEFLATED, -bits, 8, strategy)
        whole = stream.compress(text) + stream.flush(flush)
        return whole[:-4] if flush == zlib.Z_SYNC_FLUSH else whole + b"\0"

    examples = [bytes.fromhex(text) for text in (
        "f248cdc9c90700", "f248cdc9c90700f200110000", "000500faff48656c6c6f00",
        "f348cdc9c9070000", "f248050000 00ffffcac9c90700", "00", "", "ff", "f200110000")]
    text = MIXED * 20
    streams = [*examples, deflated(text), deflated(text, zlib.Z_FINISH), deflated(text, level=0),
               deflated(text, strategy=4), deflated(text, strategy=3), deflated(bytes(200_000)),
               deflated(text, zlib.Z_FINISH) + deflated(text), deflated(text)[:-3]]
    for i, stream in enumerate(streams):
        for cuts in (WHOLE, b"\x00\x01\x00\x07", b"\x05\x00\x01\x03\x01"):
            seed("permessage_deflate", number(0, i * 7 % 256, i * 11 % 256), tape(cuts), stream)
        seed("deflate_engines", number(0, i * 7 % 256), tape(WHOLE), stream)
    for i in range(27):
        seed("permessage_deflate", number(1, i * 5, i * 3), tape(b"\x1f\x01\x40\x05\x01"),
             MIXED * 4 + bytes(range(64)))
        seed("deflate_engines", number(1, i), tape(b"\x1f\x01\x40\x05\x01"), MIXED * 4 + bytes(range(64)))


if __name__ == "__main__":
    write_frames()
    write_sessions()
    write_once_broken()
    write_round_trips()
    write_handshakes()
    write_grammars()
    write_refusals()
    write_proxies()
    write_client_addresses()
    write_request_parts()
    write_twins()
    write_compressed()
