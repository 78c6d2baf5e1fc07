"""wsbench_test.py WSBENCH ECHO_SERVER PART: drives wsbench against our echo server (load), against servers that
do what a good one does not (faults), and opens its report in Chromium (page)."""

import argparse
import contextlib
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import programs
from programs import expect
from raw_servers import accepting, raw_server

BRIEF = ("--warm-up", "0.1", "--time", "0.5")


class Bench:
    """Runs wsbench."""

    def __init__(self, program: str):
        self.program = program

    def run(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True,
                              timeout=programs.ENDING * 2, check=False)
        return done.returncode, done.stdout, done.stderr

    def json(self, *arguments, status: int = 0) -> dict:
        found = self.run("--json", *arguments)
        expect(found[0] == status and not found[2], f"{arguments}: {found}")
        return json.loads(found[1])

    def refused(self, *arguments, status: int = 2, errors: str) -> None:
        found = self.run(*arguments)
        expect(found[0] == status and errors in found[2] + found[1], f"{arguments}: {found}")


def is_flawless(figures: dict) -> bool:
    return not any(figures[name] for name in ("not_connected", "lost", "wrong", "unanswered", "error"))


def in_order(times: dict) -> bool:
    values = [times[name] for name in ("p50", "p90", "p99", "p999")]
    return values == sorted(values) and 0 < values[0] and values[-1] <= times["max"]


# checks: every_message_is_counted_once_with_its_round_trip
def closed_loop(bench: Bench, url: str, *options) -> None:
    for connections, threads, depth, size in ((1, 1, 1, 12), (20, 2, 8, 1000), (3, 5, 1, 100_000)):
        found = bench.json(url, *BRIEF, *options, "-c", connections, "-t", threads, "-d", depth, "-s", size)
        expect(is_flawless(found) and found["messages"] > 0, f"{found}")
        expect(found["bytes"] == found["messages"] * size, f"{found}")
        expect(found["round_trip"]["count"] == found["messages"] and in_order(found["round_trip"]), f"{found}")
        expect(found["handshake"]["count"] == connections, f"{found}")
        expect(abs(found["per_second"] * found["seconds"] - found["messages"]) < 1, f"{found}")
        expect(found["threads"] == min(connections, threads), f"{found}")


# checks: an_open_loop_sends_as_many_as_were_due
def open_loop(bench: Bench, url: str) -> None:
    found = bench.json(url, *BRIEF, "-c", 7, "-t", 2, "--rate", 1000, "--ramp", 100)
    expect(is_flawless(found) and abs(found["messages"] - 500) <= 2, f"{found}")


def listen_and_connect(bench: Bench, url: str) -> None:
    found = bench.json(url, *BRIEF, "--mode", "connect", "-c", 4)
    expect(is_flawless(found) and found["messages"] == found["handshake"]["count"] > 4, f"{found}")
    hello = bytes([0x81, 5]) + b"hello"
    with raw_server(lambda head: accepting(head) + hello) as once:
        found = bench.json(once, "--mode", "listen", "--warm-up", 0, "--time", "0.3", status=1)
    expect(found["lost"] == 1 and found["round_trip"]["count"] == 0, f"{found}")


def load(bench: Bench, echo_server: str) -> None:
    with programs.EchoServer(echo_server, "--compression") as server:
        closed_loop(bench, server.url)
        closed_loop(bench, server.url, "--binary")
        expect(not bench.json(server.url, *BRIEF)["compressed"], "compression is not offered unasked")
        found = bench.json(server.url, *BRIEF, "--compress", "-s", 2000)
        expect(found["compressed"] and is_flawless(found), f"{found}")
        open_loop(bench, server.url)
        listen_and_connect(bench, server.url)
        progress(bench, server.url)
        text = bench.run(server.url, *BRIEF)[1]
        expect(re.search(r"^messages +[\d,]+ a second", text, re.MULTILINE) is not None, text)
    with programs.temporary_folder() as folder:
        certificate, key = programs.make_certificate(folder)
        with programs.EchoServer(echo_server, "--tls", "--certificate", certificate, "--key", key) as server:
            expect(is_flawless(bench.json(server.url, *BRIEF, "--ca", certificate, "-c", 3)), "wss:")
            expect(is_flawless(bench.json(server.url, *BRIEF, "--insecure")), "wss:, not verified")
            found = bench.json(server.url, *BRIEF, status=3)
            expect(found["not_connected"] == 1 and "certificate" in found["error"], f"{found}")


# checks: a_terminal_has_a_line_of_progress
def progress(bench: Bench, url: str) -> None:
    for options, shown in (((), True), (("--quiet",), False)):
        ours, theirs = pty.openpty()
        done = subprocess.run([bench.program, url, "--json", *BRIEF, *options], stdout=subprocess.PIPE,
                              stderr=theirs, timeout=programs.ENDING, check=True)
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError), os.fdopen(ours, "rb", 0) as terminal:
            while part := terminal.read(1000):
                seen += part
        expect((b"messages/s" in seen) == shown, f"{options}: {seen}")
        json.loads(done.stdout)


@contextlib.contextmanager
def answering(answer):
    """A server that reads short frames; `answer(number, payload)` gives the bytes to send back, or None to
    end the connection."""
    def frames(connection):
        held = b""
        while part := connection.recv(65536):
            held += part
            while len(held) >= 6 and len(held) >= 6 + (held[1] & 0x7F):
                size, mask = held[1] & 0x7F, held[2:6]
                payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(held[6:6 + size]))
                yield held[0] & 0x0F, payload
                held = held[6 + size:]

    def serve(connection):
        number = 0
        with connection, contextlib.suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(4096)
            connection.sendall(accepting(head))
            for opcode, payload in frames(connection):
                if opcode == 8:
                    connection.sendall(bytes([0x88, len(payload)]) + payload)
                    return
                back = answer(number, payload)
                number += 1
                if back is None:
                    return
                connection.sendall(back)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)


def text_frame(payload: bytes) -> bytes:
    return bytes([0x81, len(payload)]) + payload


# checks: no_coordinated_omission
def stall(bench: Bench) -> None:
    """A server that stops for half a second: an open loop charges it for each message that was due."""
    def answer(number: int, payload: bytes) -> bytes:
        if number == 100:
            time.sleep(0.5)
        return text_frame(payload)

    with answering(answer) as url:
        found = bench.json(url, "--warm-up", 0, "--time", 2, "--rate", 200)
    expect(abs(found["messages"] - 400) <= 2 and is_flawless(found), f"{found}")
    expect(found["round_trip"]["p90"] > 0.15 and found["round_trip"]["max"] > 0.45, f"{found}")
    with answering(answer) as url:
        found = bench.json(url, "--warm-up", 0, "--time", 2)
    expect(found["round_trip"]["p90"] < 0.1 and found["round_trip"]["max"] > 0.45, f"{found}")


# checks: each_kind_of_failure_is_counted_and_ends_in_status_1
def failures(bench: Bench) -> None:
    with answering(lambda number, payload: text_frame(payload[:-1] + b"!" if number == 3 else payload)) as url:
        found = bench.json(url, *BRIEF, "-d", 4, status=1)
        expect(found["wrong"] > 0 and found["lost"] == 0, f"an altered answer: {found}")
    with answering(lambda number, payload: text_frame(b"welcome") * (number == 0) + text_frame(payload)) as url:
        found = bench.json(url, *BRIEF, status=1)
        expect(found["wrong"] == 1 and found["messages"] > 10, f"one message that answers nothing: {found}")
    with answering(lambda number, payload: text_frame(payload) if number < 50 else None) as url:
        started = time.monotonic()
        found = bench.json(url, "--warm-up", 0, "--time", 30, "-c", 2, status=1)
        expect(found["lost"] == 2 and found["error"] != "", f"connections that were cut: {found}")
        expect(time.monotonic() - started < 10, "a load without a connection ends")
    with answering(lambda number, payload: text_frame(payload) if number < 10 else b"") as url:
        found = bench.json(url, "--warm-up", 0, "--time", 1, "--rate", 100, status=1)
        expect(abs(found["unanswered"] - 90) <= 2 and found["messages"] == 10, f"no answers: {found}")
        expect(found["round_trip"]["p50"] > 1, f"they count with their age: {found}")


def refusals(bench: Bench, echo_server: str) -> None:
    with programs.refusing_port() as port:
        found = bench.json(f"ws://127.0.0.1:{port}/", *BRIEF, "-c", 3, status=3)
        expect(found["not_connected"] == 3 and "refused" in found["error"], f"{found}")
    bench.refused("ws://127.0.0.1/", "--mode", "foo", errors="--mode")
    bench.refused("htp://127.0.0.1/", errors="htp")
    bench.refused("ws://127.0.0.1/", "-H", "no colon", errors="no colon")
    bench.refused("ws://127.0.0.1/", "--size", "11", errors="--size")
    bench.refused("ws://127.0.0.1/", "--rate", "5", "--depth", "2", errors="--depth")
    bench.refused("ws://127.0.0.1/", "--ca", "/no/such", errors="--ca")
    with programs.EchoServer(echo_server) as server:
        bench.refused(server.url, *BRIEF, "--html", "/no/such/page.html", status=6, errors="/no/such/page.html")
        with programs.Program(bench.program, server.url, "--json", "--time", 60) as running:
            time.sleep(2)
            running.process.send_signal(signal.SIGINT)
            status = running.wait()
            found = json.loads("".join(running.output))
        expect(status == 130 and 0 < found["seconds"] < 10 and found["messages"] > 0, f"Ctrl+C: {found}")


def faults(bench: Bench, echo_server: str) -> None:
    stall(bench)
    failures(bench)
    refusals(bench, echo_server)


# checks: the_report_opens_without_a_network_in_a_browser
def page(bench: Bench, echo_server: str) -> None:
    expect(shutil.which("chromium") is not None, "tests/peers/install.sh installs chromium")
    with programs.temporary_folder() as folder, programs.EchoServer(echo_server) as server:
        report = folder / "report.html"
        url = server.url + "?a=1&b=2"
        bench.json(url, *BRIEF, "-c", 2, "--html", report)
        source = report.read_text(encoding="utf-8")
        expect(re.search(r"(src|href)=|@import|url\(", source) is None, "it names no other file")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "--disable-sync",
                   "--disable-dev-shm-usage", f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=2000"]
        dom = subprocess.run(["chromium", *options, "--dump-dom", report.as_uri()], capture_output=True, text=True,
                             timeout=90, check=True, env=os.environ | {"HOME": str(folder)}).stdout
        expect("<h1>" + server.url + "?a=1&amp;b=2</h1>" in dom, f"the URL, as text: {dom[:2000]}")
        expect(dom.count("<polyline") == 4, f"four lines: {dom.count('<polyline')}")
        points = re.findall(r'points="([^"]*)"', dom)
        expect(all(len(line.split()) >= 5 for line in points), f"points: {points}")
        expect('class="flaw"' not in dom, "nothing failed")


def main() -> None:
    parts = {"load": load, "faults": faults, "page": page}
    parser = argparse.ArgumentParser()
    parser.add_argument("wsbench")
    parser.add_argument("echo_server")
    parser.add_argument("part", choices=parts)
    args = parser.parse_args()
    parts[args.part](Bench(args.wsbench), args.echo_server)


programs.run(main)
