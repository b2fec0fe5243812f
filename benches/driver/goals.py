"""What was aimed at, and what was reached, as ratios within the rounds of one run."""

# What; the beginning of the case's key; ours; whose; the goal; whether it is a bound from above.
GOALS = [
    ("TCP echo against the floor", "TCP echo, one core", "node", "floor", 1.05, True),
    ("TCP echo against the kernel", "TCP echo, one core", "node", "kernel", 0.92, True),
    ("UDP echo against the floor", "UDP echo, one core", "node", "floor", 1.05, True),
    ("UDP echo against the kernel", "UDP echo, one core", "node", "kernel", 0.92, True),
    ("TCP echo with --spin against the kernel, which sleeps", "TCP echo, two cores", "node-spin", "kernel", 0.40, True),
    ("connect, line, close against the floor", "connect", "node", "floor", 0.95, False),
    ("connect, line, close against the kernel with epoll", "connect", "node", "kernel", 1.4, False),
    ("a line to 50 against tokio, one core", "chat to 50 members, 1 in flight, one", "node", "tokio", 1.5, False),
    ("a line to 50 against tokio, two cores", "chat to 50 members, 1 in flight, two", "node", "tokio", 1.5, False),
    ("16 lines in flight to 50 against tokio, one core", "chat to 50 members, 16 in flight, one", "node", "tokio", 8, False),
    ("16 lines in flight to 50 against tokio, two cores", "chat to 50 members, 16 in flight, two", "node", "tokio", 8, False),
    ("bulk to the server, MTU 1500, against smoltcp", "bulk to the server, MTU 1500", "node", "plain", 1, False),
    ("bulk from the server, MTU 1500, against smoltcp", "bulk from the server, MTU 1500", "node", "plain", 1, False),
    ("bulk to the server, MTU 65000, against the floor", "bulk to the server, MTU 65000", "node-65000", "floor-65000", 0.8, False),
    ("bulk from the server, MTU 65000, against the floor", "bulk from the server, MTU 65000", "node-65000", "floor-65000", 0.8, False),
]


def row(what, reached, goal, less):
    met = reached <= goal if less else reached >= goal
    bound = "at most" if less else "at least"
    return f"| {what} | {bound} {goal:g} | {reached:.2f} | {'yes' if met else '**no**'} |"


def flatness(cases, results):
    """The echo beside many idle connections as a share of the echo beside none, by rounds."""
    keys = {count: f"TCP echo beside {count} idle connections, one core" for count in (0, 4_000, 10_000)}
    alone = results.rounds.get(keys[0], {}).get("node-idle", {})
    for count in (4_000, 10_000):
        beside = results.rounds.get(keys[count], {}).get("node-idle", {})
        shares = sorted(
            run["p50_us"] / alone[number]["p50_us"]
            for number, run in beside.items()
            if run and alone.get(number)
        )
        if shares:
            what = f"echo beside {count:,} idle connections against none"
            yield row(what, shares[len(shares) // 2], 1.1, True)


def section(cases, results):
    lines = ["## Goals", "", "| what | goal | reached | met |", "| --- | ---: | ---: | --- |"]
    for what, key, ours, whose, goal, less in GOALS:
        case = next((case for case in cases if case.key.startswith(key)), None)
        reached = results.ratio(case, ours, whose) if case else None
        if reached is not None:
            lines.append(row(what, reached, goal, less))
    lines += flatness(cases, results)
    return "\n".join([*lines, ""])
