//! Plays random octets, from one seed to another, and leaves those that fail in files.
//!
//!     cargo run --example random TARGET FIRST COUNT [DIRECTORY]

use std::panic;
use std::path::PathBuf;

use smolchat_fuzz::{TARGETS, count, random};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let target = TARGETS
        .iter()
        .find(|target| args.first().is_some_and(|name| name == target.name));
    let number = |at: usize| args.get(at).and_then(|text| text.parse::<u64>().ok());
    let (Some(target), Some(first), Some(count)) = (target, number(1), number(2)) else {
        eprintln!("usage: random TARGET FIRST COUNT [DIRECTORY]");
        std::process::exit(2);
    };
    let directory = args.get(3).map_or_else(std::env::temp_dir, PathBuf::from);
    let mut failed = 0;
    for seed in first..first + count {
        let data = random(seed);
        if panic::catch_unwind(|| (target.run)(&data)).is_err() {
            let file = directory.join(format!("{}-{seed}", target.name));
            eprintln!("seed {seed}: {}", file.display());
            std::fs::write(file, &data).expect("a directory that can be written");
            failed += 1;
        }
    }
    eprintln!(
        "frames: {} in all; {failed} of {count} seeds failed",
        count::done()
    );
    std::process::exit(i32::from(failed > 0));
}
