//! A crowd of the kernel's own sockets that says nothing, and somebody who wants to get in.

use crate::program::Program;

#[test]
fn five_hundred_silent_connections_keep_nobody_out() {
    let mut server = Program::start(
        "serve --plain --host-address 192.168.69.100/24 --host-address 192.168.69.101/24",
    );
    server.expect("q ends");
    let said = server.python(
        r#"
import errno, socket, time
room = ("192.168.69.1", 9000)
def connect(source):
    s = socket.socket(); s.settimeout(20); s.bind((source, 0)); s.connect(room); return s
crowd = []
for _ in range(500):
    s = socket.socket(); s.bind(("192.168.69.100", 0)); s.setblocking(False)
    assert s.connect_ex(room) == errno.EINPROGRESS; crowd.append(s)
time.sleep(2)
for source, patience in [("192.168.69.101", 2), ("192.168.69.101", 2), ("192.168.69.100", 10)]:
    since = time.monotonic(); s = connect(source); s.send(b"hello\n")
    print(s.recv(1024).split(b",")[0], time.monotonic() - since < patience)
told = 0
for s in crowd:
    try: told += b"Others wait for a place" in s.recv(1024)
    except OSError: pass
print(told > 0)"#,
    );
    assert_eq!(
        said,
        "b'Welcome' True\nb'Welcome' True\nb'Welcome' True\nTrue\n"
    );
    server.type_line("/states");
    server.expect("put out for others who waited");
    server.type_line("q");
    server.expect_end();
}
