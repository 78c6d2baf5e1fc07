"""One picture: CPU time per message as a ratio to the raw echo, a dot for each peer in each cell."""

import math

COLOURS = ["#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22"]
LEFT, RIGHT, ROW, TOP = 190, 20, 26, 56
WIDTH = 860


def svg(rows, names, highest=32):
    """rows: [(label, {name: ratio})]; names: in the order of their colours, ours first."""
    height = TOP + ROW * len(rows) + 40

    def x(ratio):
        share = math.log(min(max(ratio, 0.8), highest) / 0.8) / math.log(highest / 0.8)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{height}" fill="white"/>']
    at = LEFT
    for name, colour in zip(names, COLOURS):
        parts.append(f'<circle cx="{at}" cy="18" r="5" fill="{colour}"/>'
                     f'<text x="{at + 9}" y="22">{name}</text>')
        at += 24 + 7 * len(name)
    bottom = TOP + ROW * len(rows)
    for tick in (1, 2, 4, 8, 16, 32):
        parts.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{TOP - 12}" y2="{bottom}" '
                     f'stroke="{"#000" if tick == 1 else "#ddd"}"/>'
                     f'<text x="{x(tick):.1f}" y="{TOP - 16}" text-anchor="middle">{tick}</text>')
    for index, (label, ratios) in enumerate(rows):
        y = TOP + ROW * index + ROW / 2
        parts.append(f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{label}</text>')
        for name, colour in reversed(list(zip(names, COLOURS))):
            if name in ratios:
                parts.append(f'<circle cx="{x(ratios[name]):.1f}" cy="{y}" r="5" fill="{colour}" '
                             f'fill-opacity="0.85"><title>{name}: {ratios[name]:.2f}</title>'
                             '</circle>')
    parts.append(f'<text x="{LEFT}" y="{bottom + 26}">Server CPU time per message, as a ratio to a '
                 'raw TCP echo (connections x depth x size); less is better</text></svg>')
    return "\n".join(parts) + "\n"
