"""run.py BUILD_DIR OUT_DIR: what a client that says hello over TLS costs to compile, and how large it is. Compiles
each in turns, lets it talk to BUILD_DIR's echo_server, and writes the table in the README. Called by run.sh."""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/peers"))

import programs  # noqa: E402

BUILD, OUT = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
TURNS = 5
BEGIN, END = "<!-- measured by bench/hello/run.sh -->", "<!-- end of hello -->"
TLS = ["-lssl", "-lcrypto"]


def pkg_config(prefix):
    folder = next(prefix.rglob("wirespan.pc")).parent
    return subprocess.run(["pkg-config", "--cflags", "--libs", "wirespan"], check=True, text=True, capture_output=True,
                          env=os.environ | {"PKG_CONFIG_PATH": str(folder)}).stdout.split()


def programs_of(prefix):
    """Name, source, standard, options behind the source, arguments for a host, a port and an authority."""
    return [
        ("wirespan", "wirespan_hello", "c++20", pkg_config(prefix), lambda h, p, ca: [f"wss://{h}:{p}/", ca]),
        ("Boost.Beast", "beast_hello", "c++17", [*TLS, "-pthread"], lambda h, p, ca: [h, p, ca]),
        ("websocketpp", "websocketpp_hello", "c++14", ["-w", *TLS, "-pthread"],
         lambda h, p, ca: [f"wss://{h}:{p}/", h, ca])]


def compile_once(source, standard, options):
    target = OUT / source
    started = time.monotonic()
    subprocess.run(["g++", f"-std={standard}", "-O2", ROOT / f"bench/hello/{source}.cpp", "-o", target, *options],
                   check=True)
    return time.monotonic() - started


def size_of(source):
    subprocess.run(["strip", OUT / source], check=True)
    return (OUT / source).stat().st_size


def check(clients):
    with programs.temporary_folder() as folder:
        certificate, key = programs.make_certificate(folder)
        with programs.EchoServer(BUILD / "app/echo_server", "--tls", "--certificate", certificate, "--key",
                                 key) as server:
            port = re.search(r":(\d+)/", server.url)[1]
            for name, source, _, _, arguments in clients:
                said = subprocess.run([OUT / source, *arguments("localhost", port, str(certificate))], check=True,
                                      capture_output=True, text=True, timeout=30).stdout
                programs.expect(said == "hello\n", f"{name} said {said!r}")


def lines_of(source):
    return sum(1 for line in (ROOT / f"bench/hello/{source}.cpp").read_text().splitlines()
               if line.strip() and not line.startswith(("//", "#include")))


def table(clients, seconds):
    rows = ["| A client that says hello over TLS | lines | to compile and link, s | stripped, KB |", "|---|---|---|---|"]
    for name, source, *_ in clients:
        rows.append(f"| {name} | {lines_of(source)} | {statistics.median(seconds[name]):.1f} | "
                    f"{size_of(source) / 1000:.0f} |")
    return "\n".join(rows)


def main():
    clients = programs_of(OUT / "prefix")
    seconds = {name: [] for name, *_ in clients}
    for _ in range(TURNS):
        for name, source, standard, options, _ in clients:
            seconds[name].append(compile_once(source, standard, options))
    check(clients)
    compiler = subprocess.run(["g++", "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]
    measured = f"{BEGIN}\n\n{table(clients, seconds)}\n\n{compiler}, -O2, medians of {TURNS} turns.\n\n{END}"
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: measured, text, flags=re.DOTALL),
                      encoding="utf-8")
    print(measured)


main()
