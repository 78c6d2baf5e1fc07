"""Runs everything, peers taking turns inside every cell, and keeps all figures of all turns."""

import json
import subprocess
import sys
import time

import before
import cells
import peers


class Bench:
    def __init__(self, quick):
        self.quick = quick
        self.turns = 3 if quick else 5
        self.time = 0.3 if quick else 0.8
        self.warm_up = 0.1 if quick else 0.3

    def say(self, what):
        print(f"[{time.strftime('%H:%M:%S')}] {what}", file=sys.stderr, flush=True)

    def ask(self, command, seconds):
        """The line of JSON that a program prints, or None."""
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=10 * seconds + 20,
                                  preexec_fn=peers.pinned_to(1), check=False)
            return json.loads(done.stdout) if done.returncode == 0 else None
        except (subprocess.TimeoutExpired, OSError, ValueError):
            return None

    def load(self, server, scenario, arguments, tls, seconds):
        if not server.start():
            return None
        command = [peers.program("echo_load"), scenario, "--port", str(server.port), "--server",
                   str(server.process.pid), *(str(argument) for argument in arguments)]
        if server.name.startswith(peers.RAW) and scenario != "handshake":
            command.append("--raw")
        if tls:
            command.append("--tls")
        result = self.ask(command, seconds)
        if result is None:
            server.stop()  # whatever it is in the middle of: the next turn finds a new one
        return result

    def in_turns(self, names, run):
        """{name: [result of each turn]}, A B C A B C ..."""
        results = {name: [] for name in names}
        for _ in range(self.turns):
            for name in names:
                results[name].append(run(name))
        return results

    def window(self, cell):
        return ["--connections", cell.connections, "--depth", cell.depth, "--size", cell.size,
                "--payload", cell.payload, "--time", self.time, "--warm-up", self.warm_up]

    def echo(self, tls):
        servers = {n: peers.Server(n, c) for n, c in peers.server_commands(tls).items()}
        wanted = cells.TLS_QUICK if tls and self.quick else cells.TLS_FULL if tls else \
            cells.QUICK if self.quick else cells.FULL
        results = {}
        for cell in wanted:
            self.say(("TLS " if tls else "") + cell.name)
            arguments = self.window(cell)
            results[cell.name] = self.in_turns(servers, lambda name: self.load(
                servers[name], "echo", arguments, tls, self.time + self.warm_up))
        if not tls:
            results["fixed"] = self.fixed_load(servers)
        for server in servers.values():
            server.stop()
        return results

    def fixed_load(self, servers):
        """20,000 messages a second over 64 connections: round trips that hide nothing."""
        self.say("fixed load")
        arguments = ["--connections", 64, "--size", 128, "--rate", 20000, "--time", self.time,
                     "--warm-up", self.warm_up]
        return self.in_turns(servers, lambda name: self.load(
            servers[name], "echo", arguments, False, self.time))

    def fan_out(self):
        servers = {n: peers.Server(n, c) for n, c in peers.fan_out_commands().items()}
        results = {}
        for cell in cells.FAN_OUT:
            self.say(f"fan-out {cell.name}")
            arguments = self.window(cell)
            results[cell.name] = self.in_turns(servers, lambda name: self.load(
                servers[name], "fan_out", arguments, False, self.time + self.warm_up))
        for server in servers.values():
            server.stop()
        return results

    def compressed(self, context):
        servers = {n: peers.Server(n, c) for n, c in peers.compressing_commands(context).items()}
        results = {}
        for cell in cells.COMPRESSED:
            self.say(f"compressed, context {context}: {cell.name}")
            arguments = [*self.window(cell), "--compression", context]
            results[cell.name] = self.in_turns(servers, lambda name: self.load(
                servers[name], "compressed", arguments, False, self.time + self.warm_up))
        for server in servers.values():
            server.stop()
        return results

    def compressed_fan_out(self):
        """Also beside ours, plain, with a message of as many bytes as the compressed one takes."""
        commands = {peers.PLAIN: peers.fan_out_commands()[peers.OURS],
                    **peers.compressed_fan_out_commands()}
        servers = {name: peers.Server(name, command) for name, command in commands.items()}
        results = {}
        for cell in cells.COMPRESSED_FAN_OUT:
            self.say(f"compressed fan-out {cell.name}")
            seconds = self.time + self.warm_up
            compressed = [*self.window(cell), "--compression", "none"]
            first = self.load(servers[peers.OURS], "fan_out", compressed, False, seconds)
            if first is None:
                continue
            head = 4  # of a frame
            short = cells.Cell(cell.connections, cell.depth, round(first["bytes"]) - head)
            arguments = dict.fromkeys(servers, compressed) | {peers.PLAIN: self.window(short)}
            results[cell.name] = self.in_turns(servers, lambda name: self.load(
                servers[name], "fan_out", arguments[name], False, seconds))
        for server in servers.values():
            server.stop()
        return results

    def handshakes(self, tls, resume=False):
        servers = {n: peers.Server(n, c) for n, c in peers.server_commands(tls).items()
                   if n != peers.RAW}
        self.say("handshakes" + (" over TLS" if tls else "") + (", resumed" if resume else ""))
        arguments = ["--connections", 32, "--time", self.time] + (["--resume"] if resume else [])
        results = self.in_turns(servers, lambda name: self.load(
            servers[name], "handshake", arguments, tls, self.time))
        for server in servers.values():
            server.stop()
        return results

    def idle(self, tls):
        """One measurement each, of a fresh process: memory does not vary."""
        count = 500 if tls and self.quick else 1000 if self.quick or tls else 10000
        results = {}
        for name, command in peers.server_commands(tls).items():
            self.say(f"{count} idle connections" + (" over TLS" if tls else "") + f": {name}")
            server = peers.Server(name, command)
            results[name] = [self.load(server, "idle", ["--connections", count], tls, 30)]
            server.stop()
        return results

    def clients(self):
        """All against our server, but the raw client, which needs the raw one."""
        commands = peers.server_commands(False)
        raw = peers.Server(peers.RAW, commands[peers.RAW])
        ours = peers.Server(peers.OURS, commands[peers.OURS])
        results = {}
        for cell in cells.CLIENT_QUICK if self.quick else cells.CLIENT_FULL:
            self.say(f"clients {cell.name}")
            clients = peers.client_commands()

            def run(name):
                server = raw if name == peers.RAW else ours
                if not server.start():
                    return None
                arguments = [server.port, cell.size, cell.depth, self.time]
                return self.ask(clients[name] + [str(a) for a in arguments], 2 * self.time)

            results[cell.name] = self.in_turns(clients, run)
        raw.stop()
        ours.stop()
        return results

    def latency(self):
        """One message at a time, neither end ever sleeps."""
        commands = peers.server_commands(False)
        raw = peers.Server(peers.RAW, [*commands[peers.RAW], "busy"])
        ours = peers.Server(peers.OURS, [*commands[peers.OURS], "--busy-poll", "1000000"])
        clients = {name: command for name, command in peers.client_commands().items()
                   if name == peers.RAW or name.startswith((peers.OURS, before.NAME))}

        def run(cell, name):
            server = raw if name == peers.RAW else ours
            if not server.start():
                return None
            arguments = [server.port, cell.size, cell.depth, self.time, "busy"]
            result = self.ask(clients[name] + [str(a) for a in arguments], 2 * self.time)
            server.stop()  # one that never sleeps would disturb the next
            return result

        results = {}
        for cell in cells.LATENCY:
            self.say(f"latency {cell.name}")
            results[cell.name] = self.in_turns(clients, lambda name: run(cell, name))
        return results

    def run(self, wanted):
        return {name: part(self) for name, part in PARTS.items() if name in wanted}


PARTS = {
    "echo": lambda bench: bench.echo(False),
    "fan_out": Bench.fan_out,
    "compressed_fan_out": Bench.compressed_fan_out,
    "compressed": lambda bench: bench.compressed("none"),
    "compressed_stream": lambda bench: bench.compressed("stream"),
    "clients": Bench.clients,
    "latency": Bench.latency,
    "tls": lambda bench: bench.echo(True),
    "handshakes": lambda bench: bench.handshakes(False),
    "handshakes_tls": lambda bench: bench.handshakes(True),
    "handshakes_resumed": lambda bench: bench.handshakes(True, True),
    "idle": lambda bench: bench.idle(False),
    "idle_tls": lambda bench: bench.idle(True),
}
