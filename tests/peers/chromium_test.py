"""chromium_test.py ECHO_SERVER [--tls]: opens chromium_page.html in a headless Chromium, lets it
talk to our echo server and reads its verdict. The page says when the server has to end."""

# checks: R54_R77_R83_R113_R116_messages_of_every_size_come_back_to_a_browser
# checks: R103_R105_close_is_clean_for_a_browser_and_its_code_comes_back
# checks: R134_sigterm_is_a_clean_1001_for_a_browser

import argparse
import http.server
import queue
import shutil
import threading
import urllib.parse

import programs

PATIENCE = 100  # seconds from the start of the browser to the verdict


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the page and passes on its POST requests."""

    def do_GET(self):
        is_page = urllib.parse.urlsplit(self.path).path == "/"
        body = (programs.FOLDER / "chromium_page.html").read_bytes() if is_page else b""
        self.answer(200 if is_page else 404, body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        self.server.posts.put((self.path, body))
        self.answer(200, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class PageServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts = queue.Queue()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()


def browser(page: str, folder) -> programs.Program:
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync",
               "--disable-extensions", "--disable-dev-shm-usage", "--no-proxy-server",
               "--ignore-certificate-errors",
               "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
               f"--user-data-dir={folder / 'profile'}"]
    log = (folder / "chromium.log").open("w")  # long; read only after a failure
    return programs.Program("chromium", *options, page, stderr=log,
                            environment={"HOME": str(folder)})


def take_verdict(pages: PageServer, server: programs.EchoServer) -> str:
    while True:
        what, body = pages.posts.get(timeout=PATIENCE)
        if what == "/verdict":
            return body
        if what == "/sigterm":
            server.terminate()
        else:
            print("chromium:", body, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("echo_server")
    parser.add_argument("--tls", action="store_true")
    args = parser.parse_args()
    programs.expect(shutil.which("chromium") is not None,
                    "chromium is not installed; tests/peers/install.sh does it")
    with programs.temporary_folder() as folder:
        options = []
        if args.tls:
            certificate, key = programs.make_certificate(folder)
            options = ["--tls", "--certificate", certificate, "--key", key]
        with programs.EchoServer(args.echo_server, *options) as server:
            pages = PageServer()
            page = pages.url + "?" + urllib.parse.urlencode({"url": server.url})
            with browser(page, folder):
                try:
                    verdict = take_verdict(pages, server)
                except queue.Empty:
                    log = (folder / "chromium.log").read_text(errors="replace")
                    verdict = "the page has said nothing more; the browser said:\n" + log
            programs.expect(verdict == "good", verdict)
            server.expect_good_end()


programs.run(main)
