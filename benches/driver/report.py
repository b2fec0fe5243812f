"""The page: tables and plots, and the command behind each row."""

from . import goals, instructions, plot
from .servers import NAMES, ROOT
from .whole import quartiles

PAGE = ROOT / "benches" / "REPORT.md"
PLOTS = ROOT / "benches" / "plots"

# Which cases a plot has, by the beginning of their titles, and its file.
CHARTS = [
    ("echo", ("TCP echo", "UDP echo"), "Round trip of 32 octets"),
    ("connect", ("connect, line",), "Connect, line, close"),
    ("chat-1", ("chat",), "Lines delivered, one in flight"),
    ("chat-16", ("chat",), "Lines delivered, 16 in flight"),
    ("bulk", ("bulk",), "Bulk"),
    ("idle", ("TCP echo beside",), "Round trip beside idle connections"),
]


def title_of(server):
    return NAMES.get(server, NAMES.get(server.split("-")[0], server))


def table(case, results):
    reference = next((name for name in case.servers if name.startswith("node")), None)
    lines = [
        f"| {case.title}, {case.where} | median {case.unit} | quartiles | smolchat is |",
        "| --- | ---: | ---: | ---: |",
    ]
    for server in case.servers:
        values = results.values(case, server)
        if not values:
            lines.append(f"| {title_of(server)} | did not finish | | |")
            continue
        low, median, high = quartiles(values)
        share = results.ratio(case, reference, server) if server != reference else None
        ratio = f"{share:.2f}" if share else ""
        lines.append(
            f"| {title_of(server)} | {plot.number(median)} "
            f"| {plot.number(low)} to {plot.number(high)} | {ratio} |"
        )
    command = " ".join(["load", "--to", "ADDRESS", *map(str, case.load)])
    return "\n".join([*lines, "", f"`{command}`", ""])


def in_chart(name, beginnings, case):
    if not case.title.startswith(beginnings):
        return False
    if name == "echo":
        return "beside" not in case.title
    if name.startswith("chat-"):
        return case.title.endswith(f", {name[5:]} in flight")
    return True


def charts(cases, results):
    PLOTS.mkdir(exist_ok=True)
    for name, beginnings, title in CHARTS:
        chosen = [case for case in cases if in_chart(name, beginnings, case)]
        groups = []
        for case in chosen:
            rows = []
            for server in case.servers:
                values = results.values(case, server)
                if values:
                    low, median, high = quartiles(values)
                    rows.append((title_of(server), median, low, high))
            if rows:
                groups.append((f"{case.title.split(',')[0]}, {case.where}", rows))
        if groups:
            (PLOTS / f"{name}.svg").write_text(plot.bars(title, chosen[0].unit, groups))
            yield f"![{title}](plots/{name}.svg)"


def resident(extra):
    figures = [
        f"{octets / 1e6:.0f} MB with {connections:,}" if octets else f"with {connections:,} it did not finish"
        for connections, octets in extra["resident"].items()
    ]
    return ", ".join(figures)


def head(rounds, extra):
    facts = extra["facts"]
    return f"""# Measurements

Written by `scripts/bench`. Times drift from machine to machine and with what else a machine does;
ratios hold. Each row is the median of {rounds} rounds with its quartiles. In each round every server
has its turn, in changing order; *smolchat is* the median of the ratios within the rounds, smolchat's
figure as a share of the row's. For times less is better, for rates more.

- **floor**: a program that answers each frame from itself, without a stack, on a TAP.
- **smolchat**: `smolchat serve --services --plain --messages-per-second 0` on a TAP, journal on; with
  `--offload` on a TAP that hands over and takes long segments.
- **smoltcp**: its plain use: one `SocketSet`, its own TAP device, `phy_wait`. **In the node's loop** it
  has the node's device and way of sleeping: what smoltcp alone costs there.
- **kernel (epoll)** and **tokio**: servers on the kernel's sockets behind a veth pair, without
  segmentation offload.

The client (`load`, in `benches/peers`) uses kernel sockets. *One core*: client and server share it;
*two cores*: one each.

Machine: {facts["cores"]} cores, {facts["machine"]}, Linux {facts["kernel"]}, a virtual machine.
Resident memory of a node with room for so many idle connections and 100 more, all of them opened:
{resident(extra)}.
"""


def spent(extra):
    """Where the processor's time goes while client and server share a core."""
    lines = [
        "## Where the time goes",
        "",
        "Shares of the processor time of client and server together, on one core, in a run of some seconds.",
        "The kernel's share for smolchat has the client's way through its stack in it: a write to a TAP",
        "delivers the frame. If smolchat's own code took no time at all, its figure would be better by the",
        "last column's factor.",
        "",
        "| case | smolchat's own code | kernel, for it | client | bound |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for case, shares in extra["spent"]:
        if shares:
            own, kernel, client = shares
            lines.append(
                f"| {case.title} | {own:.0%} | {kernel:.0%} | {client:.0%} | {1 / (1 - own):.2f} |"
            )
    return "\n".join([*lines, ""])


def counts():
    import tomllib

    accepted = tomllib.loads(instructions.ACCEPTED.read_text())
    lines = [
        "## Instructions in memory",
        "",
        "Per step, from `benches/accepted.toml`; `scripts/bench --check-instructions` counts again and",
        "fails if one grew by more than 5 %. Peer and assertions are counted, too.",
        "",
        "| case | instructions |",
        "| --- | ---: |",
        *(f"| {name.replace('_', ' ').replace('.', ', ')} | {count:,} |" for name, count in accepted.items()),
        "",
    ]
    return "\n".join(lines)


def write(rounds, cases, results, extra):
    parts = [head(rounds, extra), goals.section(cases, results)]
    notes = ROOT / "benches" / "NOTES.md"
    if notes.exists():
        parts.append(notes.read_text())
    parts += [*charts(cases, results), "", spent(extra)]
    parts += [table(case, results) for case in cases]
    parts.append(counts())
    PAGE.write_text("\n".join(parts))
