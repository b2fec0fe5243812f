"""The command line of `scripts/bench`."""

import argparse

from . import instructions


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measures smolchat."
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--check-instructions",
        action="store_true",
        help="count instructions in memory; fail if a case grew by more than 5 %%",
    )
    what.add_argument(
        "--accept-instructions",
        action="store_true",
        help="count them, and keep the counts as those to compare with",
    )
    arguments = parser.parse_args()
    if arguments.check_instructions:
        return instructions.check()
    return instructions.accept()
