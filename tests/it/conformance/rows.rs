//! The rows of the table: requirement, what it says, the check, its probes, and why not if not.

use super::finding::Finding;
use super::{closing, opening, segments, timers};
use crate::lab::Column;

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// The requirement of Appendix B, or the section.
    pub(crate) id: &'static str,
    /// What it asks.
    pub(crate) what: &'static str,
    /// The name of the check, which is the name of its test.
    pub(crate) name: &'static str,
    pub(crate) check: fn(Column) -> Finding,
    /// Why the node does not meet it; empty where it does.
    pub(crate) why: &'static str,
    /// What smoltcp alone panics with, in builds with debug assertions; empty where it does not panic.
    pub(crate) panics: &'static str,
}

macro_rules! rows {
    ($($part:ident { $($name:ident, $id:literal, $what:literal $(, $why:literal)? $(, panics: $panics:literal)?;)* })*) => {
        /// Every row, in the order of the page.
        pub(crate) const ROWS: &[Row] = &[$($(Row {
            id: $id,
            what: $what,
            name: stringify!($name),
            check: $part::$name,
            why: concat!($($why)?),
            panics: concat!($($panics)?),
        },)*)*];

        /// Each row as a test of its own: it finds what the page says.
        mod row {
            $($(
                #[test]
                fn $name() {
                    crate::conformance::check_row(stringify!($name));
                }
            )*)*
        }
    };
}

rows! {
    opening {
    sequence_numbers_follow_a_clock, "MUST-8", "initial sequence numbers advance with a clock";
    sequence_numbers_differ_after_each_boot, "SHLD-1", "they depend on a secret";
    sequence_numbers_of_two_peers_tell_nothing_of_each_other, "MUST-9", "they cannot be computed from outside";
    a_simultaneous_open_completes_on_an_acknowledgment, "MUST-10", "simultaneous open, completed by an ACK";
    a_simultaneous_open_completes_on_a_syn_ack, "3.5, figure 7", "simultaneous open, completed by a SYN,ACK";
    a_reset_returns_a_passive_open_to_listen, "MUST-11", "RST in SYN-RECEIVED after a passive open: back to LISTEN";
    a_reset_ends_an_active_open_in_syn_received, "MUST-11", "RST in SYN-RECEIVED after an active open: CLOSED";
    another_listener_does_not_take_a_repeated_syn, "MUST-41", "a passive OPEN disturbs no other connection";
    two_peers_can_be_in_a_handshake_at_once, "MUST-42", "LISTEN goes on while others are in SYN-RECEIVED";
    a_handshake_beyond_the_connections_is_not_refused, "3.10.7.2", "a SYN that comes too early waits, and is not refused";
    the_address_that_was_called_answers, "MUST-44, MUST-45", "segments come from the address that was called";
    opening_to_everybody_is_refused, "MUST-46", "OPEN to broadcast or multicast is refused";
    opening_to_ourselves_is_refused, "3.10.1", "OPEN to our own address, which no wire carries, is refused";
    a_syn_to_everybody_is_silently_discarded, "MUST-57", "SYN to broadcast or multicast is silently discarded";
    a_syn_from_everybody_is_silently_discarded, "MUST-63", "SYN from broadcast or multicast is ignored";
    a_syn_from_our_own_address_is_silently_discarded, "MUST-63", "SYN from our own address (LAND) is ignored";
    what_comes_to_no_listener_is_reset, "3.10.7.1", "CLOSED: a segment draws RST";
    a_reset_to_no_listener_is_ignored, "3.10.7.1", "CLOSED: RST draws nothing";
    a_reset_to_a_listener_is_ignored, "3.10.7.2", "LISTEN: RST is ignored";
    an_acknowledgment_to_a_listener_is_reset, "3.10.7.2", "LISTEN: ACK draws RST";
    syn_sent_resets_a_wrong_acknowledgment, "3.10.7.3", "SYN-SENT: wrong ACK draws RST";
    syn_sent_believes_only_a_reset_that_acknowledges_its_syn, "3.10.7.3", "SYN-SENT: RST counts only with the right ACK";
    a_repeated_syn_is_answered_again, "3.10.7.4, fourth", "SYN-RECEIVED: the SYN again draws an answer";
    a_wrong_acknowledgment_in_syn_received_is_reset, "3.10.7.4, fifth", "SYN-RECEIVED: wrong ACK draws RST";
    a_fin_may_come_with_the_acknowledgment_of_our_syn, "3.10.7.4, eighth", "SYN-RECEIVED: ACK and FIN lead to CLOSE-WAIT";
    the_size_of_segments_is_offered_and_obeyed, "MUST-14, MUST-16, MUST-65", "MSS is offered, and obeyed";
    without_an_offer_segments_have_536_octets, "MUST-15", "without an MSS option segments carry 536 octets";
    a_half_open_connection_does_not_last_for_ever, "MUST-22", "SYN,ACK is not sent for ever";
    a_peer_that_rebooted_gets_in_again, "3.5.1", "a rebooted peer's SYN frees the way";
    data_to_a_node_that_rebooted_is_reset, "3.5.1", "after our reboot, old data draws RST";
    }
    segments {
    a_repeated_segment_is_acknowledged, "3.10.7.4, first", "what came before is acknowledged again";
    a_segment_beyond_the_window_is_acknowledged, "3.10.7.4, first", "what lies beyond the window is acknowledged";
    a_reset_at_the_next_number_ends_the_connection, "3.10.7.4, second", "RST at RCV.NXT ends the connection";
    a_reset_elsewhere_in_the_window_is_challenged, "RFC 5961 3.2", "RST elsewhere in the window draws a challenge ACK";
    a_reset_beyond_the_window_is_dropped, "3.10.7.4, second", "RST outside the window is dropped";
    a_reset_counts_at_a_closed_window, "MUST-66", "RST counts at a closed window";
    a_syn_on_a_live_connection_is_challenged, "3.10.7.4, fourth", "SYN in a synchronized state draws a challenge ACK";
    a_segment_without_an_acknowledgment_is_dropped, "3.10.7.4, fifth", "without ACK: dropped";
    an_acknowledgment_of_what_was_never_sent_is_answered, "3.10.7.4, fifth", "ACK beyond SND.NXT draws an ACK";
    what_was_queued_and_not_sent_cannot_be_acknowledged, "3.10.7.4, fifth", "ACK beyond SND.NXT takes nothing from the queue";
    data_with_an_old_acknowledgment_is_taken, "3.10.7.4, fifth", "old ACK: ignored, its data is not";
    an_older_window_does_not_count, "3.10.7.4, fifth", "SND.WND only from newer segments (SND.WL1, SND.WL2)";
    more_than_the_window_does_no_harm, "3.10.7.4, seventh", "data beyond the window is cut off", panics: "assertion failed: len_written == payload_len";
    data_out_of_order_is_kept, "SHLD-31", "data out of order is kept";
    the_window_is_never_taken_back, "SHLD-14", "the right edge of the window never moves back";
    a_peer_that_takes_its_window_back_is_borne, "MUST-34", "a peer that moves it back is borne";
    a_window_that_opens_by_an_octet_is_not_told, "MUST-39", "a window that opened by little is not told (receiver's silly window)";
    an_acknowledgment_is_late_by_less_than_half_a_second, "MUST-40", "delayed ACK: less than 0.5 s";
    every_second_full_segment_is_acknowledged_at_once, "SHLD-19", "every second full segment is acknowledged at once";
    a_fin_moves_each_state_on, "3.10.7.4, eighth", "FIN in ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2";
    a_fin_with_data_is_taken_whole, "3.10.7.4, eighth", "data and FIN in one segment";
    a_fin_behind_data_that_came_before_counts, "3.10.7.4, eighth", "FIN behind data that came before";
    a_fin_behind_data_that_does_not_fit_is_not_taken, "3.10.7.4, eighth", "FIN behind data beyond the window waits for it";
    last_ack_ends_with_the_acknowledgment_of_our_fin, "3.10.7.4, fifth", "LAST-ACK: ACK of our FIN leads to CLOSED";
    data_is_acknowledged_after_our_close, "3.10.7.4, seventh", "data after our FIN is acknowledged";
    urgent_data_is_delivered_in_line, "RFC 6093, 6", "urgent data is delivered in line, so that none is lost";
    a_soft_icmp_error_ends_nothing, "MUST-56", "a soft ICMP error ends nothing";
    a_hard_icmp_error_ends_an_opening, "SHLD-26", "a hard ICMP error ends an opening";
    a_hard_icmp_error_ends_an_open_connection, "SHLD-26", "a hard ICMP error ends an open connection", "on purpose: RFC 5461 and RFC 5927 advise against it, since anybody can forge one";
    a_window_is_unsigned, "MUST-1", "a window of more than 32,767 octets is one";
    a_line_does_not_wait_for_an_acknowledgment, "MUST-17", "Nagle's algorithm can be switched off";
    a_little_room_draws_no_small_segment, "MUST-38", "a little room draws no small segment (sender's silly window)", "smoltcp decides how much leaves; it has Nagle's algorithm only";
    an_icmp_error_is_told, "MUST-47, MUST-54, SHLD-25", "ICMP errors are heard and told";
    }
    closing {
    close_in_syn_sent_says_nothing, "3.10.4", "CLOSE in SYN-SENT: nothing is sent";
    close_in_syn_received_sends_a_fin, "3.10.4", "CLOSE in SYN-RECEIVED: FIN, with its own number";
    close_sends_what_is_queued_and_then_a_fin, "3.10.4", "CLOSE: FIN after what is queued";
    abort_sends_a_reset, "3.10.5", "ABORT in ESTABLISHED: RST";
    abort_in_syn_sent_says_nothing, "3.10.5", "ABORT in SYN-SENT: nothing is sent";
    abort_in_last_ack_says_nothing, "3.10.5", "ABORT in LAST-ACK: nothing is sent";
    abort_in_closing_says_nothing, "3.10.5", "ABORT in CLOSING: nothing is sent";
    abort_in_time_wait_says_nothing, "3.10.5", "ABORT in TIME-WAIT: nothing is sent";
    closed_and_aborted_are_told_apart, "MUST-12", "closed and aborted are told apart";
    a_reset_and_a_timeout_are_told_apart, "3.9.1.8", "a reset and a timeout are told apart";
    time_wait_lasts_two_msl, "MUST-13", "TIME-WAIT lasts 2 MSL (MSL 30 s)";
    a_fin_again_in_time_wait_is_acknowledged_each_time, "3.10.7.4, eighth", "TIME-WAIT: FIN again is acknowledged";
    a_fin_again_starts_the_wait_anew, "3.10.7.4, eighth", "TIME-WAIT: FIN again starts 2 MSL anew";
    old_data_in_time_wait_is_acknowledged, "3.10.7.4, first", "TIME-WAIT: old data is acknowledged";
    a_reset_does_not_end_time_wait, "RFC 1337", "TIME-WAIT: RST does not end it";
    a_newer_syn_in_time_wait_opens_anew, "MAY-2", "TIME-WAIT: a newer SYN opens anew, beyond the old numbers";
    an_older_syn_in_time_wait_is_challenged, "3.10.7.4, fourth", "TIME-WAIT: an older SYN draws a challenge ACK";
    time_wait_keeps_no_connection_from_the_next_peer, "3.6.1", "TIME-WAIT holds no buffers";
    }
    timers {
    retransmissions_back_off, "MUST-19", "retransmissions back off";
    a_first_flight_is_small, "MUST-19", "slow start";
    data_is_tried_for_a_hundred_seconds_and_given_up, "MUST-20, SHLD-11", "R2 for data: at least 100 s, then CLOSED";
    the_application_sets_how_long_data_is_tried, "MUST-21", "the application sets R2";
    a_syn_is_tried_for_three_minutes_and_given_up, "MUST-22, MUST-23", "R2 for SYN: at least 3 minutes, then CLOSED";
    a_slow_peer_is_reported, "SHLD-9, SHLD-10", "R1 is reported, after 3 retransmissions";
    a_limit_for_silence_spares_who_has_nothing_to_say, "3.10.8", "the user timeout spares an idle connection";
    a_lost_fin_is_sent_again_whatever_is_repeated, "3.8.1", "a lost FIN is sent again, after repeated ACKs too";
    a_closed_window_is_probed, "MUST-35, MUST-36", "a closed window is probed";
    the_first_probe_waits_for_a_timeout, "SHLD-29", "the first probe waits for a timeout", "smoltcp decides when a probe leaves; the first one is early, and harmless";
    probes_go_on_for_as_long_as_they_are_answered, "MUST-37, SHLD-30", "probes back off, and go on while they are answered";
    an_idle_connection_is_not_probed, "MUST-24, MUST-25", "keep-alive is off by default";
    an_idle_peer_is_probed_only_if_asked_for, "MUST-26, MUST-27, MUST-29", "keep-alive where it is asked for; one lost probe ends nothing";
    a_probe_of_an_idle_peer_carries_nothing, "SHLD-12", "keep-alive without an octet of garbage", "smoltcp always sends one octet (MAY-6)";
    the_wait_for_the_peers_end_is_bounded_once_nobody_reads, "3.6", "FIN-WAIT-2 is bounded once nobody reads";
    a_segment_waits_for_the_hardware_address, "RFC 1122 2.3.2.2", "a segment waits for the hardware address";
    }
}
