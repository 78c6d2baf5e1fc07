"""python_client.py PORT SIZE DEPTH SECONDS: Debian's python3-websocket, blocking, as in its manual."""

import json
import sys
import time

import websocket


def main():
    port, size, depth = (int(argument) for argument in sys.argv[1:4])
    seconds = float(sys.argv[4])
    payload = bytes(i * 131 >> 3 & 255 for i in range(size))
    connection = websocket.create_connection(f"ws://127.0.0.1:{port}/")
    begin = time.monotonic() + seconds / 4
    cpu = None
    times = []
    while True:
        start = time.monotonic()
        for _ in range(depth):
            connection.send_binary(payload)
        for _ in range(depth):
            if connection.recv() != payload:
                sys.exit("what came back is not what was sent")
        end = time.monotonic()
        if cpu is not None:
            times.append(end - start)
        elif end >= begin:
            begin, cpu = end, time.process_time()
        if times and end >= begin + seconds:
            break
    used = time.process_time() - cpu
    messages = len(times) * depth
    times.sort()
    print(json.dumps({
        "messages": messages,
        "per_second": messages / (end - begin),
        "own_us": used * 1e6 / messages,
        "p50": times[len(times) // 2] * 1e6,
        "p99": times[len(times) * 99 // 100] * 1e6,
    }))
    connection.close()


if __name__ == "__main__":
    main()
