//! Fewer places for wakers than there are futures that wait: nothing is lost.

use edge_nal::TcpConnect;
use edge_nal::io::{Read, Write};

use crate::echo::{echo, pattern};
use crate::net::{Net, at, service, task};

async fn ask(net: &impl TcpConnect, text: &[u8]) {
    let mut peer = net.connect(at(2, 7)).await.expect("it is served");
    let mut heard = vec![0; text.len()];
    peer.write_all(text).await.expect("it listens");
    peer.flush().await.expect("it listens");
    peer.read_exact(&mut heard).await.expect("it answers");
    assert!(heard == text);
}

#[test]
fn with_one_place_at_each_end_everybody_is_served() {
    let net: Net<1, 1> = Net::new();
    let text = pattern(5000);
    let asks = (0..8).map(|_| task(ask(&net.a, &text)));
    let tasks = [service(echo(&net.b, 7))].into_iter().chain(asks);
    net.run(tasks.collect());
    assert!(net.a.crowded() > 0);
    assert!(net.a.waiting() <= 1);
}

#[test]
fn with_two_places_for_each_connection_nobody_is_without() {
    let net: Net<16, 2> = Net::new();
    let text = pattern(5000);
    let asks = (0..8).map(|_| task(ask(&net.a, &text)));
    let tasks = [service(echo(&net.b, 7))].into_iter().chain(asks);
    net.run(tasks.collect());
    assert_eq!([net.a.crowded(), net.b.crowded()], [0, 0]);
}
