//! Addresses of the node that come and go, and what of the node's memory is about them.

use crate::pair::{Pair, address, ending, sizes};
use smolchat::device::Side;
use smolchat::node::{Limits, Sizes};
use smolchat::trace::{Ending, State};
use smoltcp::time::Duration;
use smoltcp::wire::{IpAddress, IpCidr};

const OTHER: IpCidr = IpCidr::new(IpAddress::v4(192, 0, 2, 77), 24);

fn first() -> IpCidr {
    IpCidr::new(address(Side::A), 24)
}

/// `a` has closed first, and both have seen the other's FIN.
fn with_one_in_time_wait(pair: &mut Pair) {
    let (client, server) = pair.connect();
    pair.a.tcp(client).unwrap().close(pair.now);
    pair.run_until(|pair| pair.b.tcp(server).unwrap().has_finished());
    pair.b.tcp(server).unwrap().close(pair.now);
    pair.run_until(|pair| pair.a.time_waiting() == 1);
}

#[test]
fn time_wait_of_an_address_that_is_gone_is_over_and_leaves_nothing() {
    let few = Sizes {
        connections: 1,
        time_waits: 1,
        ..sizes(1)
    };
    let mut pair = Pair::new(few, Limits::default());
    // More often than the table in which connections are found has places.
    for _ in 0..16 {
        with_one_in_time_wait(&mut pair);
        pair.a.set_addresses(pair.now, &[OTHER], &[]).unwrap();
        assert_eq!(pair.a.time_waiting(), 0);
        pair.a.set_addresses(pair.now, &[first()], &[]).unwrap();
        pair.run_for(Duration::from_secs(10));
    }
    pair.assert_nothing_is_left();
    pair.assert_all_legal();
}

#[test]
fn time_wait_keeps_its_endpoints_when_addresses_change_places() {
    let mut pair = Pair::default();
    with_one_in_time_wait(&mut pair);
    let flow = |pair: &Pair| {
        let mut waits = pair.a.statuses(pair.now);
        let wait = waits.find(|status| status.state == State::TimeWait);
        wait.map(|status| (status.id, status.flow))
    };
    let before = flow(&pair);
    assert!(before.is_some());
    pair.a
        .set_addresses(pair.now, &[OTHER, first()], &[])
        .unwrap();
    assert_eq!(flow(&pair), before);
    pair.run_for(Duration::from_secs(61));
    pair.assert_nothing_is_left();
    let (id, _) = before.unwrap();
    assert_eq!(ending(&pair.a, id), Some(Ending::Closed));
}
