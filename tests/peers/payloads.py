"""payloads.py: contents for messages, the same in every run."""

import random

# Around the edges of the three forms of the length, RFC 6455 section 5.2.
SIZES = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20]
LARGE_SIZES = [16 << 20, 64 << 20]

# Code points of one to four bytes, cut by no fragment of 1 to 5 bytes alike.
WIDE_TEXT = "κόσμος – 世界 – 🌍🌎🌏 abc"


def random_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def random_text(size: int) -> str:
    """Exactly `size` bytes of UTF-8. Long ones repeat themselves at an odd distance."""
    source = random.Random(size)
    points = [chr(source.choice([source.randrange(0x80), source.randrange(0x80, 0x800),
                                 source.randrange(0x800, 0xD800),
                                 source.randrange(0x10000, 0x110000)]))
              for _ in range(min(size, 99_991))]
    block = "".join(points).encode()
    payload = (block * (size // max(len(block), 1) + 1))[:size]
    text = payload.decode(errors="ignore")  # without a cut code point at the end
    return text + "x" * (size - len(text.encode()))
