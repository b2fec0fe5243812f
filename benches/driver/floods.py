"""What honest members notice while forged frames come in over their TAP: one kind after the other.

The members, ten who listen and one who speaks, have a core, the node has another, and the flood has what
is left of the members' core. A member over UDP speaks after them. The quiet room is measured right before
each flood, and a ratio is taken between the two. A run fails when a member is refused, reset or not heard.
"""

import multiprocessing
import os
import socket
import statistics
import sys
import time

from . import net, servers
from .forged import Forger

UDP_PORT = 9000
NUMBER, HARDWARE = 12, bytes([2, 0, 0, 0, 0, 1])
ADDRESS, ADDRESS6, MEMBER = f"10.{NUMBER}.0.1", f"fd00:{NUMBER}::1", f"10.{NUMBER}.0.2"
FIGURES = servers.ROOT / "docs" / "floods.tsv"
# Forged frames a second, and in how many parts.
RATE, BEATS = 20_000, 500
# Where the members connect from: so few ports that forged resets are at the right one each time.
PORTS = range(50_000, 50_064)
SETTINGS = {
    "net.ipv4.ip_local_port_range": f"{PORTS[0]} {PORTS[-1]}",
    "net.ipv6.conf.all.disable_ipv6": "0",
    "net.ipv6.conf.default.disable_ipv6": "0",
}
CLIENT, NODE = 0, 1
LINES, VISITS, DATAGRAMS = 3_000, 40, 1_000


def send(frames, ready, sent):
    """Sends at the rate until it is ended, and counts what left."""
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((f"tap{NUMBER}", 0))
    out.setblocking(False)
    due, index = time.monotonic(), 0
    os.write(ready, b"!")
    while True:
        for _ in range(RATE // BEATS):
            try:
                out.send(frames[index % len(frames)])
                sent.value += 1
            except (BlockingIOError, OSError):
                # The TAP is full.
                pass
            index += 1
        due += 1 / BEATS
        time.sleep(max(0, due - time.monotonic()))


class Flood:
    """A child that sends forged frames of a kind for as long as it is entered."""

    def __init__(self, kind):
        self.kind, self.sent = kind, multiprocessing.Value("Q", 0, lock=False)

    def __enter__(self):
        member = (MEMBER, PORTS)
        frames = Forger(HARDWARE, ADDRESS, ADDRESS6, member).frames(self.kind)
        begun, begin = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.sched_setaffinity(0, {CLIENT})
            send(frames, begin, self.sent)
        os.read(begun, 1)
        os.close(begun)
        os.close(begin)
        self.since = time.monotonic()
        return self

    def __exit__(self, *_):
        self.rate = self.sent.value / (time.monotonic() - self.since)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


def datagrams(server):
    """The median round trip in microseconds of what a member over UDP says; `None` if a datagram was lost."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as member:
        member.settimeout(1)
        member.connect((server.address, UDP_PORT))
        took = []
        try:
            member.send(b"/join, please")
            code = member.recv(2_000).split()[-1]
            member.send(b"/join " + code)
            member.recv(2_000)
            for _ in range(DATAGRAMS):
                since = time.perf_counter()
                member.send(b"hello")
                member.recv(2_000)
                took.append(time.perf_counter() - since)
            member.send(b"q")
            member.recv(2_000)
        except TimeoutError:
            return None
    return statistics.median(took) * 1e6


def honest(server):
    """The median round trips of a line and of a datagram; `None` if somebody was turned away, or a visitor with
    a connection of its own for each line was, or a datagram was not answered."""
    crowd = ["crowd", "--members", 10, "--window", 1, "--lines", LINES]
    lines = servers.load(server, crowd, CLIENT)
    visits = servers.load(server, ["connect", "--count", VISITS], CLIENT)
    datagram = datagrams(server)
    return (lines["p50_us"], datagram) if lines and visits and datagram else None


def measured(rounds):
    """For each kind and round: the rate of the flood, and what the members saw without it and in it."""
    net.prepare()
    net.settle(SETTINGS)
    server = servers.node(
        "node", NUMBER, 1500, "--address", f"{ADDRESS6}/64", "--host-address", f"fd00:{NUMBER}::2/64",
        "--connections", 64,
    )  # fmt: skip
    try:
        os.sched_setaffinity(0, {CLIENT})
        server.pin(NODE)
        time.sleep(1)
        honest(server)
        kinds = Forger(HARDWARE, ADDRESS, ADDRESS6, (MEMBER, PORTS)).kinds()
        seen = {kind: [] for kind in kinds}
        for number in range(rounds):
            for kind in kinds:
                print(f"round {number + 1} of {rounds}: {kind}", file=sys.stderr)
                quiet = honest(server)
                with Flood(kind) as flood:
                    flooded = honest(server)
                seen[kind].append((flood.rate, quiet, flooded))
        return seen
    finally:
        server.close()


def row(kind, runs):
    """Of each round: the ratio within it. Of all rounds: medians, and how many were turned away."""
    whole = [(rate, quiet, flooded) for rate, quiet, flooded in runs if quiet and flooded]
    if not whole:
        return [kind, *["-"] * (len(HEAD) - 2), len(runs)]
    median = statistics.median
    figures = []
    for of in (LINE, DATAGRAM):
        pairs = [(quiet[of], flooded[of]) for _, quiet, flooded in whole]
        figures += [
            f"{median(quiet for quiet, _ in pairs):.1f}",
            f"{median(flooded for _, flooded in pairs):.1f}",
            f"{median(flooded / quiet for quiet, flooded in pairs):.2f}",
        ]
    rate = round(median(rate for rate, _, _ in whole), -2).__trunc__()
    return [kind, rate, *figures, len(runs) - len(whole)]


LINE, DATAGRAM = 0, 1
HEAD = [
    "kind", "frames/s", "TCP quiet us", "flooded us", "ratio", "UDP quiet us", "flooded us", "ratio", "turned away",
]  # fmt: skip


def report(rounds):
    """Measures, prints the table, and keeps it for the page of promises."""
    rows = [row(kind, runs) for kind, runs in measured(rounds).items()]
    text = "".join("\t".join(map(str, fields)) + "\n" for fields in (HEAD, *rows))
    FIGURES.write_text(text)
    print(text, end="")
    return 1 if any(fields[-1] for fields in rows) else 0
