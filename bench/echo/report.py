"""Figures to tables: medians, ratios turn by turn, and what of the targets is met."""

import cells
import peers
from statistics_of_turns import interval, median, ratios

FAN_OUT_HEAD = "subscribers x messages at once x size"


def figures(turns, key):
    return [None if turn is None else turn[key] for turn in turns]


def number(value):
    if value is None:
        return "fail"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def with_ratios(results, key, head="connections x depth x size", base=peers.RAW):
    """Cells down, peers across: median (median of the ratios to `base`)."""
    names = list(next(iter(results.values())))
    rows = []
    for cell, turns in results.items():
        row = [cell]
        for name in names:
            own = figures(turns[name], key)
            to_base = median(ratios(own, figures(turns[base], key)))
            brackets = "" if name == base or to_base is None else f" ({to_base:.2f})"
            row.append(number(median(own)) + brackets)
        rows.append(row)
    return table([head, *names], rows)


def text_of(triple):
    return "{:.2f} [{:.2f}, {:.2f}]".format(*triple)


def best_peer(turns, key, ours):
    """The peer with the lowest median; ours and raw are none."""
    found = {name: median(figures(t, key)) for name, t in turns.items()
             if not name.startswith((peers.RAW, peers.OURS))}
    there = {name: value for name, value in found.items() if value is not None}
    return min(there, key=there.get) if there and ours in turns else None


def against_best(results, key, ours):
    """Also against uWebSockets, where another peer is the best one."""
    rows = []
    for cell, turns in results.items():
        best = best_peer(turns, key, ours)
        if best is None:
            continue
        own = figures(turns[ours], key)
        to_raw = ratios(own, figures(turns[peers.RAW], key))
        to_best = ratios(own, figures(turns[best], key))
        to_uws = ratios(own, figures(turns[peers.UWS], key))
        if to_raw and to_best:
            rows.append([cell, text_of(interval([to_raw])), best, text_of(interval([to_best])),
                         text_of(interval([to_uws])) if to_uws else "fail"])
    return table([f"{ours}: cell", "to raw", "best peer", "to the best peer", f"to {peers.UWS}"],
                 rows)


def verdicts(results, targets, key, ours, base=peers.RAW):
    """A row is missed when even the lower end of its interval is above the target."""
    rows = []
    for what, wanted, highest in targets:
        lists = []
        for cell in wanted:
            turns = results.get(cell.name)
            if turns:
                lists.append(ratios(figures(turns[ours], key), figures(turns[base], key)))
        lists = [one for one in lists if one]
        if not lists:
            continue
        triple = interval(lists)
        verdict = "met" if triple[0] <= highest else \
            "within the noise" if triple[1] <= highest else "missed"
        rows.append([what, f"<= {highest}", text_of(triple), verdict])
    title = f"{ours}: row" if base == peers.RAW else f"{ours} to {base}: row"
    return table([title, "target", "measured", ""], rows)


def at_most(part, key, what, highest):
    measured = median(figures(part[peers.OURS], key))
    verdict = "met" if measured is not None and measured <= highest else "missed"
    return table([f"{peers.OURS}: row", "target", "measured", ""],
                 [[what, f"<= {highest}", number(measured), verdict]])


def one_figure(results, key, unit):
    rows = [[name, number(median(figures(turns, key)))] for name, turns in results.items()]
    return table(["peer", unit], rows)


def fixed_table(turns_of):
    rows = [[name, *(number(median(figures(turns, key)))
                     for key in ("server_us", "p50", "p99", "p999"))]
            for name, turns in turns_of.items()]
    return table(["peer", "server CPU us", "p50 us", "p99 us", "p99.9 us"], rows)


def plot_rows(results, base=peers.RAW):
    rows = []
    for cell, turns in results.items():
        raw = figures(turns[base], "server_us")
        found = {name: median(ratios(figures(turns[name], "server_us"), raw)) for name in turns
                 if name != base}
        rows.append((cell, {name: ratio for name, ratio in found.items() if ratio is not None}))
    return rows


def targets_of_client(ours):
    return ("clients", f"Targets: client ({ours})",
            lambda part: [verdicts(part, cells.CLIENT_TARGETS, "own_us", ours)])


# (part of the results, title, what is told of it): a part that was not measured has no section.
SECTIONS = [
    ("echo", "Targets: server",
     lambda part: [verdicts(part, cells.TARGETS, "server_us", peers.OURS),
                   verdicts(part, cells.UWS_TARGETS, "server_us", peers.OURS, peers.UWS),
                   against_best(part, "server_us", peers.OURS)]),
    ("fan_out", "Targets: fan-out",
     lambda part: [verdicts(part, cells.FAN_OUT_TARGETS, "server_us", peers.OURS, peers.UWS),
                   against_best(part, "server_us", peers.OURS)]),
    ("compressed_fan_out", "Targets: compressed fan-out",
     lambda part: [verdicts(part, cells.COMPRESSED_FAN_OUT_TARGETS, "server_us", peers.OURS,
                            peers.PLAIN),
                   verdicts(part, cells.COMPRESSED_FAN_OUT_PEERS, "server_us", peers.OURS,
                            peers.UWS)]),
    ("compressed", "Targets: compressed echo without context",
     lambda part: [verdicts(part, cells.COMPRESSED_TARGETS, "server_us", ours, peers.UWS)
                   for ours in (peers.OURS, peers.OURS_LIBDEFLATE)]),
    ("compressed_stream", "Targets: compressed echo with context",
     lambda part: [verdicts(part, cells.COMPRESSED_STREAM_TARGETS, "server_us", peers.OURS,
                            peers.UWS)]),
    ("tls", "Targets: TLS",
     lambda part: [verdicts(part, cells.TLS_TARGETS, "server_us", peers.OURS),
                   against_best(part, "server_us", peers.OURS)]),
    targets_of_client(f"{peers.OURS} blocking"),
    targets_of_client(f"{peers.OURS} app"),
    ("latency", "Targets: latency",
     lambda part: [verdicts(part, cells.LATENCY_TARGETS, "p50", f"{peers.OURS} {kind}")
                   for kind in ("blocking", "app")]),
    ("echo", "Server CPU, us per message (ratio to raw)",
     lambda part: [with_ratios(part, "server_us")]),
    ("echo", "Messages per second (ratio to raw)", lambda part: [with_ratios(part, "per_second")]),
    ("echo", "Round trip under full load, p50, us (ratio to raw)",
     lambda part: [with_ratios(part, "p50")]),
    ("fixed", "20,000 messages a second of 128 B over 64 connections, from the time they were due",
     lambda part: [fixed_table(part)]),
    ("fan_out", "Fan-out: server CPU, us per delivery (ratio to raw)",
     lambda part: [with_ratios(part, "server_us", FAN_OUT_HEAD)]),
    ("fan_out", "Fan-out: deliveries per second (ratio to raw)",
     lambda part: [with_ratios(part, "per_second", FAN_OUT_HEAD)]),
    ("tls", "Over TLS: server CPU, us per message (ratio to raw OpenSSL)",
     lambda part: [with_ratios(part, "server_us")]),
    ("compressed", "Compressed echo of JSON without context: server CPU, us per message (ratio to raw zlib)",
     lambda part: [with_ratios(part, "server_us")]),
    ("compressed", "Compressed echo of JSON without context: bytes of an echo (ratio to raw zlib)",
     lambda part: [with_ratios(part, "bytes")]),
    ("compressed_stream", "Compressed echo of JSON with context: server CPU, us per message (ratio to raw zlib)",
     lambda part: [with_ratios(part, "server_us")]),
    ("compressed_stream", "Compressed echo of JSON with context: bytes of an echo (ratio to raw zlib)",
     lambda part: [with_ratios(part, "bytes")]),
    *[("compressed_fan_out", f"Compressed fan-out of JSON: {what} (ratio to a plain message as short)",
       lambda part, key=key: [with_ratios(part, key, FAN_OUT_HEAD, peers.PLAIN)])
      for what, key in (("server CPU, us per delivery", "server_us"), ("bytes of a message", "bytes"))],
    ("clients", "Clients: own CPU, us per message (ratio to a raw blocking client)",
     lambda part: [with_ratios(part, "own_us")]),
    ("clients", "Clients: round trip of a batch, p50, us",
     lambda part: [with_ratios(part, "p50")]),
    ("latency", "Both ends polling: round trip, p50, us (ratio to raw)",
     lambda part: [with_ratios(part, "p50")]),
    ("idle", "Memory of an idle connection, bytes",
     lambda part: [at_most(part, "per_connection", "resident, plain", cells.IDLE_TARGET),
                   one_figure(part, "per_connection", "plain")]),
    ("idle_tls", "Memory of an idle connection over TLS, bytes",
     lambda part: [at_most(part, "per_connection", "resident, TLS", cells.IDLE_TLS_TARGET),
                   one_figure(part, "per_connection", "TLS")]),
    ("handshakes", "Handshake and drop, server CPU, us",
     lambda part: [verdicts({cells.HANDSHAKE.name: part}, cells.HANDSHAKE_TARGETS, "server_us",
                            peers.OURS, peers.UWS),
                   at_most(part, "server_us", "handshake and drop, us", cells.HANDSHAKE_TARGET),
                   one_figure(part, "server_us", "plain")]),
    ("handshakes_tls", "Handshake and drop over TLS, server CPU, us",
     lambda part: [one_figure(part, "server_us", "TLS")]),
    ("handshakes_resumed", "The same with sessions that are resumed",
     lambda part: [one_figure(part, "server_us", "TLS, resumed")]),
]


def parts_of(results):
    """The fixed load is no cell of the echo."""
    parts = dict(results)
    if "echo" in parts:
        parts["echo"] = dict(parts["echo"])
        parts["fixed"] = parts["echo"].pop("fixed")
    return parts


def all_plot_rows(results):
    parts = parts_of(results)

    def named(part, prefix):
        return {f"{prefix} {name}": turns for name, turns in parts.get(part, {}).items()}

    return (plot_rows(parts.get("echo", {}) | named("fan_out", "fan-out")
                      | named("compressed", "compressed") | named("compressed_stream", "stream"))
            + plot_rows(named("compressed_fan_out", "compressed fan-out"), peers.PLAIN))


def markdown(results, about):
    lines = ["# Results\n", about, "![Server CPU per message](results.svg)\n"]
    parts = parts_of(results)
    for part, title, tables in SECTIONS:
        if part in parts:
            lines.extend([f"## {title}\n", *tables(parts[part])])
    return "\n".join(lines)
