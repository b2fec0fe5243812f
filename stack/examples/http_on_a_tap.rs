//! A web server that knows the traits of `edge-nal` and nothing of this crate, at 192.0.2.2 on a TAP, in a loop of its own:
//! no executor. As root, or in `unshare -rn`:
//!
//!     ip tuntap add tap0 mode tap && ip addr add 192.0.2.1/24 dev tap0 && ip link set tap0 up
//!     cargo run -p smolhost --features async,tap --example http_on_a_tap -- tap0 &
//!     curl -i http://192.0.2.2/

use std::fmt::{Debug, Display};
use std::future::Future;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use edge_http::Method;
use edge_http::io::Error;
use edge_http::io::server::{Connection, DefaultServer, Handler};
use edge_nal::io::{Read, Write};
use edge_nal::{TcpBind, TcpSplit};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use smolhost::device::Tap;
use smolhost::nal::Stack;
use smolhost::node::{Config, Memory, Node, Sizes};
use smolhost::smoltcp::time::Instant;
use smolhost::smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

const MTU: usize = 1500;
/// A connection on which nobody asks for so long is closed: the server has four tasks, and others wait for one.
const IDLE_MS: u32 = 3000;

type Failure = Box<dyn std::error::Error>;

/// Greets, and counts.
struct Pages;

impl Handler for Pages {
    type Error<E>
        = Error<E>
    where
        E: Debug;

    async fn handle<T, const N: usize>(
        &self,
        _: impl Display + Copy,
        connection: &mut Connection<'_, T, N>,
    ) -> Result<(), Error<T::Error>>
    where
        T: Read + Write + TcpSplit,
    {
        let headers = connection.headers()?;
        let plain = [("Content-Type", "text/plain")];
        match (headers.method, headers.path) {
            (Method::Get, "/") => {
                connection
                    .initiate_response(200, Some("OK"), &plain)
                    .await?;
                connection.write_all(b"hello from smolhost\n").await
            }
            (Method::Get, "/numbers") => {
                connection
                    .initiate_response(200, Some("OK"), &plain)
                    .await?;
                for number in 1..=100_000 {
                    connection
                        .write_all(format!("{number}\n").as_bytes())
                        .await?;
                }
                Ok(())
            }
            (Method::Get, _) => {
                connection
                    .initiate_response(404, Some("Not Found"), &[])
                    .await
            }
            _ => {
                connection
                    .initiate_response(405, Some("Not Allowed"), &[])
                    .await
            }
        }
    }
}

/// The waker of the server: a number that the kernel keeps, so that whoever wakes ends the sleep, of whatever thread.
struct Bell(OwnedFd);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // It is full only if it rings already.
        let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
    }
}

impl Bell {
    /// Whether it was rung since it was asked last.
    fn rings(&self) -> bool {
        rustix::io::read(&self.0, &mut [0; 8]).is_ok()
    }
}

/// Serves on a TAP for ever.
pub(crate) fn serve(name: &str) -> Result<(), Failure> {
    let mut tap = Tap::open(name, MTU)?;
    let mut secret = [0; 16];
    rustix::rand::getrandom(&mut secret, rustix::rand::GetRandomFlags::empty())?;
    let mac = EthernetAddress([2, 0, 0, 0, 0, 2]);
    let address = IpCidr::new(IpAddress::v4(192, 0, 2, 2), 24);
    let memory = Memory::heap(Sizes::default());
    let start = std::time::Instant::now();
    let now = || Instant::from_micros(start.elapsed().as_micros() as i64);
    let node = Node::new(Config::new(mac, address, secret), memory, now())?;
    // The server's four tasks wait in one future: for somebody to come, or each for its connection.
    let stack: Stack<'_, 16> = Stack::new(node, now());
    let mut server = pin!(async {
        let listener = stack.bind("0.0.0.0:80".parse()?).await?;
        let mut server = DefaultServer::new();
        let served = server.run(Some(IDLE_MS), listener, Pages).await;
        served.map_err(|error| Failure::from(format!("{error:?}")))
    });
    let flags = EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC;
    let bell = Arc::new(Bell(eventfd(1, flags)?));
    let waker = Waker::from(Arc::clone(&bell));
    loop {
        let deadline = stack.poll(now(), &mut tap);
        if bell.rings()
            && server
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_ready()
        {
            return Err("the server ended".into());
        }
        if stack.is_due() {
            continue;
        }
        let wait = deadline.map(|at| at.max(now()) - now());
        let wait = wait.map(|wait| std::time::Duration::from(wait).try_into());
        let sources = [tap.as_fd(), bell.0.as_fd()];
        poll(
            &mut sources.map(|source| PollFd::from_borrowed_fd(source, PollFlags::IN)),
            wait.transpose()?.as_ref(),
        )?;
    }
}

#[allow(dead_code, reason = "a test has a main of its own")]
fn main() -> Result<(), Failure> {
    serve(&std::env::args().nth(1).ok_or("say the name of a TAP")?)
}
