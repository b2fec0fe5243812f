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


def beside(results, server, figure, key, counts, goal, what):
    """A figure beside many of something as a share of the same beside none, by rounds."""
    alone = results.rounds.get(f"{key.format(0)}, one core", {}).get(server, {})
    for count in counts:
        rounds = results.rounds.get(f"{key.format(count)}, one core", {}).get(server, {})
        shares = sorted(
            run[figure] / alone[number][figure]
            for number, run in rounds.items()
            if run and alone.get(number)
        )
        if shares:
            yield row(what.format(f"{count:,}"), shares[len(shares) // 2], goal, True)


def flatness(results):
    key = "TCP echo beside {} idle connections"
    what = "echo beside {} idle connections against none"
    return beside(results, "node-idle", "p50_us", key, (4_000, 10_000), 1.1, what)


def fairness(results):
    key = "99 of 100 lines to 180 members beside {} who do not read"
    what = "99 of 100 lines to 180 members, beside {} who do not read against none"
    # 15 % is how fine a 99th of a hundred can be measured.
    return beside(results, "node", "p99_us", key, (20,), 1.15, what)


def section(cases, results):
    lines = ["## Goals", "", "| what | goal | reached | met |", "| --- | ---: | ---: | --- |"]
    for what, key, ours, whose, goal, less in GOALS:
        case = next((case for case in cases if case.key.startswith(key)), None)
        reached = results.ratio(case, ours, whose) if case else None
        if reached is not None:
            lines.append(row(what, reached, goal, less))
    lines += [*flatness(results), *fairness(results)]
    return "\n".join([*lines, ""])
