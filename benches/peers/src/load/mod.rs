//! The parts of the client that measures.

pub mod bulk;
pub mod crowd;
pub mod idle;
pub mod trip;

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What was measured: names and values.
pub type Figures = Vec<(&'static str, f64)>;

/// Nothing here takes longer than this, unless something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// As many descriptors as this user may have.
pub fn raise_limits() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: maximum,
        maximum,
    };
    // Ten thousand connections then fail by themselves, with a reason.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// A connection without delay, that does not wait for ever.
pub fn connect(to: Ipv4Addr, port: u16) -> TcpStream {
    let stream = TcpStream::connect_timeout(&SocketAddr::from((to, port)), PATIENCE).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Median and 99th percentile of durations, in microseconds.
pub fn percentiles(mut durations: Vec<Duration>) -> Figures {
    durations.sort_unstable();
    let at = |share: f64| {
        let index = (durations.len() as f64 * share) as usize;
        durations[index.min(durations.len() - 1)].as_secs_f64() * 1e6
    };
    vec![("p50_us", at(0.5)), ("p99_us", at(0.99))]
}
