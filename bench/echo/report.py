"""Figures to tables: medians, ratios turn by turn, and what of the targets is met."""

import cells
import peers
from statistics_of_turns import interval, median, ratios


def figures(turns, key):
    return [None if turn is None else turn[key] for turn in turns]


def number(value):
    if value is None:
        return "fail"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def with_ratios(results, key):
    """Cells down, peers across: median (median of the ratios to raw)."""
    names = list(next(iter(results.values())))
    rows = []
    for cell, turns in results.items():
        row = [cell]
        for name in names:
            own = figures(turns[name], key)
            to_raw = median(ratios(own, figures(turns[peers.RAW], key)))
            brackets = "" if name == peers.RAW or to_raw is None else f" ({to_raw:.2f})"
            row.append(number(median(own)) + brackets)
        rows.append(row)
    return table(["connections x depth x size", *names], rows)


def text_of(triple):
    return "{:.2f} [{:.2f}, {:.2f}]".format(*triple)


def best_peer(turns, key, ours):
    """The peer with the lowest median; ours and raw are none."""
    found = {name: median(figures(t, key)) for name, t in turns.items()
             if name != peers.RAW and not name.startswith(peers.OURS)}
    there = {name: value for name, value in found.items() if value is not None}
    return min(there, key=there.get) if there and ours in turns else None


def against_best(results, key, ours):
    rows = []
    for cell, turns in results.items():
        best = best_peer(turns, key, ours)
        if best is None:
            continue
        own = figures(turns[ours], key)
        to_raw = ratios(own, figures(turns[peers.RAW], key))
        to_best = ratios(own, figures(turns[best], key))
        if to_raw and to_best:
            rows.append([cell, text_of(interval([to_raw])), best, text_of(interval([to_best]))])
    return table([f"{ours}: cell", "to raw", "best peer", "to the best peer"], rows)


def verdicts(results, targets, key, ours):
    """A row is missed when even the lower end of its interval is above the target."""
    rows = []
    for what, wanted, highest in targets:
        lists = []
        for cell in wanted:
            turns = results.get(cell.name)
            if turns:
                lists.append(ratios(figures(turns[ours], key), figures(turns[peers.RAW], key)))
        lists = [one for one in lists if one]
        if not lists:
            continue
        triple = interval(lists)
        verdict = "met" if triple[0] <= highest else \
            "within the noise" if triple[1] <= highest else "missed"
        rows.append([what, f"<= {highest}", text_of(triple), verdict])
    return table([f"{ours}: row", "target", "measured", ""], rows)


def one_figure(results, key, unit):
    rows = [[name, number(median(figures(turns, key)))] for name, turns in results.items()]
    return table(["peer", unit], rows)


def fixed_table(turns_of):
    rows = [[name, *(number(median(figures(turns, key)))
                     for key in ("server_us", "p50", "p99", "p999"))]
            for name, turns in turns_of.items()]
    return table(["peer", "server CPU us", "p50 us", "p99 us", "p99.9 us"], rows)


def plot_rows(results):
    rows = []
    for cell, turns in results.items():
        raw = figures(turns[peers.RAW], "server_us")
        found = {name: median(ratios(figures(turns[name], "server_us"), raw)) for name in turns
                 if name != peers.RAW}
        rows.append((cell, {name: ratio for name, ratio in found.items() if ratio is not None}))
    return rows


def markdown(results, about):
    echo = {name: turns for name, turns in results["echo"].items() if name != "fixed"}
    parts = ["# Results\n", about, "![Server CPU per message](results.svg)\n"]

    def section(title, *tables):
        parts.extend([f"## {title}\n", *tables])

    section("Targets: server", verdicts(echo, cells.TARGETS, "server_us", peers.OURS),
            against_best(echo, "server_us", peers.OURS))
    section("Targets: TLS", verdicts(results["tls"], cells.TLS_TARGETS, "server_us", peers.OURS),
            against_best(results["tls"], "server_us", peers.OURS))
    for ours in (f"{peers.OURS} blocking", f"{peers.OURS} app"):
        section(f"Targets: client ({ours})",
                verdicts(results["clients"], cells.CLIENT_TARGETS, "own_us", ours))
    section("Server CPU, us per message (ratio to raw)", with_ratios(echo, "server_us"))
    section("Messages per second (ratio to raw)", with_ratios(echo, "per_second"))
    section("Round trip under full load, p50, us (ratio to raw)", with_ratios(echo, "p50"))
    section("20,000 messages a second of 128 B over 64 connections, from the time they were due",
            fixed_table(results["echo"]["fixed"]))
    section("Over TLS: server CPU, us per message (ratio to raw OpenSSL)",
            with_ratios(results["tls"], "server_us"))
    section("Clients: own CPU, us per message (ratio to a raw blocking client)",
            with_ratios(results["clients"], "own_us"))
    section("Clients: round trip of a batch, p50, us", with_ratios(results["clients"], "p50"))
    section("Memory of an idle connection, bytes",
            one_figure(results["idle"], "per_connection", "plain"),
            one_figure(results["idle_tls"], "per_connection", "TLS"))
    section("Handshake and drop, server CPU, us",
            one_figure(results["handshakes"], "server_us", "plain"),
            one_figure(results["handshakes_tls"], "server_us", "TLS"))
    return "\n".join(parts)
