"""The table of the project's README: what its readers ask first, with the rows where a peer leads."""

import os
import re

import peers
import report
from statistics_of_turns import median, ratios

BEGIN, END = "<!-- measured by bench/run.sh -->", "<!-- end of what was measured -->"
SHOWN = ["1 x 1 x 16 B", "64 x 1 x 16 B", "64 x 16 x 16 B", "64 x 16 x 1 KiB", "64 x 1 x 16 KiB",
         "64 x 16 x 16 KiB", "64 x 1 x 256 KiB", "64 x 1 x 1 MiB", "64 x 16 x 16 KiB cjk"]


def row(label, turns, names, key, base=peers.RAW):
    raw = report.figures(turns[base], key)
    found = {name: median(ratios(report.figures(turns[name], key), raw))
             for name in names if name in turns}
    there = {name: ratio for name, ratio in found.items() if ratio is not None}
    best = min(there.values(), default=None)
    texts = []
    for name in names:
        ratio = there.get(name)
        text = "" if ratio is None else f"{ratio:.2f}"
        texts.append(f"**{text}**" if ratio is not None and ratio == best else text)
    return [label, report.number(median(raw)), *texts]


def table(results):
    names = [name for name in peers.server_commands(False) if name != peers.RAW]
    parts = report.parts_of(results)
    rows = [row(f"echo {cell}", parts["echo"][cell], names, "server_us")
            for cell in SHOWN if cell in parts["echo"]]
    rows += [row(f"fan-out {cell}", turns, names, "server_us")
             for cell, turns in parts["fan_out"].items()]
    rows += [row(f"compressed echo {context}, {cell}", turns, [*names, peers.OURS_LIBDEFLATE],
                 "server_us")
             for part, context in (("compressed", "without context"),
                                   ("compressed_stream", "with context"))
             for cell, turns in parts[part].items()]
    rows += [row(f"compressed fan-out {cell}, to a plain message as short", turns, names, "server_us",
                 peers.PLAIN)
             for cell, turns in parts["compressed_fan_out"].items()]
    return report.table(["connections x depth x size", "raw, us", *names, peers.OURS_LIBDEFLATE],
                        [one + [""] * (len(names) + 3 - len(one)) for one in rows])


def write(results, about):
    """Replaces what stands between the two marks."""
    path = os.path.join(peers.ROOT, "README.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    measured = f"{BEGIN}\n\n{about}\n{table(results)}\n{END}"
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(pattern, lambda _: measured, text, flags=re.DOTALL))
