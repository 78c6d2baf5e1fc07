"""autobahn_client_test.py AUTOBAHN_CLIENT: runs autobahn_client against a server with the resources
of a fuzzing server: getCaseCount, runCase, updateReports."""

import asyncio
import sys
import urllib.parse

import programs
from programs import expect

programs.need("websockets")
import websockets

AGENT = "wirespan-test"
WAIT = 20


async def expect_echo(ws, *messages) -> None:
    for message in messages:
        await ws.send(message)
    for message in messages:
        expect(await ws.recv() == message, "echo")


async def echo(ws) -> None:
    await expect_echo(ws, "", "hello", "κόσμος 🌍", b"", bytes(range(256)), bytes(1 << 20))


async def fragments(ws) -> None:
    await ws.send(["frag", "ments", ""])
    expect(await ws.recv() == "fragments", "echo of fragments")


async def ping(ws) -> None:
    await asyncio.wait_for(await ws.ping(b"payload"), WAIT)


async def close_with_reason(ws) -> None:
    await ws.close(3000, "reason")
    expect(ws.close_rcvd is not None and ws.close_rcvd.code == 3000, f"answer {ws.close_rcvd}")


def breach(frames: bytes, code: int):
    """Returns a case in which the client has to fail the connection with `code`."""
    async def case(ws) -> None:
        ws.transport.write(frames)
        await asyncio.wait_for(ws.wait_closed(), WAIT)
        expect(ws.close_rcvd is not None and ws.close_rcvd.code == code, f"answer {ws.close_rcvd}")
    return case


async def cut(ws) -> None:
    ws.transport.abort()


# checks: R80_R81_R84_R98_R101_R113_R129_R134_breaches_are_answered_with_their_code
CASES = [echo, fragments, ping, close_with_reason, breach(b"\xc1\x00", 1002),
         breach(b"\x83\x00", 1002), breach(b"\x80\x00", 1002), breach(b"\x81\x01\xff", 1007),
         breach(b"\x82\x7f\xff" + bytes(7), 1002), breach(b"\x88\x01\x03", 1002), cut, echo]


class FuzzingServer:
    """Records the order of the requests and the failures of cases."""

    def __init__(self):
        self.log, self.failures = [], []

    async def serve(self, ws) -> None:
        resource = urllib.parse.urlsplit(ws.path)
        query = dict(urllib.parse.parse_qsl(resource.query))
        self.log.append((resource.path, query.get("case"), query.get("agent")))
        if resource.path == "/getCaseCount":
            await ws.send(str(len(CASES)))
        elif resource.path == "/runCase":
            try:
                await CASES[int(query["case"]) - 1](ws)
            except Exception as failure:  # reported at the end, as a fuzzing server does
                self.failures.append((query["case"], repr(failure)))


async def run_all(program: str) -> None:
    server = FuzzingServer()
    async with websockets.serve(server.serve, "127.0.0.1", 0, max_size=None) as listener:
        url = f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        with programs.Program(program, url, "--agent", AGENT) as client:
            status = await asyncio.to_thread(client.wait, 60)
            expect(status == 0, f"exit status {status}: {client.errors}")
            expect(len(client.output) == len(CASES), f"output {client.output}")
            expect(not client.errors, f"errors {client.errors}")
    cases = [("/runCase", str(number), AGENT) for number in range(1, len(CASES) + 1)]
    expect(server.log == [("/getCaseCount", None, None), *cases, ("/updateReports", None, AGENT)],
           f"requests {server.log}")
    expect(not server.failures, f"failures {server.failures}")


# checks: R128_no_fuzzing_server_is_told_in_one_line
def run_without_server(program: str) -> None:
    with programs.refusing_port() as port:
        with programs.Program(program, f"ws://127.0.0.1:{port}") as client:
            status = client.wait()
            expect(status == 1 and len(client.errors) == 1, f"{status}, {client.errors}")


def main() -> None:
    asyncio.run(run_all(sys.argv[1]))
    run_without_server(sys.argv[1])


programs.run(main)
