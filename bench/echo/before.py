"""The programs of an earlier state of the project as one more contender, and the table that compares
them with those of this state, turn by turn."""

import os

import peers
import report
from statistics_of_turns import interval, median, ratios

NAME = "before"
KEYS = {"clients": "own_us", "latency": "p50", "idle": "per_connection", "idle_tls": "per_connection"}
ALONE = {name: getattr(peers, name)
         for name in ("server_commands", "fan_out_commands", "client_commands")}
SINGLE = ("handshakes", "handshakes_tls", "handshakes_resumed", "idle", "idle_tls")  # parts without cells


def join(root):
    """Adds the programs of `root`, a clone with the preset `bench` built, to every contest."""
    earlier = os.path.join(os.path.abspath(root), "build", "bench")

    def with_earlier(commands):
        def of_both(*arguments):
            found = commands(*arguments)
            extra = {name.replace(peers.OURS, NAME): [command[0].replace(peers.BUILD, earlier, 1),
                                                      *command[1:]]
                     for name, command in found.items() if name.startswith(peers.OURS)}
            return found | extra
        return of_both

    for name, commands in ALONE.items():
        setattr(peers, name, with_earlier(commands))


def leave():
    """The contests are as they were before join()."""
    for name, commands in ALONE.items():
        setattr(peers, name, commands)


def is_earlier(name):
    return name.startswith(NAME)


def without(results):
    """The same results as if nobody earlier had taken part."""
    if not isinstance(results, dict):
        return results
    return {name: without(value) for name, value in results.items() if not is_earlier(name)}


def rows(part, cells):
    key = KEYS.get(part, "server_us")
    for cell, turns in cells.items():
        for name in filter(is_earlier, turns):
            old = report.figures(turns[name], key)
            new = report.figures(turns[name.replace(NAME, peers.OURS)], key)
            compared = ratios(new, old)
            if not compared:
                yield [f"{part} {cell}", name, "fail", "fail", "", ""]
                continue
            triple = interval([compared])
            yield [f"{part} {cell}", name, report.number(median(old)), report.number(median(new)),
                   report.text_of(triple), "worse" if triple[1] > 1 else ""]


def table(results):
    found = []
    for part, measured in report.parts_of(results).items():
        cells = {"": measured} if part in SINGLE or part == "fixed" else measured
        found += rows(part, cells)
    return report.table(["row", "", "before", "after", "after / before", ""], found)
