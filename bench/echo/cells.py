"""The cells that are measured, and the targets of ours: the rows of the table."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
IN_FLIGHT = 256 * MIB  # cells with more than this on the way at once are left out


@dataclass(frozen=True)
class Cell:
    connections: int
    depth: int
    size: int
    payload: str = "binary"

    @property
    def name(self):
        text = "" if self.payload == "binary" else f" {self.payload}"
        return f"{self.connections} x {self.depth} x {size_name(self.size)}{text}"


def size_name(size):
    if size >= MIB:
        return f"{size // MIB} MiB"
    return f"{size // KIB} KiB" if size >= KIB else f"{size} B"


def matrix(connections, depths, sizes, payload="binary"):
    cells = [Cell(c, d, s, payload) for c in connections for d in depths for s in sizes]
    return [cell for cell in cells if cell.connections * cell.depth * cell.size <= IN_FLIGHT]


SIZES = (16, KIB, 16 * KIB, 256 * KIB, MIB)
FULL = (
    matrix((1, 64, 1000), (1, 16), SIZES)
    + matrix((64,), (1, 16), (KIB, 16 * KIB, 256 * KIB), "cjk")
    + matrix((64,), (1, 16), (KIB, 16 * KIB), "ascii")
)
QUICK = [
    Cell(1, 1, 16), Cell(64, 1, 16), Cell(64, 16, 16), Cell(64, 16, KIB), Cell(64, 1, 16 * KIB),
    Cell(64, 16, 16 * KIB), Cell(64, 1, 256 * KIB), Cell(64, 1, MIB),
    Cell(64, 1, 16 * KIB, "cjk"), Cell(64, 16, 16 * KIB, "cjk"), Cell(64, 16, KIB, "ascii"),
]
TLS_FULL = matrix((1, 64), (1, 16), (16, KIB, 16 * KIB, 256 * KIB))
TLS_QUICK = [Cell(64, 1, 16), Cell(64, 16, KIB), Cell(64, 16, 16 * KIB), Cell(64, 1, 256 * KIB)]
CLIENT_FULL = matrix((1,), (1, 16), (16, KIB, 16 * KIB, 256 * KIB))
CLIENT_QUICK = [Cell(1, 1, 16), Cell(1, 16, 16), Cell(1, 1, 16 * KIB), Cell(1, 1, 256 * KIB),
                Cell(1, 16, 256 * KIB)]
# Trades as JSON, compressed.
COMPRESSED = matrix((16,), (1,), (KIB, 16 * KIB))
# Subscribers, messages published in one turn of the loop, their size.
FAN_OUT = [Cell(1000, 1, 16), Cell(1000, 16, 16), Cell(1000, 1, 16 * KIB)]

# One compressed message to 1,000, beside a plain one of its compressed size.
COMPRESSED_FAN_OUT = [Cell(1000, 1, 5690)]

LATENCY = [Cell(1, 1, 16), Cell(1, 1, KIB)]

# (what, cells, highest ratio of the CPU time to the raw echo's): each row is judged by the
# geometric mean of those of its cells that were measured.
TARGETS = [
    ("16 B to 1 KiB, depth 1, 64 and 1000 connections", matrix((64, 1000), (1,), (16, KIB)), 1.05),
    ("16 B, depth 16", matrix((64,), (16,), (16,)), 1.05),
    ("1 KiB, depth 16", matrix((64,), (16,), (KIB,)), 1.08),
    ("16 KiB, depth 1", matrix((64,), (1,), (16 * KIB,)), 1.08),
    ("16 KiB, depth 16", matrix((64,), (16,), (16 * KIB,)), 1.15),
    ("256 KiB, 64 connections", matrix((64,), (1,), (256 * KIB,)), 1.2),
    ("1 MiB, 64 connections", matrix((64,), (1,), (MIB,)), 1.3),
    ("CJK text 16 KiB, depth 1", matrix((64,), (1,), (16 * KIB,), "cjk"), 1.2),
    ("CJK text 16 KiB, depth 16", matrix((64,), (16,), (16 * KIB,), "cjk"), 1.4),
    ("CJK text 256 KiB", matrix((64,), (1,), (256 * KIB,), "cjk"), 1.5),
    ("ASCII text 1 KiB, depth 16", matrix((64,), (16,), (KIB,), "ascii"), 1.12),
]
# Ratios not to the raw server but to uWebSockets in the same turn.
UWS_TARGETS = [("every cell, on the average", FULL, 1.03)]
HANDSHAKE = Cell(32, 1, 0)  # so many at a time, and nothing but the handshake
HANDSHAKE_TARGETS = [("handshake and drop", [HANDSHAKE], 1.0)]
FAN_OUT_TARGETS = [
    ("1 small to 1000", [Cell(1000, 1, 16)], 1.0),
    ("16 small to 1000", [Cell(1000, 16, 16)], 1.0),
    ("16 KiB to 1000", [Cell(1000, 1, 16 * KIB)], 0.8),
]
HANDSHAKE_TARGET = 25  # us
# Bytes of an idle connection, plain and over TLS.
IDLE_TARGET = 272
IDLE_TLS_TARGET = 15000
COMPRESSED_FAN_OUT_TARGETS = [("5690 B of JSON to 1000", COMPRESSED_FAN_OUT, 1.1)]
COMPRESSED_FAN_OUT_PEERS = [("5690 B of JSON to 1000", COMPRESSED_FAN_OUT, 1.0)]
# Of the CPU time to that of uWebSockets.
COMPRESSED_TARGETS = [("1 and 16 KiB without context", COMPRESSED, 0.7)]
COMPRESSED_STREAM_TARGETS = [("1 and 16 KiB with context", COMPRESSED, 0.9)]
LATENCY_TARGETS = [("round trip, both ends polling", LATENCY, 1.05)]
TLS_TARGETS = [("every cell", TLS_FULL, 1.05)]
CLIENT_TARGETS = [
    ("16 B, depth 1", matrix((1,), (1,), (16,)), 1.05),
    ("16 B, depth 16", matrix((1,), (16,), (16,)), 1.2),
    ("16 KiB", matrix((1,), (1,), (16 * KIB,)), 1.1),
    ("256 KiB", matrix((1,), (1,), (256 * KIB,)), 1.3),
    ("256 KiB, depth 16", matrix((1,), (16,), (256 * KIB,)), 1.3),
]
