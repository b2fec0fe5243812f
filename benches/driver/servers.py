"""The servers that are compared, each at an address of its own."""

import os
import subprocess
import time
from pathlib import Path

from . import net

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "benches" / "peers"
# Connections of the node that is measured beside idle ones.
IDLE = 10_100
# What the figures of a server are called in the report.
NAMES = {
    "floor": "floor",
    "node": "smolchat",
    "node-spin": "smolchat --spin",
    "node-idle": "smolchat",
    "node-offload": "smolchat --offload",
    "tight": "smoltcp, the node's loop",
    "tight-chat": "smoltcp, the node's loop",
    "plain": "smoltcp",
    "plain-chat": "smoltcp",
    "plain-idle": "smoltcp",
    "kernel": "kernel (epoll)",
    "tokio": "tokio",
}


def target(directory):
    return Path(os.environ.get("CARGO_TARGET_DIR", directory / "target")) / "release"


def build():
    for directory, which in ((ROOT, ["--bin", "smolchat"]), (PEERS, ["--bins"])):
        command = ["cargo", "build", "--release", "--quiet", *which]
        subprocess.run(command, cwd=directory, check=True)


class Server:
    def __init__(self, name, address, command, prefix=()):
        self.name, self.address = name, address
        self.command = [str(part) for part in command]
        self.process = subprocess.Popen(
            [*prefix, *self.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        # `nsenter` becomes the program; so the process is the server's own.
        self.pid = self.process.pid

    def pin(self, core):
        os.sched_setaffinity(self.pid, {core})

    def cpu(self):
        """Seconds of processor time so far: in its own code, and in the kernel for it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return tuple(int(ticks) / os.sysconf("SC_CLK_TCK") for ticks in fields[11:13])

    def resident(self):
        """Octets of memory in use."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()


def node(name, number, mtu=1500, *more):
    ours = target(ROOT) / "smolchat"
    command = [
        ours, "serve", "--services", "--plain", "--messages-per-second", "0",
        "--tap", f"tap{number}", "--mtu", mtu,
        "--address", f"10.{number}.0.1/16", "--host-address", f"10.{number}.0.2/16",
        *more,
    ]
    return Server(name, f"10.{number}.0.1", command)


def on_tap(name, program, number, mtu=1500, *more):
    tap = net.tap(number, mtu)
    command = [target(PEERS) / program, "--tap", tap, "--address", f"10.{number}.0.1", *more]
    return Server(name, f"10.{number}.0.1", command)


def floor(number, mtu=1500):
    return on_tap("floor", "floor", number, mtu, "--mtu", mtu)


def everybody():
    """All servers but those for larger frames, and the namespace of two of them."""
    side = net.KernelSide(30)
    peers = target(PEERS)
    servers = [
        floor(11),
        node("node", 12, 1500, "--connections", 256),
        node("node-spin", 13, 1500, "--connections", 256, "--spin", "50us"),
        node("node-idle", 14, 1500, "--connections", IDLE),
        node("node-offload", 18, 1500, "--connections", 256, "--offload"),
        on_tap("plain", "plain", 15, 1500, "--chat", 1, "--buffer", 65_535),
        on_tap("plain-chat", "plain", 16, 1500, "--chat", 202, "--echo", 1),
        on_tap("tight", "plain", 19, 1500, "--chat", 1, "--tight"),
        on_tap("tight-chat", "plain", 20, 1500, "--chat", 202, "--echo", 1, "--tight"),
        on_tap("plain-idle", "plain", 17, 1500, "--chat", 1, "--echo", 1_002, "--buffer", 2_048),
        Server("kernel", "10.30.0.1", [peers / "kernel", "--address", "10.30.0.1"], side.prefix),
        Server("tokio", "10.30.0.3", [peers / "tokio_chat", "--address", "10.30.0.3"], side.prefix),
    ]
    time.sleep(1)
    return side, {server.name: server for server in servers}


def load(server, arguments, core):
    """Runs the client once against a server."""
    import json

    program = target(PEERS) / "load"
    command = ["taskset", "-c", str(core), program, "--to", server.address, *arguments]
    run = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, text=True, timeout=120
    )
    if run.returncode != 0:
        return None
    return json.loads(run.stdout)
