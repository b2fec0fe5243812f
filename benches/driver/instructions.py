"""Instruction counts: run, compare with those accepted last, accept.

Needs valgrind, and `cargo install gungraun-runner` in the version of the crate in Cargo.lock.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ACCEPTED = ROOT / "benches" / "accepted.toml"
# The harness runs a case so many times for one figure.
STEPS = 100
GROWTH = 0.05


def counts():
    """Instructions per step of each case."""
    command = ["cargo", "bench", "--bench", "instructions", "--", "--output-format=json"]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(
            "the benchmark did not run: it needs valgrind, and gungraun-runner in the "
            "version that Cargo.lock has of gungraun (cargo install gungraun-runner)"
        )
    found = {}
    for line in run.stdout.splitlines():
        if not line.strip():
            continue
        case = json.loads(line)
        metrics = case["profiles"][0]["data"]["parts"][0]["metrics"]
        name = f"{case['function_name']}.{case['id']}"
        found[name] = round(metrics["Ir"]["values"]["new"] / STEPS)
    return found


def accept():
    found = counts()
    lines = [
        "# Instructions per step of each case of `benches/instructions.rs`, as accepted last.",
        "# Written by `scripts/bench --accept-instructions`, on x86-64 with the release profile.",
        "",
        *(f'"{name}" = {count}' for name, count in found.items()),
    ]
    ACCEPTED.write_text("\n".join(lines) + "\n")
    return 0


def check():
    accepted = tomllib.loads(ACCEPTED.read_text())
    found = counts()
    failed = False
    for name in sorted(accepted.keys() | found.keys()):
        before, now = accepted.get(name), found.get(name)
        if before is None or now is None:
            verdict = "not accepted yet" if before is None else "gone"
            failed = True
        else:
            change = now / before - 1
            grew = change > GROWTH
            failed = failed or grew
            verdict = f"{change:+.1%}" + (" GREW" if grew else "")
        print(f"{name:45} {before or '-':>8} {now or '-':>8}  {verdict}")
    return 1 if failed else 0
