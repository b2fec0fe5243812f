"""The two halves of scripts/soak: outside, the program and its console; inside its network, the people.

    soak.py PROGRAM TIME            starts the program, and itself again in the program's network
    soak.py --inside SECONDS PORT   the people: reports on standard output as JSON, one a line

Everybody is one asyncio program: members that talk, `nc` and `curl` as others have them, silent crowds,
floods of datagrams. A member that always listens knows the order in which the room heard the lines; what
others heard is compared with that. Floods are bounded: FLOOD datagrams and CROWD connections a minute.
"""

import asyncio
import contextlib
import json
import random
import re
import subprocess
import sys
import time

HOST = "192.168.69.1"
MEMBERS = 8
FLOOD = 2_000
CROWD = 40
# A line takes so long at most, segments lost twice included.
PATIENCE = 20
# What the resident memory may grow by after the first tenth of the time: buffers become real as they are used.
GROWTH_KIB = 16 * 1024
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Room:
    """What was said, in the room's order, and how it is heard."""

    def __init__(self, port):
        self.port = port
        self.said = {}
        self.order = []
        self.place = {}
        self.delivered = 0
        self.slowest = 0.0
        self.faults = []
        self.left = []

    def say(self):
        number = len(self.said)
        self.said[number] = time.monotonic()
        return number, f"line {number}\n".encode()

    def fail(self, text):
        self.faults.append(text)

    def hear(self, number):
        """The member that always listens heard a line."""
        if number in self.place:
            self.fail(f"line {number} came twice")
        self.place[number] = len(self.order)
        self.order.append(number)

    def check(self):
        """Members who left heard everything between their own first and last line, in order."""
        for name, own, heard in self.left:
            missing = [number for number in own if number not in self.place]
            if missing:
                self.fail(f"{name} said {missing}, and the room did not hear it")
                continue
            first, last = self.place[own[0]], self.place[own[-1]]
            mine = set(own)
            meant = [number for number in self.order[first:last] if number not in mine]
            got = [n for n in heard if n in self.place and first < self.place[n] < last]
            if got != meant:
                lost = sorted(set(meant) - set(got))
                self.fail(f"{name} did not hear {lost or 'the lines in their order'}")
        self.left.clear()


def number_in(line):
    found = re.match(rb"guest-\d+: line (\d+)$", line.rstrip(b"\n"))
    return int(found[1]) if found else None


async def read_lines(room, reader, heard, answers, ear=False):
    """Reads until the end; what is left without a line end is the result."""
    while True:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            return line
        number = number_in(line)
        if number is not None:
            room.delivered += 1
            room.slowest = max(room.slowest, time.monotonic() - room.said[number])
            heard.append(number)
            if ear:
                room.hear(number)
        elif line.startswith(b"Delivered to"):
            answers.put_nowait(line)


async def ear(room, ready, end):
    """The member that always listens."""
    reader, writer = await asyncio.open_connection(HOST, room.port)
    answers = asyncio.Queue()
    listening = asyncio.create_task(read_lines(room, reader, [], answers, ear=True))
    writer.write(b"here\n")
    await asyncio.wait_for(answers.get(), PATIENCE)
    ready.set()
    ending = asyncio.create_task(end.wait())
    await asyncio.wait([ending, listening], return_when=asyncio.FIRST_COMPLETED)
    if listening.done():
        ending.cancel()
        return room.fail("the member that always listens was sent away")
    writer.write(b"q\n")
    if await asyncio.wait_for(listening, PATIENCE) != b"q":
        room.fail("q was not answered by q")
    writer.close()


async def member(room, name, quiet):
    """Comes, talks until all is to be quiet, and goes: with q, by closing, or by a reset."""
    reader, writer = await asyncio.open_connection(HOST, room.port)
    own, heard, answers = [], [], asyncio.Queue()
    listening = asyncio.create_task(read_lines(room, reader, heard, answers))
    for _ in range(random.randint(2, 20)):
        number, text = room.say()
        own.append(number)
        writer.write(text)
        await asyncio.wait_for(answers.get(), PATIENCE)
        if quiet.is_set():
            break
        await asyncio.sleep(random.uniform(0.3, 1.5))
    way = random.choice(["q", "FIN", "RST"])
    if way == "RST":
        writer.transport.abort()
        listening.cancel()
    else:
        if way == "q":
            writer.write(b"q\n")
        else:
            writer.write_eof()
        rest = await asyncio.wait_for(listening, PATIENCE)
        if rest != (b"q" if way == "q" else b""):
            room.fail(f"{name} left with {way} and heard {rest!r}")
        writer.close()
    room.left.append((name, own, heard))


async def run(*command, text=b""):
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    output, _ = await asyncio.wait_for(process.communicate(text), 2 * PATIENCE)
    return output


async def stranger(room, name):
    """A program of somebody else's: netcat with one line, or a browser."""
    if random.random() < 0.5:
        page = await run("curl", "-s", "-m", str(PATIENCE), f"http://{HOST}:{room.port}/")
        if b"</html>" not in page:
            room.fail(f"{name}, a curl, did not get the page")
        return
    number, text = room.say()
    answer = await run("nc", "-q", "2", HOST, str(room.port), text=text)
    if b"Delivered to" not in answer:
        room.fail(f"{name}, an nc, had no answer to line {number}")


async def crowd(room):
    """Many who say nothing, and go."""
    opening = [asyncio.open_connection(HOST, room.port) for _ in range(CROWD)]
    opened = await asyncio.gather(*opening, return_exceptions=True)
    await asyncio.sleep(5)
    for pair in opened:
        if not isinstance(pair, BaseException):
            pair[1].transport.abort()


async def flood(room):
    """Datagrams that nobody wants, to the room's port and to others."""
    loop = asyncio.get_running_loop()
    for _ in range(FLOOD // 100):
        to = (HOST, random.choice([room.port, random.randint(1, 65535)]))
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=to)
        for _ in range(100):
            transport.sendto(b"buy this now\n")
        await asyncio.sleep(0.05)
        transport.close()


async def again(room, end, what, pause):
    """Does something again and again until the end."""
    count = 0
    while not end.is_set():
        count += 1
        try:
            await what(count)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            room.fail(f"somebody was cut off: {error!r}")
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(end.wait(), random.uniform(*pause))


def report(room, kind):
    facts = {"kind": kind, "lines": len(room.order), "delivered": room.delivered}
    facts |= {"slowest": round(room.slowest * 1000), "faults": room.faults[:5]}
    print(json.dumps(facts | {"lost": len(room.faults)}), flush=True)


async def inside(seconds, port):
    room, ready, quiet, end = Room(port), asyncio.Event(), asyncio.Event(), asyncio.Event()
    listener = asyncio.create_task(ear(room, ready, end))
    await asyncio.wait_for(ready.wait(), PATIENCE)
    people = [
        again(room, quiet, lambda n, who=who: member(room, f"member {who}.{n}", quiet), (0, 2))
        for who in range(MEMBERS)
    ]
    people += [again(room, quiet, lambda n: stranger(room, f"stranger {n}"), (0.5, 3))]
    people += [again(room, quiet, lambda _: crowd(room), (20, 40))]
    people += [again(room, quiet, lambda _: flood(room), (20, 40))]
    people = [asyncio.create_task(one) for one in people]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(min(60, max(0.1, until - time.monotonic())))
        report(room, "minute")
    quiet.set()
    await asyncio.wait(people, timeout=90)
    # Whatever was said is answered by now, so it stands before the answer to q.
    end.set()
    await listener
    room.check()
    report(room, "end")


class Outside:
    """The program under test."""

    def __init__(self, program):
        arguments = ["serve", "--plain", "--private", "--msl", "2s", "--messages-per-second", "50"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.child = subprocess.Popen([program, *arguments], **pipes)
        self.enter = None
        for line in self.child.stdout:
            found = re.match(r" *(nsenter .*) nc 192", line)
            if found:
                self.enter = found[1].split()
            if "q ends" in line:
                return
        fail("the program did not start; it says why above")

    def states(self):
        """Connections, those in TIME-WAIT, and members with the operator."""
        self.child.stdin.write("/states\n")
        self.child.stdin.flush()
        for line in self.child.stdout:
            found = re.search(r"(\d+) connections?, (\d+) in TIME-WAIT, (\d+) in the room", line)
            if found:
                return tuple(int(number) for number in found.groups())
        fail("the program ended in the middle: this is a fault of its own")

    def resident(self):
        """KiB of memory that are in use."""
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def fail(text):
    print(f"error: {text}", file=sys.stderr)
    sys.exit(1)


def outside(program, duration):
    seconds = int(duration[:-1]) * UNITS[duration[-1]]
    server = Outside(program)
    try:
        netem = ["tc", "qdisc", "add", "dev", "tap0", "root", "netem", "delay", "5ms", "loss", "1%"]
        lossy = subprocess.run([*server.enter, *netem], capture_output=True).returncode == 0
        print("1 frame of 100 to the node is lost" if lossy else "no frames are lost: no netem here")
        arguments = [sys.executable, __file__, "--inside", str(seconds), "9000"]
        people = subprocess.Popen([*server.enter, *arguments], stdout=subprocess.PIPE, text=True)
        first, started, facts = None, time.monotonic(), None
        for line in people.stdout:
            facts = json.loads(line)
            (open_now, waiting, _), resident = server.states(), server.resident()
            passed = time.monotonic() - started
            first = resident if passed <= max(60, seconds / 10) else first or resident
            print(
                f"{passed:.0f} s: {resident / 1024:.1f} MiB, {open_now} connections open, {waiting} in TIME-WAIT,"
                f" {facts['lines']} lines heard {facts['delivered']} times, {facts['lost']} lost,"
                f" the slowest after {facts['slowest']} ms",
                flush=True,
            )
            if facts["kind"] == "end":
                break
        if people.wait() != 0 or not facts or facts["kind"] != "end":
            fail("the clients ended early; what they say stands above")
        judge(server, facts, first)
    finally:
        if server.child.poll() is None:
            server.child.kill()


def judge(server, facts, first):
    if facts["lost"]:
        fail("; ".join(facts["faults"]))
    if not facts["lines"]:
        fail("nobody said anything: the clients did not get into the room")
    # 2 MSL, and whatever was reset or repeated.
    until = time.monotonic() + 130
    while (left := server.states()) != (0, 0, 1):
        if time.monotonic() > until:
            fail(f"everybody has gone, and {left[0]} connections, {left[1]} in TIME-WAIT, {left[2] - 1} members are left")
        time.sleep(1)
    grown = server.resident() - first
    if grown > GROWTH_KIB:
        fail(f"the memory in use grew by {grown} KiB after the beginning")
    server.child.stdin.write("q\n")
    server.child.stdin.close()
    if server.child.wait(timeout=20) != 0:
        fail(f"the program ended with {server.child.returncode}")
    print("nothing was lost, and nothing is left")


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        asyncio.run(inside(int(sys.argv[2]), int(sys.argv[3])))
    else:
        outside(sys.argv[1], sys.argv[2])
