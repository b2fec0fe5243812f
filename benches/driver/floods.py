"""What honest members notice while forged frames come in over their TAP: one kind after the other.

The members, ten who listen and one who speaks, have a core, the node has another, and the flood has what
is left of the members' core. The quiet room is measured right before each flood, and a ratio is taken
between the two. A run fails when a member is refused, reset or not heard.
"""

import multiprocessing
import os
import socket
import statistics
import sys
import time

from . import net, servers
from .forged import Forger

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
LINES, VISITS = 3_000, 40


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


def honest(server):
    """The median round trip of a line; `None` if somebody was turned away, or a visitor with a connection of
    its own for each line was."""
    crowd = ["crowd", "--members", 10, "--window", 1, "--lines", LINES]
    lines = servers.load(server, crowd, CLIENT)
    visits = servers.load(server, ["connect", "--count", VISITS], CLIENT)
    return lines["p50_us"] if lines and visits else None


def measured(rounds):
    """For each kind and round: the rate of the flood, and what the members saw without it and in it."""
    net.prepare()
    net.settle(SETTINGS)
    server = servers.node(
        "node", NUMBER, 1500, "--address", f"{ADDRESS6}/64", "--host-address", f"fd00:{NUMBER}::2/64",
        "--connections", 64,
    )  # fmt: skip
    try:
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
        return [kind, "-", "-", "-", "-", len(runs)]
    median = statistics.median
    return [
        kind,
        round(median(rate for rate, _, _ in whole), -2).__trunc__(),
        f"{median(quiet for _, quiet, _ in whole):.1f}",
        f"{median(flooded for _, _, flooded in whole):.1f}",
        f"{median(flooded / quiet for _, quiet, flooded in whole):.2f}",
        len(runs) - len(whole),
    ]


HEAD = ["kind", "frames/s", "quiet us", "flooded us", "ratio", "turned away"]


def report(rounds):
    """Measures, prints the table, and keeps it for the page of promises."""
    rows = [row(kind, runs) for kind, runs in measured(rounds).items()]
    text = "".join("\t".join(map(str, fields)) + "\n" for fields in (HEAD, *rows))
    FIGURES.write_text(text)
    print(text, end="")
    return 1 if any(fields[-1] for fields in rows) else 0
