//! Shows what a file of target `node` does, as short as it still fails in the same place.
//!
//!     cargo run --example show FILE

use std::cell::RefCell;
use std::panic;

use smolchat_fuzz::node::{Plan, plan, play};

thread_local! {
    /// Where the last panic was.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Where a plan fails, if it does.
fn failure(plan: &Plan) -> Option<String> {
    let outcome = panic::catch_unwind(|| play(plan));
    outcome.is_err().then(|| PLACE.take())
}

/// Leaves out whatever is not needed to fail in the same place.
fn shortest(mut plan: Plan, place: &str) -> Plan {
    let mut size = plan.actions.len().next_power_of_two();
    while size > 0 {
        let mut at = 0;
        while at < plan.actions.len() {
            let mut less = plan.clone();
            less.actions.drain(at..(at + size).min(plan.actions.len()));
            if failure(&less).as_deref() == Some(place) {
                plan = less;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    plan
}

fn main() {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("usage: show FILE");
        std::process::exit(2);
    };
    let data = std::fs::read(&file).expect("a file that can be read");
    let plan = plan(&data).expect("a plan");
    let loud = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        PLACE.set(info.location().map(ToString::to_string).unwrap_or_default());
    }));
    let place = failure(&plan);
    let plan = match &place {
        Some(place) => shortest(plan, place),
        None => plan,
    };
    panic::set_hook(loud);
    println!("{:#?}", plan.setup);
    for action in &plan.actions {
        println!("{action:?}");
    }
    match place {
        Some(_) => play(&plan),
        None => println!("it passes"),
    }
}
