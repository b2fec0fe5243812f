"""The whole-system measurement: rounds, in which every server has its turn in every case."""

import platform
import statistics
import os
import resource
import sys
import time

from . import cases, net, servers


def quartiles(values):
    if len(values) < 2:
        return (values[0],) * 3
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


class Results:
    """Figures by case and server, one for each round; `None` where a run failed."""

    def __init__(self):
        self.rounds = {}

    def add(self, case, server, round_number, figures):
        self.rounds.setdefault(case.key, {}).setdefault(server, {})[round_number] = figures

    def values(self, case, server, figure=None):
        runs = self.rounds.get(case.key, {}).get(server, {})
        return [run[figure or case.figure] for run in runs.values() if run]

    def ratio(self, case, one, other):
        """The median of one server's figure as a share of another's, taken within each round."""
        runs = self.rounds.get(case.key, {})
        shares = [
            run[case.figure] / runs[other][number][case.figure]
            for number, run in runs.get(one, {}).items()
            if run and runs.get(other, {}).get(number)
        ]
        return statistics.median(shares) if shares else None


def measure(results, everyone, case, rounds, round_number):
    order = [name for name in case.servers if name in everyone]
    # Nobody is always first.
    turn = round_number % len(order)
    for name in order[turn:] + order[:turn]:
        server = everyone[name]
        server.pin(case.cores[1])
        arguments = list(case.load)
        if arguments[0] == "idle" and arguments[2] > 1_000:
            arguments += sources(server)
        wait_for_quiet(everyone)
        results.add(case, name, round_number, servers.load(server, arguments, case.cores[0]))


def wait_for_quiet(everyone):
    """Waits until no server has work left, as after ten thousand connections that were closed."""
    spent = None
    for _ in range(100):
        now = sum(sum(server.cpu()) for server in everyone.values())
        if now == spent:
            return
        spent = now
        time.sleep(0.05)


def spent(server, case):
    """Shares of the processor time of a run: the server's own code, the kernel for it, the client."""

    def so_far():
        client = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (*server.cpu(), client.ru_utime + client.ru_stime)

    server.pin(case.cores[1])
    before = so_far()
    if not servers.load(server, case.load, case.cores[0]):
        return None
    parts = [after - begun for begun, after in zip(before, so_far())]
    return [part / sum(parts) for part in parts]


def addresses(server):
    """Four more addresses of the client's, as ten thousand connections come from several hosts."""
    number = server.address.split(".")[1]
    device = "veth0" if number == "30" else f"tap{number}"
    for last in range(1, 5):
        net.ip("addr", "add", f"10.{number}.1.{last}/16", "dev", device)


def sources(server):
    """Has the client connect from those."""
    number = server.address.split(".")[1]
    return ["--from", ",".join(f"10.{number}.1.{i}" for i in range(1, 5))]


def resident(connections, number):
    """Octets of memory in use by a node with room for these connections, when all were open at once."""
    room = connections + servers.IDLE - 10_000
    server = servers.node("node-idle", number, 1500, "--connections", room)
    try:
        time.sleep(1)
        addresses(server)
        load = ["idle", "--connections", connections, "--count", 1, *sources(server)]
        return server.resident() if servers.load(server, load, 0) else None
    finally:
        server.close()


def start_large(everyone):
    number = 40
    for mtu in (9_000, 65_000):
        mebibyte = 1 << 20
        everyone[f"floor-{mtu}"] = servers.floor(number, mtu)
        everyone[f"node-{mtu}"] = servers.node(
            f"node-{mtu}", number + 1, mtu, "--buffer", mebibyte, "--connections", 8
        )
        everyone[f"plain-{mtu}"] = servers.on_tap(
            f"plain-{mtu}", "plain", number + 2, mtu,
            "--chat", 1, "--echo", 1, "--buffer", 65_535,
        )
        number += 3


def facts():
    return {
        "cores": os.cpu_count(),
        "kernel": platform.release().split("-")[0],
        "machine": platform.machine(),
    }


def run(rounds, quick, only):
    net.prepare()
    side, everyone = servers.everybody()
    results = Results()
    extra = {}
    chosen = [case for case in cases.everything(quick) if only is None or only in case.title]
    try:
        start_large(everyone)
        for name in ("node-idle", "kernel"):
            addresses(everyone[name])
        for number in range(rounds):
            for case in chosen:
                print(f"round {number + 1} of {rounds}: {case.key}", file=sys.stderr)
                measure(results, everyone, case, rounds, number)
        if only is None:
            extra["spent"] = [(case, spent(everyone["node"], case)) for case in cases.profiled()]
        extra["resident"] = {
            connections: resident(connections, number)
            for number, connections in ((50, 4_000), (51, 10_000))
        }
        extra["facts"] = facts()
    finally:
        for server in everyone.values():
            server.close()
        side.close()
    return chosen, results, extra
