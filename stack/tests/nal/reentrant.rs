//! Wakers that do more than wake: the stack is not borrowed while one of them runs, or is dropped.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use edge_nal::io::{Read, Write};
use edge_nal::{Readable, TcpAccept, TcpConnect};

use smolhost::smoltcp::time::Duration;

use crate::net::{Net, any, at, task};

thread_local! {
    /// Wakers are for every thread, stacks are not: they find theirs here.
    static NET: RefCell<Option<Rc<Net>>> = const { RefCell::new(None) };
}

/// Looks at the node whenever it is woken, and when it is dropped, as a task does that holds a connection.
struct Curious(AtomicUsize);

impl Curious {
    fn look(&self) {
        NET.with_borrow(|net| {
            let net = net.as_ref().expect("it is set");
            assert_eq!(net.a.with(|node| node.capacity()), 64);
            self.0.fetch_add(1, Ordering::Relaxed);
        });
    }
}

impl Wake for Curious {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}

impl Drop for Curious {
    fn drop(&mut self) {
        self.look();
    }
}

fn curious() -> (Arc<Curious>, Waker) {
    let curious = Arc::new(Curious(AtomicUsize::new(0)));
    (Arc::clone(&curious), Waker::from(curious))
}

#[test]
fn a_waker_may_use_the_stack_that_wakes_it_or_lets_go_of_it() {
    let net = Rc::new(Net::new());
    NET.set(Some(Rc::clone(&net)));
    let listener = net.a.listen(any(7), 1).expect("it is free");
    net.run(vec![
        task(async {
            let mut peer = net.b.connect(at(1, 7)).await.expect("it is served");
            net.sleep(Duration::from_millis(500)).await;
            peer.write_all(b"text").await.expect("it listens");
            peer.flush().await.expect("it listens");
        }),
        task(async {
            let (_, mut peer) = listener.accept().await.expect("it is served");
            let (counts, waker) = curious();
            let (_, other) = curious();
            {
                let mut read = pin!(peer.readable());
                // Another in the place of the first, which is dropped for it.
                for waker in [other, waker] {
                    let pending = read.as_mut().poll(&mut Context::from_waker(&waker));
                    assert!(pending.is_pending());
                }
                net.sleep(Duration::from_secs(1)).await;
                assert_eq!(counts.0.load(Ordering::Relaxed), 1);
                let (_, unheard) = curious();
                assert!(
                    read.as_mut()
                        .poll(&mut Context::from_waker(&unheard))
                        .is_ready()
                );
            }
            // One that waits, and then does not any more: the last of it is dropped with the future.
            peer.read_exact(&mut [0; 4]).await.expect("it says");
            let mut end = Box::pin(listener.accept());
            let (_, waker) = curious();
            assert!(
                end.as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
            drop(waker);
            drop(end);
        }),
    ]);
    drop(listener);
    NET.set(None);
}
