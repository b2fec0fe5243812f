"""The parts of a linked image: octets of flash for each, by the names of its symbols.

usage: image_parts.py ELF   (reads `nm -S -C ELF`)
"""

import collections
import re
import subprocess
import sys

# The first that a symbol's name contains; a function compiled for a board's driver counts as the driver's.
PARTS = (
    ("smolchat_firmware", "boot options, DHCP, run loop"),
    ("smolchat::app", "application: room and node joined"),
    ("smolchat::web", "web page"),
    ("smolchat::chat", "chat"),
    ("smolhost::trace", "journal and ladder"),
    ("smolhost", "node"),
    ("smolboard", "drivers, console, last words"),
    ("smoltcp", "smoltcp"),
    ("siphasher", "hashes"),
    ("core::unicode", "core: tables of Unicode"),
    ("core::", "core"),
    ("compiler_builtins", "core"),
)


def main():
    elf = sys.argv[1]
    listing = subprocess.run(["nm", "-S", "-C", elf], check=True, capture_output=True, text=True).stdout
    sizes = collections.Counter()
    for line in listing.splitlines():
        row = re.fullmatch(r"[0-9a-f]+ ([0-9a-f]+) [tTrRwW] (.*)", line)
        if row:
            name = row[2]
            part = next((part for key, part in PARTS if key in name), "runtime, vector table")
            if name.startswith(".L"):
                part = "texts and places of panics"
            sizes[part] += int(row[1], 16)
    total = flash(elf)
    sizes["texts and places of panics"] += total - sum(sizes.values())
    for part, octets in sizes.most_common():
        print(f"  {part:<36} {octets:7}")


def flash(elf):
    """Text and data as GNU size counts them; what has no symbol is constants."""
    sums = subprocess.run(["size", elf], check=True, capture_output=True, text=True).stdout
    text, data = sums.splitlines()[-1].split()[:2]
    return int(text) + int(data)


main()
