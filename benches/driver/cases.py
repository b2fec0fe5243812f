"""What is measured: of whom, with which arguments of the client, and which figure counts."""

from dataclasses import dataclass

TRIP = ["floor", "node", "tight", "plain", "kernel", "tokio"]
CHAT = ["node", "tight-chat", "plain-chat", "kernel", "tokio"]
BULK = ["floor", "node", "node-offload", "plain", "kernel"]


@dataclass
class Case:
    title: str
    load: list
    servers: list
    # The figure of the client's that counts, its unit, and whether less is better.
    figure: str
    unit: str
    less: bool
    # Cores of the client and of the server.
    cores: tuple = (0, 0)

    @property
    def where(self):
        return "one core" if self.cores[0] == self.cores[1] else "two cores"

    @property
    def key(self):
        return f"{self.title}, {self.where}"


SAME, SPLIT = (0, 0), (0, 1)


def trips(count):
    for cores in (SAME, SPLIT):
        tcp = TRIP if cores == SAME else [*TRIP, "node-spin"]
        yield Case("TCP echo", ["tcp", "--count", count], tcp, "p50_us", "us", True, cores)
        yield Case("UDP echo", ["udp", "--count", count], TRIP, "p50_us", "us", True, cores)
    visits = ["connect", "--count", count // 2]
    yield Case("connect, line, close", visits, TRIP, "per_s", "/s", False)


def chats(count):
    for cores in (SAME, SPLIT):
        for members in (1, 10, 50, 200):
            for window in (1, 16):
                lines = max(200, min(1_000, count * window // 10 // max(1, members // 10)))
                load = ["crowd", "--members", members, "--window", window, "--lines", lines]
                title = f"chat to {members} members, {window} in flight"
                yield Case(title, load, CHAT, "per_s", "lines/s", False, cores)
    burst = ["burst", "--members", 200]
    yield Case("200 members join at once", burst, CHAT, "joined_per_s", "/s", False)


def fairness(count):
    for asleep in (0, 20):
        load = ["crowd", "--members", 180, "--window", 1, "--lines", count // 5, "--asleep", asleep]
        title = f"99 of 100 lines to 180 members beside {asleep} who do not read"
        yield Case(title, load, ["node"], "p99_us", "us", True)


def bulks(octets):
    for title, direction in (("bulk to the server", "to"), ("bulk from the server", "from")):
        load = [direction, "--octets", octets]
        yield Case(f"{title}, MTU 1500", load, BULK, "gbit_s", "Gbit/s", False, SPLIT)


def idles(count):
    for connections in (0, 100, 1_000, 4_000, 10_000):
        load = ["idle", "--connections", connections, "--count", count]
        servers = ["node-idle", "kernel"]
        if connections <= 1_000:
            servers.append("plain-idle")
        title = f"TCP echo beside {connections} idle connections"
        yield Case(title, load, servers, "p50_us", "us", True)


def large(octets):
    for mtu in (9_000, 65_000):
        for title, direction in (("bulk to the server", "to"), ("bulk from the server", "from")):
            load = [direction, "--octets", octets]
            servers = [f"floor-{mtu}", f"node-{mtu}", f"plain-{mtu}"]
            yield Case(f"{title}, MTU {mtu}", load, servers, "gbit_s", "Gbit/s", False, SPLIT)


def profiled():
    """What is run once more for some seconds, to see where the time goes."""
    for title, load in (
        ("TCP echo", ["tcp", "--count", 150_000]),
        ("UDP echo", ["udp", "--count", 150_000]),
        ("connect, line, close", ["connect", "--count", 30_000]),
        ("chat to 50 members, 1 in flight", ["crowd", "--members", 50, "--window", 1, "--lines", 6_000]),
        ("chat to 50 members, 16 in flight", ["crowd", "--members", 50, "--window", 16, "--lines", 50_000]),
        ("chat to 200 members, 1 in flight", ["crowd", "--members", 200, "--window", 1, "--lines", 1_500]),
    ):
        yield Case(title, load, ["node"], "", "", True)


def everything(quick):
    count = 1_000 if quick else 5_000
    octets = 100_000_000 if quick else 400_000_000
    return [
        *trips(count),
        *chats(count),
        *fairness(count),
        *bulks(octets),
        *large(octets),
        *idles(count),
    ]
