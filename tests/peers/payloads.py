"""payloads.py: payloads of messages, the same in every run."""

import random

# Sizes around the bounds of the three length forms, RFC 6455 section 5.2.
SIZES = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20]
LARGE_SIZES = [16 << 20, 64 << 20]

# Code points of one to four bytes, so that fragments of 1 to 5 bytes cut them at all positions.
WIDE_TEXT = "κόσμος – 世界 – 🌍🌎🌏 abc"


def random_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def random_text(size: int) -> str:
    """Returns exactly `size` bytes of UTF-8. Long ones repeat a block of 99,991 code points."""
    source = random.Random(size)
    points = [chr(source.choice([source.randrange(0x80), source.randrange(0x80, 0x800),
                                 source.randrange(0x800, 0xD800),
                                 source.randrange(0x10000, 0x110000)]))
              for _ in range(min(size, 99_991))]
    block = "".join(points).encode()
    payload = (block * (size // max(len(block), 1) + 1))[:size]
    text = payload.decode(errors="ignore")  # drops a cut code point at the end
    return text + "x" * (size - len(text.encode()))
