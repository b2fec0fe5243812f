"""The command line of `scripts/bench`."""

import argparse

from . import floods, instructions, net, report, servers, whole


def parse():
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures smolchat against a floor, smoltcp, the kernel and tokio over a TAP, in a "
        "network namespace of its own, and writes benches/REPORT.md.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--check-instructions",
        action="store_true",
        help="count instructions in memory instead; fail if a case grew by more than 5 %%",
    )
    what.add_argument(
        "--accept-instructions",
        action="store_true",
        help="count them, and keep the counts as those to compare with",
    )
    what.add_argument(
        "--floods",
        action="store_true",
        help="measure what honest members notice of 20,000 forged frames a second instead, and keep it "
        "for docs/promises.md",
    )
    parser.add_argument("--rounds", type=int, default=9, help="how often (default: 9)")
    parser.add_argument("--quick", action="store_true", help="smaller counts")
    parser.add_argument("--only", help="only cases whose title has this in it; no report")
    return parser.parse_args()


def main():
    arguments = parse()
    if arguments.check_instructions:
        return instructions.check()
    if arguments.accept_instructions:
        return instructions.accept()
    servers.build()
    net.enter()
    if arguments.floods:
        return floods.report(arguments.rounds)
    cases, results, extra = whole.run(arguments.rounds, arguments.quick, arguments.only)
    if arguments.only:
        for case in cases:
            print(report.table(case, results))
        print(f"Resident memory: {report.resident(extra)} idle connections.")
    else:
        report.write(arguments.rounds, cases, results, extra)
    return 0
