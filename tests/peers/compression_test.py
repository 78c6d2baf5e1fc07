"""compression_test.py OURS PROGRAM: permessage-deflate between our echo_server or echo_client
and other implementations, with every combination of parameters that they have. RFC 7692."""

import asyncio
import itertools
import json
import sys

import payloads
import programs
from programs import expect

programs.need("websockets")
import websockets
from websockets.extensions.permessage_deflate import (ClientPerMessageDeflateFactory,
                                                      ServerPerMessageDeflateFactory)

OURS, PROGRAM = sys.argv[1:3]
CONTEXTS = ["default", "none", "dictionary", "stream"]
WAIT = 20


def messages() -> list:
    """Returns messages; each comes twice, so that a kept window has matches."""
    words = json.dumps([{"price": i % 97, "symbol": payloads.WIDE_TEXT} for i in range(300)])
    sizes = [0, 1, 100, 600, 5000, 20_000, len(words)]
    texts = [words[:size] for size in sizes]
    return [message for text in texts for message in (text, text, text.encode())] + [
        payloads.random_bytes(70_000)]


MESSAGES = messages()


def our_options(context: str, bits: int) -> list:
    return [f"--compression={context}", "--window-bits", bits, "--compress-from", 1]


def parameters(least_bits: int):
    """Returns all parameters that websockets can offer or answer."""
    flags = [False, True]
    return itertools.product(flags, flags, [None, least_bits, 15], [None, least_bits, 15])


# checks: R143_R146_R151_R152_R153_R154_R158_python_clients_with_all_parameters
async def python_clients(url: str, bits: int) -> None:
    for server_forgets, client_forgets, server_bits, client_bits in parameters(9):
        # True offers the parameter without a value: the server may then choose a smaller window.
        offered_bits = True if client_bits is None else client_bits
        factory = ClientPerMessageDeflateFactory(server_forgets, client_forgets, server_bits,
                                                 offered_bits)
        async with websockets.connect(url, extensions=[factory], compression=None,
                                      max_size=None) as ws:
            expect(len(ws.extensions) == 1, f"{url} declined {factory.get_request_params()}")
            extension = ws.extensions[0]
            expect(extension.remote_max_window_bits <= min(bits, server_bits or 15), "its window")
            expect(extension.local_max_window_bits <= min(bits, client_bits or 15), "our window")
            expect(extension.remote_no_context_takeover or not server_forgets, "context")
            for message in MESSAGES:
                await ws.send(message)
                expect(await ws.recv() == message, f"a message of {len(message)} has changed")
            await ws.send([MESSAGES[9][:700], MESSAGES[9][700:], ""])
            expect(await ws.recv() == MESSAGES[9], "a message in fragments has changed")


# checks: R143_R145_R151_R152_R153_R155_R156_python_servers_with_all_parameters
async def python_servers(context: str, bits: int) -> None:
    for server_forgets, client_forgets, server_bits, client_bits in parameters(9):
        problems = ["nobody came"]

        async def serve(ws) -> None:
            problems.clear()
            try:
                expect(len(ws.extensions) == 1, "it did not offer what we can do")
                for message in MESSAGES:
                    await ws.send(message)
                    expect(await ws.recv() == message, f"{len(message)} bytes have changed")
            except Exception as problem:
                problems.append(repr(problem))

        factory = ServerPerMessageDeflateFactory(server_forgets, client_forgets, server_bits,
                                                 client_bits)
        async with websockets.serve(serve, "127.0.0.1", 0, extensions=[factory], compression=None,
                                    max_size=None) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            with programs.Program(PROGRAM, url, *our_options(context, bits)) as client:
                status = await asyncio.to_thread(client.wait, WAIT)
                expect((status, client.errors, problems) == (0, [], []),
                       f"{factory}: {status}, {client.errors}, {problems}")


# checks: R143_R151_R152_R153_R154_R158_npm_clients_with_all_parameters
def npm_clients(url: str, bits: int) -> None:
    script = programs.FOLDER / "compression_client.mjs"
    with programs.Program("node", script, url, bits, stderr=None) as client:
        status = client.wait(100)
        expect(status == 0, f"compression_client.mjs ended with {status}: {client.output}")


# checks: R143_R145_R151_R152_R153_R155_R156_npm_servers_with_all_parameters
def npm_servers(context: str, bits: int) -> None:
    with programs.Program("node", programs.FOLDER / "compression_server.mjs",
                          stderr=None) as server:
        ports = json.loads(server.read_line())
        expect(len(ports) == 36, f"{len(ports)} servers")
        for port in ports:
            url = f"ws://127.0.0.1:{port}/"
            with programs.Program(PROGRAM, url, *our_options(context, bits)) as client:
                status = client.wait()
                expect((status, client.errors) == (0, []), f"{status}, {client.errors}")
            verdict = server.read_line()
            expect(verdict == "good", verdict)


# checks: R143_without_the_option_nothing_is_offered_or_agreed_on
async def off() -> None:
    with programs.EchoServer(PROGRAM) as server:
        async with websockets.connect(server.url) as ws:
            expect(not ws.extensions, "it agreed")


def judge_server() -> None:
    asyncio.run(off())
    for context, bits in (*((context, 15) for context in CONTEXTS), ("stream", 10)):
        print(f"our echo_server, {context}, {bits} bits", flush=True)
        with programs.EchoServer(PROGRAM, *our_options(context, bits)) as server:
            asyncio.run(python_clients(server.url, bits))
            npm_clients(server.url, bits)
            server.terminate()
            server.expect_good_end()


def judge_client() -> None:
    for context in CONTEXTS:
        print(f"our echo_client, {context}", flush=True)
        npm_servers(context, 15)
        asyncio.run(python_servers(context, 15))


programs.run({"echo_server": judge_server, "echo_client": judge_client}[OURS])
