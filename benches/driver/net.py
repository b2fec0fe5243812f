"""Network namespaces: one for the client and the TAPs, one for servers on the kernel's stack."""

import os
import subprocess
import sys
import time
from pathlib import Path

CLIENT_SETTINGS = {
    # Who waits in TIME-WAIT keeps its port; after some runs there would be none left.
    "net.ipv4.tcp_max_tw_buckets": "0",
    "net.ipv4.ip_local_port_range": "1024 65535",
    # The floor mirrors frames, and would mirror timestamps too.
    "net.ipv4.tcp_timestamps": "0",
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1",
    "net.ipv4.tcp_rmem": "4096 1048576 4194304",
    "net.ipv4.tcp_wmem": "4096 1048576 4194304",
}
MARK = "SMOLCHAT_BENCH_NAMESPACE"


def enter():
    """Runs this program again in namespaces of its own, unless it is there already."""
    if os.environ.get(MARK):
        return
    os.environ[MARK] = "1"
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "-r", "--net"]
    os.execvp("unshare", [*unshare, sys.executable, *sys.argv])


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def ip(*arguments):
    run("ip", *arguments)


def settle(settings=CLIENT_SETTINGS, prefix=()):
    for name, value in settings.items():
        run(*prefix, "sysctl", "-q", "-w", f"{name}={value}")


def prepare():
    ip("link", "set", "lo", "up")
    settle()


def tap(number, mtu=1500):
    """A TAP; the client is 10.number.0.2, and the node may be 10.number.0.1."""
    name = f"tap{number}"
    ip("tuntap", "add", "dev", name, "mode", "tap")
    ip("addr", "add", f"10.{number}.0.2/16", "dev", name)
    ip("link", "set", name, "mtu", str(mtu), "up")
    return name


class KernelSide:
    """A second namespace, at the other end of a veth pair."""

    def __init__(self, number):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.prefix = ["nsenter", "-n", "-t", str(self.holder.pid)]
        ours = Path("/proc/self/ns/net").readlink()
        theirs = Path(f"/proc/{self.holder.pid}/ns/net")
        while theirs.readlink() == ours:
            time.sleep(0.01)
        ip("link", "add", "veth0", "type", "veth", "peer", "name", "veth1")
        ip("link", "set", "veth1", "netns", str(self.holder.pid))
        ip("addr", "add", f"10.{number}.0.2/16", "dev", "veth0")
        # Without segmentation offload: each frame is one of at most the MTU, as on the TAP.
        ip("link", "set", "veth0", "gso_max_segs", "1", "up")
        for command in (
            ["ip", "link", "set", "lo", "up"],
            ["ip", "addr", "add", f"10.{number}.0.1/16", "dev", "veth1"],
            ["ip", "addr", "add", f"10.{number}.0.3/16", "dev", "veth1"],
            ["ip", "link", "set", "veth1", "gso_max_segs", "1", "up"],
        ):
            run(*self.prefix, *command)
        settle(prefix=self.prefix)

    def close(self):
        self.holder.terminate()
        self.holder.wait()
