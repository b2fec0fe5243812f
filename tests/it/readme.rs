//! What the README shows is what the program does.

use crate::hall::Hall;
use crate::pair::ladder;
use smolchat::trace::ConnectionId;
use smoltcp::time::Duration;

const README: &str = include_str!("../../README.md");

/// A member of the second tutorial says `q`; the node closes first and waits 2 MSL.
fn farewell() -> String {
    let mut hall = Hall::default();
    let client = hall.join();
    hall.ask(client, "你好么,我好哟");
    hall.ask(client, "q");
    hall.run_for(Duration::from_millis(50));
    hall.pair.a.close(hall.pair.now, client);
    hall.run_for(Duration::from_secs(61));
    let ladder = ladder(&hall.pair.b, ConnectionId(1), hall.pair.now);
    ladder.trim_end().to_owned()
}

#[test]
fn the_ladder_of_the_readme_is_a_real_one() {
    let drawn = farewell();
    assert!(
        README.contains(&drawn),
        "put this into the README:\n{drawn}"
    );
}

#[test]
#[cfg(target_pointer_width = "64")]
fn the_budget_of_the_readme_is_what_the_program_prints() {
    let program = env!("CARGO_BIN_EXE_smolchat");
    let output = std::process::Command::new(program).arg("budget").output();
    let budget = String::from_utf8(output.unwrap().stdout).unwrap();
    let budget = budget.trim_end();
    assert!(
        README.contains(budget),
        "put this into the README:\n{budget}"
    );
}
