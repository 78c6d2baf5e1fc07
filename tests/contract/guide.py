"""The C++ blocks of the README and of the guide's pages: compiled; those of the guide run as the page shows.

guide.py extract PAGE OUT_DIR PORT: writes each block with a main() as a program and prints the files' names.
guide.py fragments GUIDE_DIR OUT_DIR: writes all other blocks as functions of one source; prints its name.
guide.py run PAGE PROGRAMS_DIR TOOLS_DIR PORT: goes through the page from top to bottom in an empty folder.
A program with a block of kind `text` behind it has to print that, beside an echo server on port 9001. A
program with a block of kind `sh` behind it is a server: it runs while bash runs the block, and the `text`
that may follow is what bash has to print. A block of kind `sh` elsewhere is run as it is. PORT stands for
9001."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INCLUDE = re.compile(r"^#include .*\n", re.MULTILINE)
SHOWN_PORT = "9001"
PATIENCE = 60  # seconds

# A fragment in a function that gives it names to use.
FRAGMENT = """[[maybe_unused]] void fragment_{number}(
    [[maybe_unused]] WebSocketApp& app, [[maybe_unused]] WebSocketServer& server,
    [[maybe_unused]] const ServerConnection& connection, [[maybe_unused]] const Message& message,
    [[maybe_unused]] const std::string& url) {{
// {page}
{block}}}
"""
HEAD = """#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include <pthread.h>
#include <signal.h>

#include <wirespan/app/cookie_jar.hpp>
#include <wirespan/app/log.hpp>
#include <wirespan/app/reconnect_policy.hpp>
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/core/request_parts.hpp>

using namespace std::chrono_literals;
using namespace wirespan;

namespace {
"""


def is_program(block):
    return "int main(" in block


def write_if_changed(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return str(path)


def blocks_of(page, kinds):
    text = pathlib.Path(page).read_text(encoding="utf-8")
    return [block for block in FENCE.findall(text) if block[0] in kinds]


def extract(page, out, port):
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    programs = [text for _, text in blocks_of(page, ("cpp",)) if is_program(text)]
    names = [write_if_changed(folder / f"{pathlib.Path(page).stem}_{number}.cpp",
                              program.replace(SHOWN_PORT, port))
             for number, program in enumerate(programs, start=1)]
    print(";".join(names), end="")


def fragments(guide, out):
    found = [(page.name, text) for page in sorted(pathlib.Path(guide).glob("*.md"))
             for _, text in blocks_of(page, ("cpp",)) if not is_program(text)]
    includes = sorted({line for _, text in found for line in INCLUDE.findall(text)})
    functions = [FRAGMENT.format(number=number, page=name, block=INCLUDE.sub("", text))
                 for number, (name, text) in enumerate(found)]
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    source = "".join(includes) + HEAD + "\n".join(functions) + "}\n"
    print(write_if_changed(folder / "guide_fragments.cpp", source), end="")


class Page:
    def __init__(self, page, programs, tools, port):
        self.path = pathlib.Path(page)
        self.blocks = [(kind, text.replace(SHOWN_PORT, port))
                       for kind, text in blocks_of(page, ("cpp", "sh", "text"))]
        self.programs = pathlib.Path(programs)
        self.tools = pathlib.Path(tools)
        self.port = int(port)
        self.count = 0

    def run(self):
        with tempfile.TemporaryDirectory() as folder:
            self.folder = folder
            blocks = [b for b in self.blocks if b[0] != "cpp" or is_program(b[1])]
            while blocks:
                kind, text = blocks.pop(0)
                follows = blocks[0] if blocks else (None, None)
                if kind == "cpp":
                    self.program(follows, blocks)
                elif kind == "sh":
                    self.shell(text, self.printed_by_it(blocks))
                elif kind == "text":
                    self.fail("a text that nothing prints: " + text)

    def program(self, follows, blocks):
        self.count += 1
        command = [str(self.programs / f"{self.path.stem}_{self.count}")]
        if follows[0] == "text":
            blocks.pop(0)
            server = [str(self.tools / "echo_server"), "--port", str(self.port)]
            with Running(server, self.port, self.folder):
                self.expect(command, follows[1])
        elif follows[0] == "sh":
            blocks.pop(0)
            printed = self.printed_by_it(blocks)
            with Running(command, self.port, self.folder):
                self.shell(follows[1], printed)
        else:
            self.fail(f"nothing runs program {self.count}")

    @staticmethod
    def printed_by_it(blocks):
        return blocks.pop(0)[1] if blocks and blocks[0][0] == "text" else None

    def shell(self, script, printed):
        self.expect(["bash", "-euo", "pipefail", "-c", script], printed)

    def expect(self, command, printed):
        environment = dict(os.environ, PATH=f"{self.tools}:{os.environ['PATH']}")
        result = subprocess.run(command, cwd=self.folder, env=environment, timeout=PATIENCE, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0:
            self.fail(f"{command} ended with {result.returncode} and printed\n{result.stdout}")
        if printed is not None and result.stdout != printed:
            self.fail(f"{command} printed\n{result.stdout}instead of\n{printed}")

    def fail(self, what):
        sys.exit(f"{self.path.name}: {what}")


class Running:
    """A server that runs inside a `with` block."""

    def __init__(self, command, port, folder):
        self.command, self.port, self.folder = command, port, folder

    def __enter__(self):
        self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        self.process.kill()
        sys.exit(f"{self.command} does not listen on {self.port}")

    def __exit__(self, *_):
        if self.process.poll() is not None:
            sys.exit(f"{self.command} has ended by itself, with {self.process.returncode}")
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=PATIENCE)


COMMANDS = {"extract": extract, "fragments": fragments,
            "run": lambda *arguments: Page(*arguments).run()}
COMMANDS[sys.argv[1]](*sys.argv[2:])
