//! Many commands are no more work than as much text.

use super::*;

/// How many steps it takes until everything in a full scratch is dealt with, and what was answered.
fn steps(pattern: &[u8]) -> (usize, usize) {
    let mut ring: Vec<u8> = pattern.iter().copied().cycle().take(SCRATCH).collect();
    let mut framer = Framer::new(Instant::ZERO);
    let (mut steps, mut answered) = (0, 0);
    loop {
        steps += 1;
        let mut seen = ring.clone();
        match framer.next(Instant::from_secs(10), &mut seen, true, Duration::ZERO) {
            Step::Message { consume, .. }
            | Step::TooLong { consume, .. }
            | Step::Skip { consume } => drop(ring.drain(..consume)),
            Step::Reply(reply) => answered += reply.octets().len(),
            Step::Wait { .. } => panic!("nothing follows"),
            Step::End => return (steps, answered),
        }
    }
}

#[test]
fn a_run_of_commands_is_skipped_at_once_and_answered_sixteen_at_a_time() {
    // No operation; an option that is asked for; a subnegotiation that never ends.
    assert_eq!(steps(b"\xff\xf1"), (2, 0));
    assert_eq!(steps(b"\xff\xfd\x01"), (24, SCRATCH));
    assert_eq!(steps(b"\xff\xfaa"), (2, 0));
    // The same behind text.
    assert!(steps(b"a\xff\xfd\x01").0 <= 20);
}

#[test]
fn a_subnegotiation_that_begins_in_another_ends_that_one() {
    use super::telnet::{Token, first};
    assert_eq!(
        first(b"\xff\xfa\x18\xff\xfa\x18\xff\xf0", true),
        (Token::Stray, 3)
    );
    assert!(matches!(
        first(b"\xff\xfa\x1f\x00\xff\xff\xff\xf0x", true),
        (Token::Command(_), 8)
    ));
}
