//! Two stacks on a wire, a clock that jumps to the next event, and futures that are polled when they are woken.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use smolhost::device::{Faults, Policy, Wire};
use smolhost::nal::Stack;
use smolhost::node::{Config, Memory, Node, Sizes, earliest};
use smolhost::smoltcp::time::{Duration, Instant};
use smolhost::smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

const MTU: usize = 1500;
/// Frames on their way.
const FRAMES: usize = 512;
/// Rounds at one moment after which a real clock would have gone on.
const ROUNDS: usize = 30;

/// Two hosts, 192.0.2.1 and 192.0.2.2, one millisecond apart.
pub(crate) struct Net<const A: usize = 64, const B: usize = 64> {
    pub(crate) a: Stack<'static, A>,
    pub(crate) b: Stack<'static, B>,
    wire: RefCell<Wire<'static>>,
    faults: RefCell<Faults<'static>>,
    now: Cell<Instant>,
    sleepers: RefCell<Vec<(Instant, Waker)>>,
}

/// A host of the network 192.0.2.0/24.
pub(crate) fn host(number: u8, sizes: Sizes) -> Node<'static> {
    let mac = EthernetAddress([2, 0, 0, 0, 0, number]);
    let address = IpCidr::new(IpAddress::v4(192, 0, 2, number), 24);
    let config = Config::new(mac, address, [number; 16]);
    Node::new(config, Memory::heap(sizes), Instant::ZERO).expect("these sizes fit")
}

/// An address of the network.
pub(crate) fn at(host: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], port))
}

/// A port at every address.
pub(crate) fn any(port: u16) -> SocketAddr {
    SocketAddr::from(([0; 4], port))
}

fn faults(seed: u64, policy: Policy<'static>) -> Faults<'static> {
    Faults::heap(seed, policy, policy, MTU + 14, FRAMES)
}

/// A future, and whether the run waits for its end.
pub(crate) struct Task<'f> {
    future: Pin<Box<dyn Future<Output = ()> + 'f>>,
    ends: bool,
}

/// One that the run waits for.
pub(crate) fn task<'f>(future: impl Future<Output = ()> + 'f) -> Task<'f> {
    Task {
        future: Box::pin(future),
        ends: true,
    }
}

/// One that serves for as long as there are others.
pub(crate) fn service<'f, T>(future: impl Future<Output = T> + 'f) -> Task<'f> {
    Task {
        future: Box::pin(async {
            future.await;
        }),
        ends: false,
    }
}

/// The waker of a task: whether it was woken since it was polled last.
#[derive(Default)]
pub(crate) struct Bell(AtomicBool);

impl Bell {
    /// Whether it was woken since it was asked last.
    pub(crate) fn rings(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<const A: usize, const B: usize> Net<A, B> {
    pub(crate) fn new() -> Self {
        Self::with(Sizes::default(), Sizes::default())
    }

    pub(crate) fn with(a: Sizes, b: Sizes) -> Self {
        Self::of(host(1, a), host(2, b))
    }

    pub(crate) fn of(a: Node<'static>, b: Node<'static>) -> Self {
        Self {
            a: Stack::new(a, Instant::ZERO),
            b: Stack::new(b, Instant::ZERO),
            wire: RefCell::new(Wire::heap(Duration::from_millis(1), MTU, FRAMES)),
            faults: RefCell::new(faults(0, Policy::NONE)),
            now: Cell::new(Instant::ZERO),
            sleepers: RefCell::default(),
        }
    }

    /// What befalls the frames of both.
    pub(crate) fn with_faults(mut self, seed: u64, policy: Policy<'static>) -> Self {
        self.faults = RefCell::new(faults(seed, policy));
        self
    }

    pub(crate) fn now(&self) -> Instant {
        self.now.get()
    }

    /// Waits on the clock of the wire.
    pub(crate) async fn sleep(&self, duration: Duration) {
        let until = self.now() + duration;
        poll_fn(|context| {
            if self.now() >= until {
                return Poll::Ready(());
            }
            let mut sleepers = self.sleepers.borrow_mut();
            let sleeps = |it: &(Instant, Waker)| it.0 == until && it.1.will_wake(context.waker());
            if !sleepers.iter().any(sleeps) {
                sleepers.push((until, context.waker().clone()));
            }
            Poll::Pending
        })
        .await;
    }

    /// Runs until every task is over that is to end. Says how often each was polled, the first time included.
    ///
    /// # Panics
    /// If nothing happens any more, or an hour is over: somebody was not woken.
    pub(crate) fn run(&self, tasks: Vec<Task<'_>>) -> Vec<usize> {
        let end = self.now() + Duration::from_secs(3600);
        let bells: Vec<_> = tasks.iter().map(|_| Arc::new(Bell::default())).collect();
        // Each has its first turn.
        bells.iter().for_each(Wake::wake_by_ref);
        let mut tasks: Vec<_> = tasks.into_iter().map(Some).collect();
        let (mut polls, mut rounds) = (vec![0; tasks.len()], 0);
        loop {
            let deadline = self.poll();
            let mut busy = false;
            for ((task, bell), polls) in tasks.iter_mut().zip(&bells).zip(&mut polls) {
                let polled = turn(task, bell);
                *polls += usize::from(polled);
                busy |= polled;
            }
            if !tasks.iter().flatten().any(|task| task.ends) {
                drop(tasks);
                self.settle();
                return polls;
            }
            rounds += 1;
            if (busy || self.a.is_due() || self.b.is_due()) && rounds < ROUNDS {
                continue;
            }
            rounds = 0;
            let next = earliest(&[deadline, self.next_sleeper()]);
            let next = next.filter(|next| *next <= end);
            let next = next.unwrap_or_else(|| panic!("nobody is woken any more: {:?}", self.now()));
            self.now.set(next.max(self.now()));
        }
    }

    /// Lets out what was queued last.
    pub(crate) fn settle(&self) {
        for _ in 0..ROUNDS {
            let deadline = self.poll();
            let soon = self.now() + Duration::from_millis(300);
            match deadline {
                Some(deadline) if deadline <= soon => self.now.set(deadline.max(self.now())),
                _ => return,
            }
        }
    }

    fn poll(&self) -> Option<Instant> {
        let mut wire = self.wire.borrow_mut();
        let now = self.now();
        let mut faults = self.faults.borrow_mut();
        let mut end = wire.end_a();
        let mut faulty = faults.over(&mut end);
        let a = self.a.poll(now, &mut faulty);
        faulty.flush(now);
        let b = self.b.poll(now, &mut wire.end_b());
        let due = |(until, _): &mut (Instant, Waker)| *until <= now;
        let due: Vec<_> = self.sleepers.borrow_mut().extract_if(.., due).collect();
        due.into_iter().for_each(|(_, waker)| waker.wake());
        earliest(&[a, b, wire.next_arrival(), faults.next_deadline()])
    }

    fn next_sleeper(&self) -> Option<Instant> {
        self.sleepers.borrow().iter().map(|it| it.0).min()
    }
}

/// Polls a future if it was woken; says whether it was.
fn turn(task: &mut Option<Task<'_>>, bell: &Arc<Bell>) -> bool {
    if !bell.rings() {
        return false;
    }
    let Some(running) = task else { return false };
    let waker = Waker::from(Arc::clone(bell));
    if running
        .future
        .as_mut()
        .poll(&mut Context::from_waker(&waker))
        .is_ready()
    {
        *task = None;
    }
    true
}
