"""websockets_client.py URL AGENT: Python's websockets as the client to be judged."""

import asyncio
import contextlib
import sys

import websockets

URL, AGENT = sys.argv[1].rstrip("/"), sys.argv[2]


async def run_case(number: int) -> None:
    with contextlib.suppress(Exception):  # a case may break the connection in any way
        async with websockets.connect(f"{URL}/runCase?case={number}&agent={AGENT}",
                                      max_size=64 << 20, ping_interval=None) as ws:
            async for message in ws:
                await ws.send(message)


async def main():
    async with websockets.connect(f"{URL}/getCaseCount") as ws:
        count = int(await ws.recv())
    for number in range(1, count + 1):
        await run_case(number)
    async with websockets.connect(f"{URL}/updateReports?agent={AGENT}", open_timeout=60):
        pass


asyncio.run(main())
