"""Python's websockets as an echo server; prints its URL, ends with its standard input."""

import asyncio
import logging
import sys

import websockets

logging.disable()  # else every case that breaks a connection is logged


async def echo(ws, _path=None):
    async for message in ws:
        await ws.send(message)


async def main():
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=64 << 20, max_queue=4) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
