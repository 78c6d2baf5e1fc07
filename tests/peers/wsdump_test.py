"""wsdump_test.py WSDUMP PART: drives wsdump through pipes and through a terminal (tmux), against
Python's websockets, npm's ws, servers that send what no good server sends, or over TLS."""

import argparse
import contextlib
import gzip
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import threading
import time
import zlib

import programs
from programs import expect
from raw_servers import accepting, raw_server, silent_server

ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
ENVIRONMENT |= {"TERM": "xterm", "LC_ALL": "C.UTF-8"}


class NodeServer(programs.Program):
    """The server of ws_server.mjs on a free port."""

    def __init__(self):
        super().__init__("node", programs.FOLDER / "ws_server.mjs", stderr=None)
        word, _, port = self.read_line().rpartition(" ")
        expect(word == "listening on port", "tests/peers/install.sh installs what is missing")
        self.url = f"ws://127.0.0.1:{port}"


class Dump:
    """Runs wsdump with pipes."""

    def __init__(self, program: str):
        self.program = program

    def run(self, *arguments, data: bytes = b"", seconds: int = programs.ENDING):
        done = subprocess.run([self.program, *map(str, arguments)], input=data,
                              capture_output=True, timeout=seconds, env=ENVIRONMENT, check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def expect(self, *arguments, data: bytes = b"", status: int = 0, output: bytes = b"",
               errors: str = "") -> None:
        """Runs wsdump; `errors` is part of its one line on standard error, empty for none."""
        found = self.run(*arguments, data=data)
        lines = found[2].splitlines()
        good_errors = len(lines) == 1 and lines[0].startswith("wsdump: ") and errors in lines[0]
        expect(found[:2] == (status, output) and (good_errors if errors else not lines),
               f"{arguments}: {found}")

    def events(self, *arguments, data: bytes = b"", status: int = 0) -> list[dict]:
        found = self.run("--json", *arguments, data=data)
        expect(found[0] == status, f"{arguments}: {found}")
        return [json.loads(line) for line in found[1].splitlines()]


def frame(opcode: int, payload: bytes, fin: bool = True) -> bytes:
    expect(len(payload) < 126, "a short frame")
    return bytes([opcode | (0x80 if fin else 0), len(payload)]) + payload


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return frame(8, code.to_bytes(2, "big") + reason)


def sending(*frames: bytes):
    """A server that sends these frames behind its handshake, closes, and reads until the end."""
    return raw_server(lambda head: accepting(head) + b"".join(frames) + close_frame(1000))


# checks: KEEP_each_line_is_a_text_message
# checks: FIX_pipes_lose_no_reply
def pipes(dump: Dump, server) -> None:
    url = server.url + "/echo"
    dump.expect(url, data=b"one\ntwo\n\nlast", output=b"one\ntwo\n\nlast\n")
    lines = b"".join(b"line %d\n" % number for number in range(20000))
    dump.expect(url, "--wait-reply", data=lines, output=lines)
    # checks: KEEP_t_is_sent_first
    dump.expect(url, "--eof-wait", "0.5", "-t", "first", data=b"x\n", output=b"first\nx\n")
    # checks: KEEP_raw_is_plain_output
    dump.expect(url, "--raw", data="ä\t\x1b[31m\n".encode(), output="ä\t\x1b[31m\n".encode())
    large = b"x" * 3_000_000 + b"\n"
    dump.expect(url, "--compress", data=large, output=large)
    dump.expect(url, "--max-messages", 2, data=b"1\n2\n3\n", output=b"1\n2\n")
    dump.expect(server.url + "/close?count=3&code=1000", "--max-messages", 2,
                output=b"message 0\nmessage 1\n")
    dump.expect(server.url + "/wait", "--wait-reply", "--eof-wait", "0.2", data=b"x\n", status=1,
                errors="0 replies came to 1 messages")


# checks: FIX_the_end_of_input_sends_a_close_with_the_code_asked_for
def closing(dump: Dump, server) -> None:
    def seen_by_server() -> str:
        line = server.read_line()
        while "mine" not in line:
            line = server.read_line()
        return line

    dump.expect(server.url + "/echo?n=mine")
    expect(seen_by_server() == "closed mine 1000 ", "the Close at the end of input")
    dump.expect(server.url + "/echo?n=mine", "--close-code", 4001, "--close-reason", "bye")
    expect(seen_by_server() == "closed mine 4001 bye", "a code and a reason")
    # checks: FIX_a_close_is_answered_with_its_code
    dump.run(server.url + "/close?code=4003&n=mine", "--eof-wait", 9)
    expect(seen_by_server() == "closed mine 4003 ", "the answer to a Close")
    # checks: KEEP_the_end_of_input_and_ctrl_c_are_status_0_FIX_with_a_close
    with programs.Program(dump.program, server.url + "/echo?n=mine", "-t", "x") as running:
        expect(running.read_line() == "x", "an echo")
        running.process.send_signal(signal.SIGINT)
        expect(running.wait() == 0 and not running.errors, "Ctrl+C")
    expect(seen_by_server() == "closed mine 1000 ", "the Close of Ctrl+C")


# checks: FIX_exit_statuses_tell_the_endings_apart
# checks: FIX_errors_are_one_line_on_standard_error
# checks: KEEP_a_url_must_be_given
def statuses(dump: Dump, server) -> None:
    url = server.url
    for arguments in ((), ("http://127.0.0.1/",), (url, "--unknown"), (url, "--hex", "--binary"),
                      (url, "--eof-wait", "nan"), (url, "--close-code", "1005"), ("-v",),
                      (url, "-H", "no colon"), (url, "--ping-interval", 1, "--ping-timeout", 1),
                      (url, "--ca", "/missing"), (url, "-p", "ftp://user:secret@proxy:1/"),
                      (url, "--close-reason", "x" * 124), (url, "-s", "a", "a")):
        status, output, errors = dump.run(*arguments)
        expect(status == 2 and not output and errors and "secret" not in errors,
               f"{arguments}: {status} {output} {errors}")
    dump.expect(url + "/close?code=1011&reason=oops", "--eof-wait", 9, status=1,
                errors="closed with 1011 (internal error): oops")
    dump.expect(url + "/close?code=1000&reason=bye", "--eof-wait", 9)
    dump.expect(url + "/drop", "--eof-wait", 9, status=1, errors="lost")
    dump.expect(url + "/refuse?status=404", status=4, errors="404")
    with programs.refusing_port() as port:
        dump.expect(f"ws://127.0.0.1:{port}/", status=3, errors="refused")
    # checks: FIX_connecting_has_a_time_out
    with silent_server() as silent:
        dump.expect(silent, "--connect-timeout", "0.3", status=3, errors="too long")
    dump.expect(url.replace("ws:", "wss:") + "/echo", status=5, errors="127.0.0.1")
    with raw_server(lambda head: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") as page:
        dump.expect(page, status=4, errors="200")
    dump.expect(url + "/echo", data=b"\xff\n", status=2, errors="line 1")
    dump.expect(url + "/echo", "--hex", data=b"00\nzz\n", status=2, output=b"00\n", errors="line 2")
    dump.expect(url + "/echo", "--record", "/missing/file", status=6, errors="/missing/file")
    if os.path.exists("/dev/full"):
        dump.expect(url + "/echo", "-t", "x", "--record", "/dev/full", status=6, errors="/dev/full")


# checks: KEEP_options_of_the_original_mean_what_they_meant
def options(dump: Dump, server) -> None:
    echo, headers = server.url + "/echo", server.url + "/headers"
    # checks: KEEP_h_prints_the_usage
    for option in ("-h", "--help"):
        status, output, errors = dump.run(option)
        expect(status == 0 and output.startswith(b"Sends lines") and not errors, f"{option}: {output}")
    # checks: KEEP_v_names_the_types_of_messages_FIX_it_does_not_take_the_url
    dump.expect("-v", echo, data=b"x\n", output=b"text: x\nclose: 1000 (normal closure)\n")
    dump.expect("-v", "1", echo, "-t", "x", output=b"text: x\nclose: 1000 (normal closure)\n")
    # checks: KEEP_a_second_v_traces_the_protocol_on_standard_error
    for level in (("-vv",), ("-v", "2"), ("-v2",), ("--verbose", "2"), ("-v", "-v"), ("-v", "v")):
        status, output, errors = dump.run(*level, echo, data=b"x\n")
        expect(status == 0 and output.startswith(b"text: x\n") and "request header" in errors,
               f"{level}: {output} {errors}")
    # checks: KEEP_timings_are_seconds_since_the_start
    _, output, _ = dump.run(echo, "--timings", data=b"x\n")
    expect(re.fullmatch(rb"\d+\.\d{6}: x\n", output), f"--timings: {output}")
    # checks: KEEP_o_is_the_origin
    # checks: KEEP_headers_are_separated_by_commas_FIX_H_is_repeatable
    # checks: KEEP_s_is_a_list_of_subprotocols_FIX_it_does_not_take_the_url
    _, output, _ = dump.run("-o", "http://o", "--headers", "A: 1, B: 2", "-H", "C: 3, 4", "--header",
                            "D: 5", "--cookie", "e=6", "-s", "p", "q", headers, "--max-messages", 1)
    for line in (b"origin: http://o", b"a: 1", b"b: 2", b"c: 3, 4", b"d: 5", b"cookie: e=6",
                 b"sec-websocket-protocol: p, q"):
        expect(line in output.replace(b"p,q", b"p, q").splitlines(), f"{line} in {output}")
    events = dump.events("-s", "p", "q", "--", server.url + "/echo?choose=q")
    expect(events[0]["subprotocol"] == "q", f"the subprotocol: {events}")
    # checks: KEEP_eof_wait_waits_that_long_FIX_fractions_too
    started = time.monotonic()
    dump.expect(server.url + "/wait", "--eof-wait", 1)
    expect(time.monotonic() - started >= 1, "--eof-wait")
    # checks: FIX_pings_can_be_sent
    dump.expect(server.url + "/heard", "--ping-interval", "0.1", "--eof-wait", "0.5")
    dump.expect(server.url + "/deaf", "--ping-interval", "0.2", "--ping-timeout", "0.1",
                "--eof-wait", 9, status=1, errors="timed out")


# checks: FIX_binary_messages_go_both_ways
def binary(dump: Dump, server) -> None:
    url = server.url + "/echo"
    dump.expect(url, "--binary", data=b"\xff'x\n", output=b"b'\\xff\\'x'\n")
    dump.expect(url, "--binary", "--raw", data=b"\xff\x00\n\x1b", output=b"\xff\x00\x1b")
    dump.expect(url, "--hex", "-v", data=b"00 FF 1b5b\n\n",
                output=b"binary: 00ff1b5b\nbinary: \nclose: 1000 (normal closure)\n")
    # checks: KEEP_gzip_deflate_and_other_bytes_are_shown
    compress = zlib.compressobj(wbits=-15)
    deflated = compress.compress(b"deflated") + compress.flush()
    with sending(frame(2, gzip.compress(b"packed")), frame(2, deflated), frame(2, b"\x03\x00"),
                 frame(2, b"\x1f\x8b\x08")) as url:
        dump.expect(url, "--eof-wait", 9,
                    output=b"[gzip] packed\n[zlib] deflated\nb'\\x03\\x00'\nb'\\x1f\\x8b\\x08'\n")


# checks: FIX_fragments_are_joined_unless_asked_for
# checks: FIX_pings_and_pongs_are_shown_with_v_alone
# checks: KEEP_pings_are_answered
def fragments(dump: Dump, server) -> None:
    url = server.url + "/echo?cut=2,1,9&ping=p"
    dump.expect(url, data=b"abcdef\n", output=b"abcdef\n")
    _, output, _ = dump.run(url, "--fragments", "-v", data=b"abcdef\n")
    expect(output == b"text: ab\nping: p 0\ncont: c\nping: p 1\ncont: def\n"
           b"close: 1000 (normal closure)\n", f"--fragments: {output}")
    events = dump.events(url, "--fragments", "--wait-reply", data="aä\n".encode())
    shown = [(event["type"], event.get("data"), event.get("hex"), event["fin"])
             for event in events if event["direction"] == "received" and "fin" in event]
    expect(("text", None, "61c3", False) in shown and ("cont", None, "a4", True) in shown, shown)


# checks: json_lines_hold_every_event
def json_lines(dump: Dump, server) -> None:
    text = 'quote " backslash \\ tab \t ä \x1b \x7f \x9b \U0001f600'
    events = dump.events(server.url + "/echo", "--close-reason", 'r"', data=text.encode() + b"\n")
    kinds = [(event["direction"], event["type"]) for event in events]
    expect(kinds == [("received", "open"), ("sent", "text"), ("received", "text"), ("sent", "close"),
                     ("received", "close")], f"events: {kinds}")
    expect(events[1]["data"] == text == events[2]["data"] and events[2]["fin"], f"text: {events}")
    expect(events[3]["code"] == 1000 and events[3]["reason"] == 'r"', f"close: {events}")
    times = [event["time"] for event in events]
    expect(times == sorted(times) and times[0] > 0, f"times: {times}")
    _, output, _ = dump.run(server.url + "/echo", "--json", "-t", "\x1b\x9b")
    expect(b"\\u001b\\u009b" in output and b"\x1b" not in output, f"escapes: {output}")
    events = dump.events(server.url + "/echo", "--hex", data=b"00ff\n")
    expect(events[2]["hex"] == "00ff" and events[2]["type"] == "binary", f"binary: {events}")
    events = dump.events(server.url + "/pings?sizes=2", "--eof-wait", "0.5")
    expect(["pong", "ping"] == [e["type"] for e in events if e["type"] in ("ping", "pong")], events)
    expect([e["hex"] for e in events if e["type"] == "ping"] == ["0001"], f"pings: {events}")
    events = dump.events(server.url + "/drop", "--eof-wait", 9, status=1)
    expect(events[-1]["code"] == 1006, f"a lost connection: {events}")


# checks: a_recording_can_be_replayed_at_any_speed
def record_and_replay(dump: Dump, server) -> None:
    url = server.url + "/echo"
    with programs.temporary_folder() as folder:
        first, second, bad = folder / "first", folder / "second", folder / "bad"
        with programs.Program(dump.program, url, "--record", first, "--close-code", 4002) as running:
            for line in ("one", "zwei ä"):
                running.process.stdin.write(line + "\n")
                running.process.stdin.flush()
                expect(running.read_line() == line, "an echo")
                time.sleep(0.6)
            running.process.stdin.close()
            expect(running.wait() == 0, f"--record: {running.errors}")

        def sent(file) -> list[dict]:
            events = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
            opened = next(event["time"] for event in events if event["type"] == "open")
            return [event | {"time": event["time"] - opened} for event in events
                    if event["direction"] == "sent"]

        started = time.monotonic()
        output = "one\nzwei ä\n".encode()
        dump.expect(url, "--replay", first, "--record", second, output=output)
        expect(time.monotonic() - started >= 1.2, "a replay takes its time")
        again = sent(second)
        for before, after in zip(sent(first), again, strict=True):
            expect(after["time"] - before["time"] > -0.01, f"{before} {after}")
            expect(before | {"time": 0} == after | {"time": 0}, f"{before} {after}")
        expect(again[-1]["code"] == 4002, "the recorded close code")
        started = time.monotonic()
        dump.expect(url, "--replay", first, "--replay-speed", 0, output=output)
        expect(time.monotonic() - started < 1, "a replay without waiting")

        good = '{"time":0,"direction":"sent","type":"text","data":"\\ud83d\\ude00\\u00e4"}\n'
        bad.write_text(good, encoding="utf-8")
        dump.expect(url, "--replay", bad, output="😀ä\n".encode())
        for line in ("{", "[]", "nothing", '{"time":1}', '{"time":1,"direction":"sent"}',
                     '{"time":1,"direction":"sent","type":"text"}',
                     '{"time":1,"direction":"sent","type":"cont","data":"x"}',
                     '{"time":1,"direction":"sent","type":"binary","hex":"0"}',
                     '{"time":1,"direction":"sent","type":"close","code":1005}',
                     '{"time":1,"direction":"sent","type":"text","data":"\\ud800"}',
                     '{"time":nan,"direction":"sent","type":"text","data":"x"}',
                     '{"time":1,"x":[1]}', '{"time":1}x'):
            bad.write_text(good + line + "\n", encoding="utf-8")
            dump.expect(url, "--replay", bad, status=2, errors=f"{bad} line 2: ")


# checks: FIX_a_lost_connection_comes_back_with_reconnect
def reconnect(dump: Dump) -> None:
    def serve(listener) -> None:
        for number in range(3):
            connection, _ = listener.accept()
            with connection:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += connection.recv(4096)
                connection.sendall(accepting(head) + frame(1, b"connection %d" % number))
                if number == 2:
                    connection.sendall(close_frame(1000))
                    while connection.recv(4096):
                        pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        status, output, errors = dump.run(f"ws://127.0.0.1:{listener.getsockname()[1]}/",
                                          "--reconnect", "0.1", "--eof-wait", 9)
        thread.join(programs.ENDING)
    expect((status, output) == (0, b"connection 0\nconnection 1\nconnection 2\n"),
           f"--reconnect: {status} {output} {errors}")
    expect(len(errors.splitlines()) == 2, f"each loss is told: {errors}")


class Terminal:
    """wsdump in a terminal of tmux, inside a shell that shows its exit status."""

    def __init__(self, dump: Dump, *arguments, environment: str = ""):
        self._dump, self._arguments, self._environment = dump, arguments, environment

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        self._folder = self._stack.enter_context(programs.temporary_folder())
        words = shlex.join([self._dump.program, *map(str, self._arguments)])
        script = f"trap : INT; {self._environment} {words}; echo status $?; sleep 100"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", script)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")
        self._stack.close()

    def _tmux(self, *arguments) -> str:
        return subprocess.run(["tmux", "-S", self._folder / "socket", *arguments], check=True,
                              capture_output=True, text=True, timeout=programs.ENDING,
                              env=ENVIRONMENT).stdout

    def type(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def screen(self, *options: str) -> str:
        return self._tmux("capture-pane", "-p", *options).rstrip()

    def wait_for(self, text: str, *options: str) -> str:
        """Waits until the screen has a text. Returns the screen."""
        deadline = time.monotonic() + programs.ENDING
        while text not in (screen := self.screen(*options)):
            expect(time.monotonic() < deadline, f"no {text!r} on the screen: {screen}")
            time.sleep(0.05)
        return screen


# checks: KEEP_a_terminal_has_a_banner_a_prompt_and_blue_lines
def terminal(dump: Dump, server) -> None:
    url = server.url + "/echo"
    with Terminal(dump, url) as pane:
        expect(pane.wait_for(">").splitlines()[0] == "Press Ctrl+C to quit", "the banner")
        pane.type("hello", "Enter")
        screen = pane.wait_for("< hello\n>")
        expect(screen.splitlines()[1:] == ["> hello", "< hello", ">"], screen)
        expect("\x1b[34m< hello" in pane.screen("-e"), f"blue: {pane.screen('-e')!r}")
        pane.type("C-c")
        expect("closed: 1000 (normal closure)" in pane.wait_for("status 0"), "the end")
    with Terminal(dump, url, "--hex", environment="NO_COLOR=1") as pane:
        pane.wait_for(">")
        pane.type("zz", "Enter")
        pane.wait_for("wsdump: line 1 of standard input is not hexadecimal\n>")
        pane.type("00ff", "Enter")
        pane.wait_for("< 00ff\n>")
        expect("\x1b[34m" not in pane.screen("-e"), "NO_COLOR")
        pane.type("C-d")
        pane.wait_for("status 0")
    # checks: KEEP_raw_has_no_banner_prompt_and_colour
    with Terminal(dump, url, "--raw", "-t", "x") as pane:
        expect(pane.wait_for("x").splitlines() == ["x"], "--raw has no banner and no prompt")
        pane.type("C-d")
        pane.wait_for("status 0")
    # checks: FIX_a_close_is_shown_with_its_code_and_ends_the_program
    with Terminal(dump, server.url + "/close?code=4000&reason=why", "-v") as pane:
        screen = pane.wait_for("status 1")
        expect("close: 4000 (private code) why" in screen, screen)
    with Terminal(dump, server.url + "/deaf") as pane:
        pane.wait_for(">")
        pane.type("C-c")
        time.sleep(0.1)  # two signals at once would be one
        pane.type("C-c")
        pane.wait_for("status 130")
    with silent_server() as silent, Terminal(dump, silent) as pane:
        time.sleep(0.5)
        pane.type("C-c")
        pane.wait_for("status 130")


# checks: FIX_a_server_cannot_send_escape_sequences_to_a_terminal
def hostile(dump: Dump) -> None:
    attack = "\x1b]0;owned\x07\x1b[2Jtext\r\x9b31m\x7f\b".encode()
    reason = "\x1b[2Jreason".encode()
    shown = "\\x1b]0;owned\\x07\\x1b[2Jtext\\x0d\\u009b31m\\x7f\\x08"
    frames = frame(1, attack) + frame(9, attack) + close_frame(1011, reason)
    for arguments in ((), ("--raw",), ("-vv",), ("--fragments",)):
        with raw_server(lambda head: accepting(head) + frames) as url:
            with Terminal(dump, url, *arguments) as pane:
                screen = pane.wait_for("status 1")
                expect(shown in screen and "\\x1b[2Jreason" in screen, f"{arguments}: {screen}")
                title = pane._tmux("display-message", "-p", "#{pane_title}")
                expect("owned" not in title, f"{arguments}: the title {title}")
    with raw_server(lambda head: accepting(head) + frame(2, gzip.compress(attack)) +
                    close_frame(1000)) as url, Terminal(dump, url) as pane:
        expect(f"[gzip] {shown}" in pane.wait_for("status 0"), pane.screen())
    refusal = b"HTTP/1.1 403 \xc2\x9b2Jno\r\nContent-Length: 4\r\n\r\n\x1b[2J"
    with raw_server(lambda head: refusal) as url, Terminal(dump, url, "-v") as pane:
        screen = pane.wait_for("status 4")
        expect("\\x1b[2J" in screen, screen)
    with sending(frame(1, attack)) as url:
        # checks: FIX_a_pipe_gets_the_text_and_no_escape_codes
        dump.expect(url, "--eof-wait", 9, output=attack + b"\n")


# checks: certificates_are_verified_unless_told_otherwise
def tls(dump: Dump) -> None:
    with programs.temporary_folder() as folder:
        certificate, key = programs.make_certificate(folder)
        with programs.PeerServer(certificate, key) as server:
            url = server.url + "/echo"
            dump.expect(url, "--ca", certificate, data=b"x\n", output=b"x\n")
            dump.expect(url, status=5, errors="certificate")
            # checks: KEEP_n_verifies_nothing
            for option in ("-n", "--nocert", "--insecure"):
                dump.expect(url, option, data=b"x\n", output=b"x\n")
            status, _, errors = dump.run(url.replace("wss:", "ws:"))
            expect(status in (3, 4, 5) and errors, f"plain to a TLS server: {status} {errors}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("wsdump")
    parser.add_argument("part", choices=["websockets", "npmws", "hostile", "tls"])
    args = parser.parse_args()
    dump = Dump(args.wsdump)
    if args.part == "tls":
        return tls(dump)
    if args.part == "hostile":
        hostile(dump)
        return reconnect(dump)
    with programs.PeerServer() if args.part == "websockets" else NodeServer() as server:
        for test in (pipes, closing, statuses, options, binary, fragments, json_lines,
                     record_and_replay, terminal):
            test(dump, server)
            print(test.__name__, "passed", flush=True)


if __name__ == "__main__":
    programs.run(main)
