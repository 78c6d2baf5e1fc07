"""chaos_proxy_test.py BUILD_FOLDER PART [--tls]: puts chaos_proxy between our programs and a peer, and
cuts or resets the connection at each byte of the handshake and of the first frames; over TLS at every
thirteenth. Each time the program has to end with its documented error. The part `faults` tests the proxy."""

import argparse
import contextlib
import pathlib
import re
import socket
import threading
import time

import programs
from programs import expect

SOON = 5  # seconds in which a program has to notice that its connection is gone
ENDS = {"--cut-after": r"(connection lost without a close frame|TLS stream ended without close_notify)$",
        "--reset-after": r"(Connection reset by peer|Broken pipe)$"}
PHASES = (r": connecting to ", r": TLS handshake with ", r": opening handshake with ",
          r": (connection|closing): ")


class Chaos(programs.Program):
    """chaos_proxy in front of a server, given by its URL or its port."""

    def __init__(self, program, server, *options):
        scheme, _, address = str(server).rpartition("://")
        target = address.partition("/")[0] if scheme else f"127.0.0.1:{server}"
        super().__init__(program, "--to", target, "-v", *options)
        word, _, address = self.read_line().rpartition(" ")
        expect(word == "listening on", f"chaos_proxy did not start with {options}")
        self.url = f"{scheme}://{address}"
        self.port = int(address.rpartition(":")[2])

    def connect(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port))
        client.settimeout(programs.ENDING)
        return client


class Tools:
    def __init__(self, folder: pathlib.Path):
        self.chaos = folder / "chaos_proxy"
        self.server = folder / "echo_server"
        self.client = folder / "echo_client"
        self.dump = folder / "wsdump"

    def proxy(self, server, *options) -> Chaos:
        return Chaos(self.chaos, server, *options)

    def run(self, *command, text: str = "") -> tuple[int, list[str], list[str], float]:
        """Returns exit status, output, errors and seconds."""
        started = time.monotonic()
        with programs.Program(*command) as program:
            program.process.stdin.write(text)
            program.process.stdin.close()
            status = program.wait()
            return status, program.output, program.errors, time.monotonic() - started


def phase_of(errors: list[str], kind: str) -> int:
    """Returns the index in PHASES of one line that explains a lost connection."""
    expect(len(errors) == 1 and re.search(ENDS[kind], errors[0]) is not None, f"{kind}: {errors}")
    found = [number for number, phase in enumerate(PHASES) if re.search(phase, errors[0])]
    expect(len(found) == 1, f"{kind}: no phase in {errors}")
    return found[0]


# checks: R10_a_connection_that_is_lost_at_any_byte_ends_with_the_documented_error
def sweep(tools: Tools, url: str, kind: str, direction: str, step: int, statuses, command) -> None:
    """Each connection is hurt `step` bytes later than the one before, until the program has succeeded
    three times in a row. The phases follow each other; once the connection is open, the peer's Close
    may come a little earlier or later, because TLS puts one or two messages into a record."""
    with tools.proxy(url, kind, 0, "--sweep", step, "--direction", direction) as chaos:
        succeeded, last, at = 0, 0, 0
        while succeeded < 3:
            where = f"{kind} {at} {direction}"
            status, _, errors, seconds = tools.run(*(str(word).replace("URL", chaos.url)
                                                     for word in command))
            expect(seconds < SOON, f"{where}: {seconds} s")
            phase = len(PHASES) if status == 0 else phase_of(errors, kind)
            expect(status == statuses[phase], f"{where}: exit status {status}, {errors}")
            expect(phase >= last, f"{where}: phase {phase} comes after {last}: {errors}")
            succeeded = succeeded + 1 if status == 0 else 0
            last, at = min(phase, len(PHASES) - 1), at + step
            expect(chaos.read_line().startswith("connection "), "the line of the proxy")
        expect(at > 100, f"{kind} {direction}: success after {at} bytes")
        print(f"{url} {kind} {direction}: {at // step} connections", flush=True)


def sweeps(tools: Tools, url: str, step: int, statuses, command) -> None:
    for kind in ENDS:
        for direction in ("up", "down"):
            sweep(tools, url, kind, direction, step, statuses, command)


def client(tools: Tools, tls) -> None:
    """echo_client, which gets two messages and a Close from a good server."""
    with programs.PeerServer(*tls) as server:
        command = [tools.client, "URL/push?count=2", *(["--ca", tls[0]] if tls else [])]
        sweeps(tools, server.url, 13 if tls else 1, (1, 1, 1, 1, 0), command)


def server(tools: Tools, tls) -> None:
    """echo_server, which gets a message and a Close from wsdump, and goes on serving."""
    options = ["--tls", "--certificate", tls[0], "--key", tls[1]] if tls else []
    with programs.EchoServer(tools.server, *options) as echo:
        command = ["-n", "-t", "hello", "--max-messages", 1]
        sweeps(tools, echo.url, 13 if tls else 1, (3, 3, 3, 1, 0), [tools.dump, "URL/", *command])
        status, output, _, _ = tools.run(tools.dump, echo.url, *command)
        expect((status, output) == (0, ["hello"]), "the server goes on after all of it")
        echo.terminate()
        echo.expect_good_end()


def single_bytes(tools: Tools) -> None:
    with programs.EchoServer(tools.server) as echo:
        for options in (["--split", 1], ["--split", 3, "--delay", 2, "--jitter", 5]):
            with tools.proxy(echo.url, *options) as chaos:
                text = "a" * 3000
                result = tools.run(tools.dump, chaos.url, "--wait-reply", text=text + "\nb\n")
                expect(result[:3] == (0, [text, "b"], []), f"{options}: {result}")


# checks: R142_a_network_that_falls_silent_ends_by_a_deadline
def black_hole(tools: Tools) -> None:
    with programs.EchoServer(tools.server) as echo:
        for direction, offsets in (("up", (0, 1, 60)), ("down", (0, 1, 60))):
            for at in offsets:
                options = ["--black-hole-after", at, "--direction", direction]
                with tools.proxy(echo.url, *options) as chaos:
                    status, _, errors, seconds = tools.run(tools.client, chaos.url, "--timeout", 0.3)
                    expect(status == 1 and "took too long" in errors[0], f"{options}: {errors}")
                    expect(0.3 <= seconds < SOON, f"{options}: {seconds} s")
        with tools.proxy(echo.url, "--black-hole-after", 131, "--direction", "down") as chaos:
            status, _, errors, seconds = tools.run(
                tools.dump, chaos.url, "--ping-interval", 0.2, "--ping-timeout", 0.1, "--eof-wait", 9)
            expect(status == 1 and "timed out" in errors[0], f"pings: {status} {errors}")
            expect(seconds < SOON, f"pings: {seconds} s")
            # Its Close goes up, and the answer never comes: 3 s.
            status, _, errors, seconds = tools.run(tools.dump, chaos.url, "--eof-wait", 0.1)
            expect(status == 1 and "the closing handshake took too long" in errors[0],
                   f"Close: {status} {errors}")
            expect(3 <= seconds < 3 + SOON, f"Close: {seconds} s")


@contextlib.contextmanager
def accepting_server():
    """Yields a port and a function that returns the next connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(programs.ENDING)

        def accept() -> socket.socket:
            connection, _ = listener.accept()
            connection.settimeout(programs.ENDING)
            return connection

        yield listener.getsockname()[1], accept


def read_all(connection: socket.socket) -> bytes:
    data = b""
    while part := connection.recv(65536):
        data += part
    return data


def half_close(tools: Tools) -> None:
    with accepting_server() as (port, accept), tools.proxy(port) as chaos:
        with chaos.connect() as near, accept() as far:
            near.sendall(b"question")
            near.shutdown(socket.SHUT_WR)
            expect(read_all(far) == b"question", "what the client has sent before its end")
            far.sendall(b"answer")
            far.close()
            expect(read_all(near) == b"answer", "the answer after a half-close")
        line = chaos.read_line()
        expect(line == "connection 1: 8 bytes up, 6 bytes down: ended", line)


def exact_ends(tools: Tools) -> None:
    data = bytes(range(200))
    with accepting_server() as (port, accept):
        with tools.proxy(port, "--cut-after", 7, "--direction", "down") as chaos:
            with chaos.connect() as near, accept() as far:
                near.sendall(data)
                expect(far.recv(len(data), socket.MSG_WAITALL) == data, "the other direction")
                far.sendall(data)
                expect(read_all(near) == data[:7] and not read_all(far), "7 bytes, then the ends")
            expect(chaos.read_line().endswith("200 bytes up, 7 bytes down: cut"), "the cut")
        with tools.proxy(port, "--reset-after", 7, "--direction", "up") as chaos:
            with chaos.connect() as near, accept() as far:
                near.sendall(data)
                for one in (near, far):
                    with contextlib.suppress(ConnectionResetError):
                        expect(len(read_all(one)) > 7, "an end instead of a reset")
            expect(chaos.read_line().endswith("7 bytes up, 0 bytes down: reset"), "the reset")
        with tools.proxy(port) as chaos:
            with chaos.connect() as near, accept() as far:
                near.sendall(b"x")
                expect(far.recv(1) == b"x", "a byte, so that both sides are connected")
                far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                far.close()
                with contextlib.suppress(ConnectionResetError):
                    read_all(near)
                    raise AssertionError("the reset of the server is not passed on")
            expect(chaos.read_line().endswith("reset by a peer"), "the passed on reset")


def backpressure(tools: Tools) -> None:
    limit = 32 << 20  # more than the kernel buffers of three sockets
    with accepting_server() as (port, accept), tools.proxy(port) as chaos:
        with chaos.connect() as near, accept() as far:
            near.settimeout(0.5)
            sent = 0
            with contextlib.suppress(TimeoutError):
                while sent < limit:
                    sent += near.send(bytes(65536))
            expect(sent < limit, "the proxy has read more than it can forward")
            near.shutdown(socket.SHUT_WR)
            expect(len(read_all(far)) == sent, "all of it arrives in the end")


def pace(tools: Tools) -> None:
    data = bytes(index % 251 for index in range(20_000))
    for options, least in ((["--rate", 40_000], 0.45), (["--delay", 300], 0.3),
                           (["--stall-after", 5000, "--stall", 300], 0.3),
                           (["--delay", 5, "--jitter", 30], 0.005)):
        with accepting_server() as (port, accept), tools.proxy(port, *options) as chaos:
            with chaos.connect() as near, accept() as far:
                started = time.monotonic()
                for at in range(0, len(data), 2500):
                    near.sendall(data[at:at + 2500])
                near.shutdown(socket.SHUT_WR)
                expect(read_all(far) == data, f"{options}: other bytes arrive")
                seconds = time.monotonic() - started
                expect(least <= seconds < least + 2, f"{options}: {seconds} s")


def choice(tools: Tools) -> None:
    def hurt(seed: int) -> list[bool]:
        with tools.proxy(port, "--probability", 0.5, "--seed", seed, "--cut-after", 0,
                         "--count", 20) as chaos:
            pattern = []
            for _ in range(20):
                with chaos.connect() as near, accept() as far:
                    near.shutdown(socket.SHUT_WR)
                    read_all(far)
                pattern.append(chaos.read_line().endswith(": cut"))
            expect(chaos.wait() == 0, "the end after --count connections")
            return pattern

    with accepting_server() as (port, accept):
        first = hurt(1)
        expect(any(first) and not all(first), f"half of the connections are hurt: {first}")
        expect(hurt(1) == first and hurt(2) != first, "the seed decides")


def refusals(tools: Tools) -> None:
    with programs.refusing_port() as port, tools.proxy(port, "--count", 1) as chaos:
        with chaos.connect() as near, contextlib.suppress(ConnectionResetError):
            read_all(near)
            raise AssertionError("a server that cannot be reached is no reset")
        expect(chaos.wait() == 0 and len(chaos.errors) == 1 and "refused" in chaos.errors[0],
               f"no server: {chaos.errors}")
    for options in ([], ["--to", "nowhere"], ["--to", "127.0.0.1:0"], ["--to", ":80"],
                    ["--to", "127.0.0.1:80", "--listen", "localhost"],
                    ["--to", "127.0.0.1:80", "--probability", 2],
                    ["--to", "127.0.0.1:80", "--direction", "left"],
                    ["--to", "127.0.0.1:80", "--stall", 5]):
        status, _, errors, _ = tools.run(tools.chaos, *options)
        expect(status == 2 and errors, f"{options}: {status} {errors}")
    with tools.proxy(1) as chaos:
        chaos.process.terminate()
        expect(chaos.wait() == 0, "the end by SIGTERM")


def faults(tools: Tools) -> None:
    for test in (single_bytes, black_hole, half_close, exact_ends, backpressure, pace, choice,
                 refusals):
        started = time.monotonic()
        test(tools)
        print(f"{test.__name__} passed in {time.monotonic() - started:.1f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("part", choices=["client", "server", "faults"])
    parser.add_argument("--tls", action="store_true")
    args = parser.parse_args()
    tools = Tools(args.folder)
    if args.part == "faults":
        return faults(tools)
    part = client if args.part == "client" else server
    if not args.tls:
        return part(tools, ())
    with programs.temporary_folder() as folder:
        part(tools, programs.make_certificate(folder))


if __name__ == "__main__":
    programs.run(main)
