//! The kernel is learned in a network namespace of its own. A process can enter one only before it has
//! threads, which a test has: it starts its own program once more, inside, for the one test.

use std::env;
use std::process::Command;

use super::alphabet::Opening;
use super::kernel::OnTap;
use super::learned::{learn, written};
use super::subject::Who;
use super::table::Table;

/// Set for the program inside.
const INSIDE: &str = "SMOLCHAT_INSIDE";

/// The tests that learn the kernel, by their names.
fn test(opening: Opening) -> &'static str {
    match opening {
        Opening::Passive => "machine::linux_that_is_opened_to_is_the_machine_of_its_table",
        Opening::Active => "machine::linux_that_opens_is_the_machine_of_its_table",
    }
}

/// The machine of the kernel: inside, it is learned; outside, its table is read once the test inside has
/// found it to be true, or written it anew.
pub(crate) fn learned(opening: Opening) -> Table {
    if env::var_os(INSIDE).is_some() {
        return learn(Who::Linux, opening, OnTap::new(opening));
    }
    let is_root = rustix::process::geteuid().is_root();
    let output = Command::new("unshare")
        .args(if is_root {
            &["--net"][..]
        } else {
            &["--net", "--map-root-user"]
        })
        .arg(env::current_exe().expect("this is a program"))
        .args(["--exact", test(opening), "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare is installed: scripts/test installs what is missing");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    println!("{said}");
    written(Who::Linux, opening).expect("the test inside has read it")
}
