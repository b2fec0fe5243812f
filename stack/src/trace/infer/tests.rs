use super::*;
use State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived,
    SynSent, TimeWait,
};

/// Initial sequence numbers: of the endpoint, soon to wrap, and of the other one.
const ISS: u32 = 0xffff_fffe;
const IRS: u32 = 700;

const FIN_ACK: Flags = Flags::FIN.with(Flags::ACK);
const SYN_ACK: Flags = Flags::SYN.with(Flags::ACK);
const RST_ACK: Flags = Flags::RST.with(Flags::ACK);

struct Watched(Endpoint);

impl Watched {
    fn new() -> Self {
        Self(Endpoint::new())
    }

    /// It opened the connection.
    fn active() -> Self {
        let mut endpoint = Self::new();
        endpoint.sends(Flags::SYN, 0, 0, 0, &[SynSent]);
        endpoint.gets(SYN_ACK, 0, 1, 0, &[]);
        endpoint.sends(Flags::ACK, 1, 1, 0, &[Established]);
        endpoint
    }

    /// The other one did.
    fn passive() -> Self {
        let mut endpoint = Self::new();
        endpoint.gets(Flags::SYN, 0, 0, 0, &[]);
        endpoint.sends(SYN_ACK, 0, 1, 0, &[SynReceived]);
        endpoint.gets(Flags::ACK, 1, 1, 0, &[Established]);
        endpoint
    }

    #[track_caller]
    fn sends(&mut self, flags: Flags, seq: u32, ack: u32, len: u16, steps: &[State]) {
        let segment = header(flags, ISS.wrapping_add(seq), IRS.wrapping_add(ack), len);
        assert_eq!(self.0.sent(&segment)[..], *steps);
    }

    #[track_caller]
    fn gets(&mut self, flags: Flags, seq: u32, ack: u32, len: u16, steps: &[State]) {
        let segment = header(flags, IRS.wrapping_add(seq), ISS.wrapping_add(ack), len);
        assert_eq!(self.0.received(&segment)[..], *steps);
    }

    #[track_caller]
    fn is(&self, state: State) {
        assert_eq!(self.0.state(), Some(state));
    }
}

fn header(flags: Flags, seq: u32, ack: u32, len: u16) -> Header {
    Header {
        seq: seq.into(),
        ack: ack.into(),
        flags,
        len,
        ..Header::default()
    }
}

#[test]
fn a_syn_ack_that_is_lost_proves_nothing() {
    let mut client = Watched::new();
    client.sends(Flags::SYN, 0, 0, 0, &[SynSent]);
    client.gets(SYN_ACK, 0, 1, 0, &[]);
    client.is(SynSent);
    client.sends(Flags::SYN, 0, 0, 0, &[]);
    client.gets(SYN_ACK, 0, 1, 0, &[]);
    client.sends(Flags::ACK, 1, 1, 0, &[Established]);
}

#[test]
fn a_syn_that_arrives_late_changes_nothing() {
    let mut client = Watched::active();
    client.sends(Flags::SYN, 0, 0, 0, &[]);
    client.is(Established);
}

#[test]
fn a_lost_last_ack_of_the_handshake_is_taken_back() {
    let mut server = Watched::passive();
    server.sends(SYN_ACK, 0, 1, 0, &[SynReceived]);
    server.gets(Flags::ACK, 1, 1, 0, &[Established]);
    server.sends(Flags::ACK, 1, 1, 5, &[]);
    server.sends(SYN_ACK, 0, 1, 0, &[]);
    server.is(Established);
}

#[test]
fn a_bare_ack_does_not_prove_that_the_handshake_is_over() {
    let mut server = Watched::new();
    server.gets(Flags::SYN, 0, 0, 0, &[]);
    server.sends(SYN_ACK, 0, 1, 0, &[SynReceived]);
    server.sends(Flags::ACK, 1, 1, 0, &[]);
    server.gets(FIN_ACK, 1, 1, 0, &[Established]);
    server.sends(Flags::ACK, 1, 2, 0, &[CloseWait]);
}

#[test]
fn a_fin_is_believed_when_it_is_acknowledged() {
    let mut server = Watched::passive();
    server.gets(FIN_ACK, 1, 1, 0, &[]);
    server.sends(Flags::ACK, 1, 1, 100, &[]);
    server.is(Established);
    server.sends(Flags::ACK, 101, 2, 0, &[CloseWait]);
    server.sends(FIN_ACK, 101, 2, 0, &[LastAck]);
    server.gets(Flags::ACK, 2, 102, 0, &[Closed]);
}

#[test]
fn a_fin_that_acknowledges_a_fin_goes_through_close_wait() {
    let mut server = Watched::passive();
    server.gets(FIN_ACK, 1, 1, 0, &[]);
    server.sends(FIN_ACK, 1, 2, 0, &[CloseWait, LastAck]);
}

#[test]
fn a_fin_sent_again_takes_back_what_its_acknowledgment_seemed_to_do() {
    let mut client = Watched::active();
    client.sends(FIN_ACK, 1, 1, 0, &[FinWait1]);
    client.gets(Flags::ACK, 1, 2, 0, &[FinWait2]);
    client.sends(FIN_ACK, 1, 1, 0, &[FinWait1]);
    client.gets(Flags::ACK, 1, 2, 0, &[FinWait2]);
    client.gets(FIN_ACK, 1, 2, 0, &[]);
    client.sends(Flags::ACK, 2, 2, 0, &[TimeWait]);

    let mut server = Watched::passive();
    server.gets(FIN_ACK, 1, 1, 0, &[]);
    server.sends(Flags::ACK, 1, 2, 0, &[CloseWait]);
    server.sends(FIN_ACK, 1, 2, 0, &[LastAck]);
    server.gets(Flags::ACK, 2, 2, 0, &[Closed]);
    server.sends(FIN_ACK, 1, 2, 0, &[LastAck]);
    server.gets(Flags::ACK, 2, 2, 0, &[Closed]);
}

#[test]
fn a_half_close_lets_data_pass_the_other_way() {
    let mut client = Watched::active();
    client.sends(FIN_ACK, 1, 1, 0, &[FinWait1]);
    client.gets(Flags::ACK, 1, 2, 0, &[FinWait2]);
    client.gets(Flags::ACK, 1, 2, 1_000, &[]);
    client.sends(Flags::ACK, 2, 1_001, 0, &[]);
    client.is(FinWait2);

    let mut server = Watched::passive();
    server.gets(FIN_ACK, 1, 1, 0, &[]);
    server.sends(Flags::ACK, 1, 2, 1_000, &[CloseWait]);
    server.sends(Flags::ACK, 1_001, 2, 1_000, &[]);
    server.is(CloseWait);
}

#[test]
fn a_fin_with_the_acknowledgment_of_ours_skips_fin_wait_2() {
    let mut client = Watched::active();
    client.sends(FIN_ACK, 1, 1, 0, &[FinWait1]);
    client.gets(FIN_ACK, 1, 2, 0, &[]);
    client.is(FinWait1);
    client.sends(Flags::ACK, 2, 2, 0, &[TimeWait]);
}

#[test]
fn crossing_fins_go_through_closing() {
    let mut one = Watched::active();
    one.sends(FIN_ACK, 1, 1, 0, &[FinWait1]);
    one.gets(FIN_ACK, 1, 1, 0, &[]);
    one.sends(Flags::ACK, 2, 2, 0, &[Closing]);
    one.gets(Flags::ACK, 2, 2, 0, &[TimeWait]);
    // Sent again because that acknowledgment was lost.
    one.sends(FIN_ACK, 1, 2, 0, &[Closing]);
    one.gets(Flags::ACK, 2, 2, 0, &[TimeWait]);
    // A FIN of before that was delayed on the way.
    one.sends(FIN_ACK, 1, 1, 0, &[]);
}

#[test]
fn crossing_acknowledgments_of_crossing_fins_tell_two_states() {
    let mut one = Watched::active();
    one.sends(FIN_ACK, 1, 1, 0, &[FinWait1]);
    one.gets(FIN_ACK, 1, 1, 0, &[]);
    one.gets(Flags::ACK, 2, 2, 0, &[]);
    one.sends(Flags::ACK, 2, 2, 0, &[Closing, TimeWait]);
}

#[test]
fn crossing_syns_go_through_syn_received() {
    let mut one = Watched::new();
    one.sends(Flags::SYN, 0, 0, 0, &[SynSent]);
    one.gets(Flags::SYN, 0, 0, 0, &[]);
    one.sends(SYN_ACK, 0, 1, 0, &[SynReceived]);
    one.sends(Flags::SYN, 0, 0, 0, &[]);
    one.gets(SYN_ACK, 0, 1, 0, &[Established]);
    one.sends(Flags::ACK, 1, 1, 0, &[]);
    one.is(Established);
}

#[test]
fn a_syn_ack_that_crossed_ours_counts_once_the_endpoint_goes_on() {
    let mut one = Watched::new();
    one.sends(Flags::SYN, 0, 0, 0, &[SynSent]);
    one.gets(Flags::SYN, 0, 0, 0, &[]);
    one.gets(SYN_ACK, 0, 1, 0, &[]);
    one.sends(SYN_ACK, 0, 1, 0, &[SynReceived]);
    one.sends(Flags::ACK, 1, 1, 0, &[Established]);
}

#[test]
fn a_reset_closes_at_both_ends() {
    let mut server = Watched::passive();
    server.gets(Flags::RST, 1, 0, 0, &[Closed]);
    let mut client = Watched::active();
    client.sends(RST_ACK, 1, 1, 0, &[Closed]);
}

#[test]
fn a_reset_out_of_place_closes_nothing() {
    let mut server = Watched::passive();
    server.gets(Flags::RST, 2, 0, 0, &[]);
    server.gets(Flags::RST, 0, 0, 0, &[]);
    server.sends(Flags::RST, 100_000, 0, 0, &[]);
    server.is(Established);
}

#[test]
fn a_refused_syn_leaves_closed_and_a_wrong_reset_does_not() {
    let mut client = Watched::new();
    client.sends(Flags::SYN, 0, 0, 0, &[SynSent]);
    client.gets(Flags::RST, 0, 0, 0, &[]);
    client.gets(RST_ACK, 0, 77, 0, &[]);
    // It answers an acknowledgment that it did not ask for.
    client.sends(Flags::RST, 4_000, 0, 0, &[]);
    client.gets(RST_ACK, 0, 1, 0, &[Closed]);
}

#[test]
fn a_reset_returns_a_passive_open_to_listen() {
    let mut server = Watched::new();
    server.gets(Flags::SYN, 0, 0, 0, &[]);
    server.sends(SYN_ACK, 0, 1, 0, &[SynReceived]);
    server.gets(Flags::RST, 1, 0, 0, &[Listen]);
}

#[test]
fn mid_connection_nothing_is_known_until_both_have_sent_data() {
    let mut endpoint = Watched::new();
    endpoint.sends(Flags::ACK, 5_000, 9_000, 0, &[]);
    endpoint.gets(Flags::ACK, 9_000, 5_000, 100, &[]);
    assert_eq!(endpoint.0.state(), None);
    endpoint.sends(Flags::ACK, 5_000, 9_100, 10, &[Established]);
}

#[test]
fn mid_connection_an_acknowledged_fin_tells() {
    let mut endpoint = Watched::new();
    endpoint.gets(FIN_ACK, 9_000, 5_000, 0, &[]);
    assert_eq!(endpoint.0.state(), None);
    endpoint.sends(Flags::ACK, 5_000, 9_001, 0, &[CloseWait]);
    endpoint.sends(FIN_ACK, 5_000, 9_001, 0, &[LastAck]);
}

#[test]
fn mid_connection_a_first_fin_may_be_either_sides() {
    let mut endpoint = Watched::new();
    endpoint.sends(FIN_ACK, 5_000, 9_000, 0, &[]);
    assert_eq!(endpoint.0.state(), None);
}

#[test]
fn mid_teardown_the_second_fin_tells_both() {
    let mut first = Watched::new();
    first.sends(FIN_ACK, 5_000, 9_000, 0, &[]);
    first.gets(Flags::ACK, 9_000, 5_001, 0, &[]);
    first.gets(FIN_ACK, 9_000, 5_001, 0, &[]);
    first.sends(Flags::ACK, 5_001, 9_001, 0, &[TimeWait]);

    let mut last = Watched::new();
    last.sends(FIN_ACK, 5_000, 9_001, 0, &[]);
    last.gets(FIN_ACK, 9_000, 5_000, 0, &[LastAck]);
    last.gets(Flags::ACK, 9_001, 5_001, 0, &[Closed]);
}

#[test]
fn another_syn_in_an_open_connection_is_not_of_it() {
    let mut server = Watched::passive();
    server.gets(Flags::SYN, 500_000, 0, 0, &[]);
    server.sends(Flags::ACK, 1, 1, 0, &[]);
    server.is(Established);
    server.gets(FIN_ACK, 1, 1, 0, &[]);
    server.sends(Flags::ACK, 1, 2, 0, &[CloseWait]);
}

#[test]
fn a_new_syn_after_the_end_begins_anew() {
    let mut client = Watched::active();
    client.sends(FIN_ACK, 1, 1, 0, &[FinWait1]);
    client.gets(FIN_ACK, 1, 2, 0, &[]);
    client.sends(Flags::ACK, 2, 2, 0, &[TimeWait]);
    client.sends(Flags::SYN, 90_000, 0, 0, &[SynSent]);
    client.gets(SYN_ACK, 90_000, 90_001, 0, &[]);
    client.sends(Flags::ACK, 90_001, 90_001, 0, &[Established]);
}

#[test]
fn a_keep_alive_is_not_data() {
    let mut server = Watched::passive();
    server.gets(Flags::ACK, 0, 1, 1, &[]);
    server.sends(Flags::ACK, 1, 1, 0, &[]);
    server.is(Established);
}
