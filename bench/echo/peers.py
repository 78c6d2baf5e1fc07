"""The programs that are measured: how each is started, and a process that listens."""

import glob
import os
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "bench")
PROGRAMS = os.path.join(BUILD, "bench", "echo")
MODULES = os.path.join(ROOT, "build", "bench-peers", "node_modules")
CERTIFICATE = os.path.join(BUILD, "bench-certificate.pem")
KEY = os.path.join(BUILD, "bench-key.pem")

# The same with libdeflate, for our programs that compress.
LIBDEFLATE_BUILD = os.path.join(ROOT, "build", "bench_libdeflate")

OURS = "wirespan"
OURS_LIBDEFLATE = "wirespan libdeflate"
PLAIN = "wirespan, plain and as short"
RAW = "raw"
UWS = "uWebSockets.js"


def script(name):
    return os.path.join(HERE, "servers", name)


def program(name):
    return os.path.join(PROGRAMS, name)


def bun():
    """Where npm put it: into the package by its install script, or else beside it."""
    places = [os.path.join(MODULES, "@oven", "bun-linux-*", "bin", "bun"),
              os.path.join(MODULES, "bun", "bin", "bun.exe")]
    for place in places:
        for path in sorted(glob.glob(place)):
            if os.path.getsize(path) > 1 << 20 and "musl" not in path:
                return path
    return "bun"


def server_commands(tls):
    """Name to command; PORT stands for the port."""
    ours = [os.path.join(BUILD, "app", "echo_server"), "--max-message-size", str(64 << 20)]
    files = [CERTIFICATE, KEY] if tls else []
    if tls:
        ours += ["--tls", "--certificate", CERTIFICATE, "--key", KEY]
    commands = {
        RAW: [program("raw_echo"), "PORT", *files],
        OURS: [*ours, "--port", "PORT"],
        UWS: ["node", script("uws_echo.cjs"), "PORT", *files],
        "Beast": [program("beast_echo"), "PORT", *files],
    }
    if not tls:
        commands |= {
            "websocketpp": [program("websocketpp_echo"), "PORT"],
            "libwebsockets": [program("lws_echo"), "PORT"],
            "ws": ["node", script("ws_echo.cjs"), "PORT"],
            "bun": [bun(), script("bun_echo.mjs"), "PORT"],
        }
    return commands


def fan_out_commands():
    """Those that publish to subscribers, or loop over them."""
    return {
        RAW: [program("raw_fan_out"), "PORT"],
        OURS: [program("wirespan_fan_out"), "PORT"],
        UWS: ["node", script("uws_echo.cjs"), "PORT", "fan_out"],
        "websocketpp": [program("websocketpp_echo"), "PORT", "fan_out"],
        "ws": ["node", script("ws_echo.cjs"), "PORT", "fan_out"],
        "bun": [bun(), script("bun_echo.mjs"), "PORT", "fan_out"],
    }


def compressed_fan_out_commands():
    """Those that publish what they receive, compressed without context."""
    plain = fan_out_commands()
    others = {name: plain[name][:-1] for name in (UWS, "ws", "bun")}
    return {name: [*command, "compressed_fan_out"]
            for name, command in ({OURS: plain[OURS]} | others).items()}


def compressing_commands(context):
    """Echo servers that keep no context ("none") or one for each connection ("stream")."""
    def ours(build):
        return [os.path.join(build, "app", "echo_server"), "--port", "PORT", f"--compression={context}"]

    commands = {
        RAW: [program("raw_deflate"), "PORT", context],
        OURS: ours(BUILD),
        UWS: ["node", script("uws_echo.cjs"), "PORT", context],
        "Beast": [program("beast_echo"), "PORT", context],
        "libwebsockets": [program("lws_echo"), "PORT", context],
        "ws": ["node", script("ws_echo.cjs"), "PORT", context],
        "bun": [bun(), script("bun_echo.mjs"), "PORT", context],
    }
    if context == "none":
        raw = os.path.join(LIBDEFLATE_BUILD, "bench", "echo", "raw_deflate")
        commands |= {
            f"{RAW} libdeflate": [raw, "PORT", context],
            OURS_LIBDEFLATE: ours(LIBDEFLATE_BUILD),
            "websocketpp": [program("websocketpp_echo"), "PORT", context],
        }
    return commands


def client_commands():
    """Name to command without PORT SIZE DEPTH SECONDS."""
    return {
        RAW: [program("raw_client")],
        f"{OURS} blocking": [program("blocking_client")],
        f"{OURS} app": [program("app_client")],
        "Beast": [program("beast_client")],
        "websocketpp": [program("websocketpp_client")],
        "libwebsockets": [program("lws_client")],
        # Debian's package is for Debian's interpreter, which need not be the first one found.
        "python3-websocket": ["/usr/bin/python3", os.path.join(HERE, "clients", "python_client.py")],
    }


def pinned_to(cpu):
    """For a child: one CPU, if there is another for the other side."""
    def pin():
        if os.cpu_count() > 1:
            os.sched_setaffinity(0, {cpu})
    return pin


class Server:
    """A running server on CPU 0. It is started again after it was lost."""

    next_port = 21000

    def __init__(self, name, command):
        self.name = name
        self.command = command
        self.process = None

    def start(self):
        """False: it cannot be started here."""
        if self.process and self.process.poll() is None:
            return True
        Server.next_port += 1
        self.port = Server.next_port
        command = [str(self.port) if word == "PORT" else word for word in self.command]
        environment = dict(os.environ, NODE_PATH=MODULES)
        try:
            self.process = subprocess.Popen(
                command, env=environment, preexec_fn=pinned_to(0),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError:
            return False
        return self.answers()

    def answers(self):
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return True
            time.sleep(0.05)
        return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None
