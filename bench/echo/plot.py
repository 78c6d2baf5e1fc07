"""One picture: CPU time per message as a ratio to the raw server, a dot for each peer in each cell."""

import math

COLOURS = ["#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22"]
LEFT, RIGHT, ROW, TOP = 210, 20, 26, 56
WIDTH = 940
LOWEST, HIGHEST = 0.8, 32  # of the logarithmic axis; what is beyond lies on its end


def place(ratio):
    share = math.log(min(max(ratio, LOWEST), HIGHEST) / LOWEST) / math.log(HIGHEST / LOWEST)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def legend(names):
    at = LEFT
    for name, colour in zip(names, COLOURS):
        yield f'<circle cx="{at}" cy="18" r="5" fill="{colour}"/>'
        yield f'<text x="{at + 9}" y="22">{name}</text>'
        at += 24 + 7 * len(name)


def axis(bottom):
    for tick in (1, 2, 4, 8, 16, 32):
        x, colour = f"{place(tick):.1f}", "#000" if tick == 1 else "#ddd"
        yield f'<line x1="{x}" x2="{x}" y1="{TOP - 12}" y2="{bottom}" stroke="{colour}"/>'
        yield f'<text x="{x}" y="{TOP - 16}" text-anchor="middle">{tick}</text>'


def row(y, label, ratios, names):
    yield f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{label}</text>'
    for name, colour in reversed(list(zip(names, COLOURS))):
        if name in ratios:
            yield (f'<circle cx="{place(ratios[name]):.1f}" cy="{y}" r="5" fill="{colour}" '
                   f'fill-opacity="0.85"><title>{name}: {ratios[name]:.2f}</title></circle>')


def svg(rows, names):
    """rows: [(label, {name: ratio})]; names: in the order of their colours, ours first."""
    bottom = TOP + ROW * len(rows)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 40}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{bottom + 40}" fill="white"/>',
             *legend(names), *axis(bottom)]
    for index, (label, ratios) in enumerate(rows):
        parts.extend(row(TOP + ROW * index + ROW / 2, label, ratios, names))
    parts.append(f'<text x="{LEFT}" y="{bottom + 26}">Server CPU time per message, as a ratio to a '
                 'raw TCP server (connections x depth x size); less is better</text></svg>')
    return "\n".join(parts) + "\n"
