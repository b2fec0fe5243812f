"""Bar charts as SVG, without anything but text."""

from html import escape

WIDTH, BAR, GAP, LEFT, RIGHT = 760, 16, 10, 250, 90
COLOURS = {
    "floor": "#9aa0a6",
    "smolchat": "#1a73e8",
    "smolchat --spin": "#174ea6",
    "smolchat --offload": "#174ea6",
    "smoltcp": "#e8710a",
    "smoltcp, the node's loop": "#f9ab00",
    "kernel (epoll)": "#188038",
    "tokio": "#a142f4",
}


def bars(title, unit, groups):
    """A chart of groups of bars: `[(group, [(name, value, low, high)])]`; low and high are quartiles."""
    values = [bar for _, rows in groups for bar in rows]
    most = max(high for _, _, _, high in values)
    scale = (WIDTH - LEFT - RIGHT) / most
    lines, y = [], 44
    for group, rows in groups:
        for index, (name, value, low, high) in enumerate(rows):
            label = f"{group}: {name}" if group else name
            if index > 0:
                label = name
            middle = y + BAR / 2
            lines += [
                f'<text x="{LEFT - 8}" y="{middle + 4}" text-anchor="end">{escape(label)}</text>',
                f'<rect x="{LEFT}" y="{y}" width="{value * scale:.1f}" height="{BAR}"'
                f' fill="{COLOURS.get(name, "#5f6368")}"/>',
                f'<path d="M{LEFT + low * scale:.1f} {middle}H{LEFT + high * scale:.1f}"'
                ' stroke="#202124" stroke-width="2"/>',
                f'<text x="{LEFT + max(value, high) * scale + 6:.1f}" y="{middle + 4}">'
                f"{number(value)}</text>",
            ]
            y += BAR + 4
        y += GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}"'
        ' font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{y}" fill="white"/>'
        f'<text x="12" y="22" font-size="15">{escape(title)}, {escape(unit)}</text>'
    )
    return "\n".join([head, *lines, "</svg>", ""])


def number(value):
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
