#!/usr/bin/env python3
"""product_test.py WSCONFORM ECHO_SERVER AUTOBAHN_CLIENT BROKEN_ENDPOINT PART: wsconform as its users run it.
Parts: outcome (exit statuses, baselines, JUnit, JSON, a client that it starts), page (the report in Chromium)."""

import argparse
import contextlib
import functools
import http.server
import json
import pathlib
import queue
import re
import shutil
import socket
import subprocess
import sys
import threading
import xml.etree.ElementTree

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "peers"))

import programs  # noqa: E402
from programs import expect  # noqa: E402

GOOD, DIFFERENT, USAGE, UNREACHABLE = 0, 1, 2, 3
PATIENCE = 60  # seconds of the browser


class Tool:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def run(self, *words, status=GOOD):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, cwd=self.folder,
                              timeout=programs.WHOLE_TEST, check=False)
        expect(done.returncode == status, f"{words}: {done}")
        return done.stdout + done.stderr


def broken(program, flaw):
    return programs.Program(program, "--flaw", flaw)


def url_of(server):
    return server.read_line().rpartition(" ")[2]


@contextlib.contextmanager
def short_lived_server():
    """Accepts one connection, ends it, and is not there any more."""
    def serve():
        connection, _ = listener.accept()
        listener.close()
        connection.close()

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, daemon=True).start()
    yield f"ws://127.0.0.1:{listener.getsockname()[1]}"


def servers(tool, arguments):
    with programs.EchoServer(arguments.echo_server, "--compression") as server:
        out = tool.run("server", server.url, "--cases", "1.1.1,2.*", "--jobs", 4)
        expect("12 cases" in out and "OK 12" in out, out)
        found = json.loads(tool.run("server", server.url, "--cases", "2.*", "--json", "--agent", "mine"))
        expect(found == {"agent": "mine", "cases": 11, "behavior": {"OK": 11}, "behaviorClose": {"OK": 11},
                         "flaws": {}, "passed": True}, f"{found}")
        expect(tool.run("server", server.url, "--cases", "2.1", "--quiet") == "", "--quiet")
    expect((tool.folder / "reports/servers/index.html").exists(), "the default folder")
    with short_lived_server() as url:
        out = tool.run("server", url, "--cases", "1.1.1,1.1.2,1.1.3", "--json", status=DIFFERENT)
        expect(list(json.loads(out)["flaws"]) == ["1.1.1", "1.1.2", "1.1.3"], f"a server that dies: {out}")
    with programs.refusing_port() as port:
        out = tool.run("server", f"ws://127.0.0.1:{port}", "--cases", "1.1.1", status=UNREACHABLE)
        expect(f"127.0.0.1:{port}" in out or "refused" in out, out)


def pipelines(tool, arguments):
    with broken(arguments.broken_endpoint, "answers_no_ping") as server:
        url = url_of(server)
        choice = ["server", url, "--cases", "1.1.1,2.1,2.7", "--agent", "a<b&\"c"]
        out = tool.run(*choice, "--junit", "out.xml", "--json", "--write-baseline", "known.txt", status=DIFFERENT)
        expect(json.loads(out)["flaws"] == {"2.1": "FAILED / OK"}, out)
        suite = xml.etree.ElementTree.parse(tool.folder / "out.xml").getroot()
        expect(suite.attrib["name"] == "a<b&\"c" and suite.attrib["tests"] == "3", f"{suite.attrib}")
        expect(suite.attrib["failures"] == "1" == str(len(suite.findall("testcase/failure"))), f"{suite.attrib}")
        known = (tool.folder / "known.txt").read_text(encoding="utf-8")
        expect(re.search(r"^2.1\tFAILED\tOK$", known, re.MULTILINE) is not None, known)
        tool.run(*choice, "--baseline", "known.txt", "--junit", "out.xml")
        suite = xml.etree.ElementTree.parse(tool.folder / "out.xml").getroot()
        expect(suite.attrib["failures"] == "0", "as in the baseline")
        (tool.folder / "known.txt").write_text(known.replace("2.1\tFAILED", "2.1\tOK"), encoding="utf-8")
        out = tool.run(*choice, "--baseline", "known.txt", status=DIFFERENT)
        expect("different: 2.1: FAILED / OK, in the baseline OK / OK" in out, out)
        out = tool.run("server", url, "--cases", "1.1.2", "--baseline", "known.txt", status=DIFFERENT)
        expect("1.1.2: OK / OK, not in the baseline" in out, out)
        (tool.folder / "known.txt").write_text("1.1.1 OK OK\n", encoding="utf-8")
        expect("known.txt line 1:" in tool.run(*choice, "--baseline", "known.txt", status=USAGE), "a bad baseline")
        out = tool.run(*choice, "--junit", "no/such/folder.xml", status=USAGE)
        expect("cannot write no/such/folder.xml" in out, out)


def clients(tool, arguments):
    start = ["client", "--port", 0, "--cases", "1.1.1,2.*", "--json", "--"]
    found = json.loads(tool.run(*start, arguments.autobahn_client, "{url}", "--agent", "ours").splitlines()[0])
    expect(found["agent"] == "ours" and found["cases"] == 12 and found["passed"], f"{found}")
    tool.run(*start, "/bin/true", status=UNREACHABLE)
    out = tool.run("client", "--port", 0, "--cases", "2.1", "--junit", "no/such/folder.xml", "--",
                   arguments.autobahn_client, "{url}", "--agent", "ours", status=USAGE)
    expect("cannot write no/such/folder.xml" in out, out)
    expect("no such program" in tool.run(*start, "no such program", status=USAGE), "a client that is not there")
    flawed = [arguments.broken_endpoint, "--flaw", "answers_no_ping", "--url", "{url}", "--agent", "flawed"]
    out = tool.run(*start, *flawed, status=DIFFERENT)
    expect("2.1" in json.loads(out.splitlines()[0])["flaws"], out)


def usage(tool):
    listing = tool.run("server", "--list", "--cases", "W5.*,7.1.1")
    expect(re.search(r"^7\.1\.1 .*\[RFC 6455 1\.4, 5\.5\.1\]$", listing, re.MULTILINE) is not None, listing)
    everything = tool.run("server", "--list", "--cases", "*") + tool.run("client", "--list", "--cases", "*")
    expect(all(re.search(r"\[RFC (6455|7692) \S.*\]$", line) for line in everything.splitlines()),
           "each case names its clause")
    autobahn = {line.split()[0] for line in everything.splitlines() if not line.startswith("W")}
    expect(len(autobahn) == 517, f"{len(autobahn)} of Autobahn's 517 cases")
    for words in ([], ["server", "--jobs", "0"], ["server", "ftp://x"], ["client", "--certificate", "x"]):
        tool.run(*words, status=USAGE)


def outcome(tool, arguments):
    servers(tool, arguments)
    pipelines(tool, arguments)
    clients(tool, arguments)
    usage(tool)


DRIVER = """<!DOCTYPE html><meta charset="utf-8"><iframe src="/index.html" width="1200" height="900"></iframe><script>
const frame = document.querySelector('iframe');
const tell = (verdict) => fetch('/verdict', { method: 'POST', body: verdict });
const expect = (fact, what) => { if (!fact) throw new Error(what); };
const until = async (fact, what) => {
  for (let i = 0; i < 100; ++i) { if (fact()) return; await new Promise((done) => setTimeout(done, 50)); }
  throw new Error(what);
};
frame.addEventListener('load', async () => { try {
  const page = frame.contentDocument;
  const rows = () => page.querySelectorAll('.matrix tbody tr').length;
  await until(() => rows() === 14, `14 cases, not ${rows()}`);
  expect(page.querySelectorAll('.agents .card').length === 2, 'a card for each agent');
  page.querySelector('button').click();
  expect(rows() === 8, `8 cases that are not OK, not ${rows()}`);
  page.querySelector('button').click();
  const search = page.querySelector('input');
  search.value = '2.1'; search.dispatchEvent(new frame.contentWindow.Event('input'));
  expect(rows() === 3, `2.1, 2.10 and 2.11, not ${rows()}`);
  expect([...page.querySelectorAll('details.card')].every((each) => each.open), 'what was found is open');
  [...page.querySelectorAll('.matrix tbody tr')].find((row) => row.cells[0].textContent === '2.10')
    .querySelector('.cell a').click();
  await until(() => page.querySelector('.log tr'), 'the wire log of a case');
  const text = page.body.textContent;
  expect(page.querySelector('h1').textContent === 'Case 2.10', page.querySelector('h1').textContent);
  const payloads = [...page.querySelectorAll('.log .hex')].map((cell) => cell.textContent).filter((hex) => hex !== '');
  expect(payloads.length > 0 && payloads.every((hex) => /^([0-9a-f]{2} )+$/.test(hex)), `payloads: ${payloads}`);
  expect(page.querySelector('.clause').textContent === 'RFC 6455 5.5.2, 5.5.3', 'the clause');
  expect(text.includes('101 Switching Protocols'), 'the opening handshake');
  expect(text.includes('<script>'), 'text of an agent is text');
  await tell('good');
} catch (error) { await tell(String(error)); } });
</script>"""


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/driver":
            super().do_GET()
            return
        self.answer(DRIVER.encode())

    def do_POST(self):
        self.server.verdicts.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer(b"")

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    server.verdicts = queue.Queue()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def page(tool, arguments):
    expect(shutil.which("chromium") is not None, "tests/peers/install.sh installs chromium")
    choice = ["--cases", "1.1.1,1.1.2,1.1.3,2.*", "--outdir", "both"]
    with broken(arguments.broken_endpoint, "answers_no_ping") as server:
        tool.run("server", url_of(server), *choice, "--agent", "a <script>alert(1)</script>", status=DIFFERENT)
    with programs.EchoServer(arguments.echo_server) as server:
        tool.run("server", server.url, *choice, "--agent", "ours")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
               "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server",
               f"--user-data-dir={tool.folder / 'profile'}"]
    with serving(tool.folder / "both") as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/driver"
        with (tool.folder / "chromium.log").open("w") as log, programs.Program(
                "chromium", *options, url, stderr=log, environment={"HOME": str(tool.folder)}):
            try:
                verdict = server.verdicts.get(timeout=PATIENCE)
            except queue.Empty:
                verdict = "no verdict; the browser said:\n" + (tool.folder / "chromium.log").read_text()
    expect(verdict == "good", verdict)


def main():
    parts = {"outcome": outcome, "page": page}
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("wsconform", "echo_server", "autobahn_client", "broken_endpoint"):
        parser.add_argument(name)
    parser.add_argument("part", choices=parts)
    arguments = parser.parse_args()
    with programs.temporary_folder() as folder:
        parts[arguments.part](Tool(arguments.wsconform, folder), arguments)


programs.run(main)
