"""chat_test.py CHAT_ROOM [--pictures FOLDER]: opens two pages of the chat room in a headless
Chromium; each sees the other's messages, arrival and departure."""

import argparse
import base64
import contextlib
import json
import pathlib
import shutil
import time
import urllib.request

import websocket

import programs

PATIENCE = 60  # seconds until a page shows the expected text


class Page:
    """A page of the browser, driven over its debugging protocol."""

    def __init__(self, url):
        self.socket = websocket.create_connection(url, timeout=PATIENCE, suppress_origin=True)
        self.number = 0

    def call(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                programs.expect("error" not in answer, f"{method}: {answer}")
                return answer["result"]

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression)["result"]
        return result.get("value")

    def texts(self):
        return json.loads(self.evaluate(
            "JSON.stringify([...document.querySelectorAll('li')].map(item => item.textContent))"))

    def say(self, text):
        """Sends a message through the form of the page, as a user does."""
        self.evaluate(f"document.getElementById('text').value = {json.dumps(text)};"
                      "document.getElementById('form').requestSubmit()")

    def expect(self, *texts):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if all(text in self.texts() for text in texts):
                return
            time.sleep(0.1)
        programs.expect(False, f"{texts} is not all in {self.texts()}")

    def picture(self, path, dark):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        data = self.call("Page.captureScreenshot", format="png")["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))


def browser(folder):
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync",
               "--disable-extensions", "--disable-dev-shm-usage", "--no-proxy-server",
               "--window-size=900,600", "--remote-debugging-port=0",
               "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
               f"--user-data-dir={folder / 'profile'}"]
    log = (folder / "chromium.log").open("w")
    return programs.Program("chromium", *options, "about:blank", stderr=log,
                            environment={"HOME": str(folder)})


def debugging_port(folder):
    file = folder / "profile" / "DevToolsActivePort"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError, IndexError):
            return int(file.read_text().splitlines()[0])
        time.sleep(0.1)
    programs.expect(False, "the browser does not start:\n" + (folder / "chromium.log").read_text())


def open_page(port, url):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/json/new?{url}", method="PUT")
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return Page(json.load(answer)["webSocketDebuggerUrl"])


def talk(port, room, pictures):
    ada = open_page(port, room + "?name=Ada")
    ada.expect("* Ada has come")
    bob = open_page(port, room + "?name=Bob")
    for page in (ada, bob):
        page.expect("* Bob has come")
    ada.say("Hello Bob, is anybody <b>else</b> here?")
    for page in (ada, bob):
        page.expect("Ada: Hello Bob, is anybody <b>else</b> here?")
    bob.say("Grüße, 世界 👋")
    for page in (ada, bob):
        page.expect("Bob: Grüße, 世界 👋")
    for number in range(5):
        (ada if number % 2 else bob).say(f"message {number}, long enough to be read " + "word " * 12)
    for page in (ada, bob):
        page.expect("Bob: message 4, long enough to be read " + "word " * 12)
    own = ada.evaluate("document.querySelectorAll('li.own').length")
    programs.expect(own == 3, f"Ada sees {own} messages of her own")
    programs.expect(ada.evaluate("document.querySelectorAll('li b').length") == 0,
                    "what somebody writes is text, not HTML")
    if pictures:
        ada.picture(pictures / "chat_light.png", dark=False)
        bob.picture(pictures / "chat_dark.png", dark=True)
    bob.call("Page.close")
    ada.expect("* Bob has left")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("chat_room")
    parser.add_argument("--pictures", type=pathlib.Path)
    args = parser.parse_args()
    programs.expect(shutil.which("chromium") is not None,
                    "chromium is not installed; tests/peers/install.sh does it")
    with programs.temporary_folder() as folder, programs.Program(args.chat_room, 0) as room:
        url = room.read_line().replace("localhost", "127.0.0.1")
        with browser(folder):
            talk(debugging_port(folder), url, args.pictures)


programs.run(main)
