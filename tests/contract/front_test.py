"""front_test.py PAGE nginx|haproxy SERVER PORT WSDUMP: puts the proxy in front of the page's server, as the page
configures it but for ports, certificates and time-outs, and holds it to what the page says."""

import argparse
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))

import programs  # noqa: E402
from programs import expect  # noqa: E402

def configuration(arguments, folder: pathlib.Path, port: int, patience: str) -> str:
    """The page's block with our ports, certificate and time-outs; each has to be in it."""
    text = pathlib.Path(arguments.page).read_text(encoding="utf-8")
    block = re.search(rf"^```{arguments.proxy}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]
    listen = {"nginx": "listen 443", "haproxy": "bind :443"}[arguments.proxy]
    address = {"nginx": f"listen 127.0.0.1:{port}", "haproxy": f"bind 127.0.0.1:{port}"}[arguments.proxy]
    for old, new in ((listen, address), ("127.0.0.1:9001", f"127.0.0.1:{arguments.port}"),
                     ("/etc/ssl/example.com", str(folder / "example.com")), ("60s", patience)):
        expect(old in block, f"the page configures {old}")
        block = block.replace(old, new)
    return block


def start(arguments, folder: pathlib.Path, port: int, patience: str) -> programs.Program:
    block = configuration(arguments, folder, port, patience)
    if arguments.proxy == "nginx":
        running = programs.nginx(folder, block)
    else:
        file = folder / "haproxy.conf"
        file.write_text(block, encoding="utf-8")
        running = programs.Program("/usr/sbin/haproxy", "-db", "-f", file)
    programs.await_listener(port, running)
    return running


class Dump:
    def __init__(self, program: str, port: int, authority: pathlib.Path):
        self.command = [program, f"wss://localhost:{port}/feed", "--ca", str(authority)]

    def run(self, *options, text: str = "", seconds: int = programs.ENDING):
        done = subprocess.run([*self.command, *options], input=text, capture_output=True, text=True, timeout=seconds,
                              check=False)
        return done.returncode, done.stdout, done.stderr


def passes_on(dump: Dump, port: int) -> None:
    known = "you are 127.0.0.1\n"
    expect(dump.run() == (0, known, ""), f"the client's address: {dump.run()}")
    found = dump.run("-H", "X-Forwarded-For: 192.0.2.7")
    expect(found[:2] == (0, known), f"an address that the client made up: {found}")
    large = "x" * 1_000_000 + "\n"
    found = dump.run("--eof-wait", "10", "--max-messages", "2", text=large)
    expect(found[:2] == (0, known + large), f"a large message: {found[0]}, {len(found[1])} bytes, {found[2]}")
    expect(dump.run("-o", f"https://localhost:{port}")[0] == 0, "the page's own origin")
    status, _, errors = dump.run("-o", "https://elsewhere.example")
    expect(status == 4 and "403" in errors, f"a foreign origin: {status} {errors}")


def silence(dump: Dump, seconds: int):
    started = time.monotonic()
    found = dump.run("--eof-wait", str(seconds), seconds=seconds + programs.ENDING)
    return found, time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("page", "proxy", "server", "port", "wsdump"):
        parser.add_argument(name)
    arguments = parser.parse_args()
    with programs.temporary_folder() as folder:
        certificate, key = programs.make_certificate(folder, "example.com")
        # haproxy wants both in one file; nginx takes the certificate out of it.
        certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
        port = programs.free_port()
        dump = Dump(arguments.wsdump, port, certificate)
        with programs.Program(arguments.server) as server:
            with start(arguments, folder, port, "60s"):
                passes_on(dump, port)
            # Without pings within the time-out the proxy cuts: the server's come every 20 s.
            with start(arguments, folder, port, "2s"):
                found, seconds = silence(dump, 15)
            expect(found[0] == 1 and 1 < seconds < 10, f"no pings for 2 s: {found} after {seconds} s")
            with start(arguments, folder, port, "22s"):
                found, seconds = silence(dump, 30)
            expect(found[0] == 0 and seconds >= 30, f"pings within 22 s: {found} after {seconds} s")
            server.process.send_signal(signal.SIGKILL)


programs.run(main)
