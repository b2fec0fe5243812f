//! The corpora and the regressions once more, and some random octets: without libFuzzer, on any toolchain.

use std::fs;
use std::path::Path;

use smolchat_fuzz::{TARGETS, random};

/// Seeds of each target.
const SEEDS: u64 = 300;

/// Plays every file of each target's own directory below `root`; says how many there were.
fn replay(root: &str) -> usize {
    let mut files = 0;
    for target in TARGETS {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(root)
            .join(target.name);
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("a directory that can be read").path();
            // Shown only if it fails.
            println!("{}", path.display());
            (target.run)(&fs::read(&path).expect("a file that can be read"));
            files += 1;
        }
    }
    files
}

#[test]
fn every_file_of_the_corpora_passes() {
    assert!(replay("corpus") > 0, "there is no corpus");
}

#[test]
fn every_regression_passes() {
    assert!(replay("regressions") > 0, "there are no regressions");
}

#[test]
fn random_octets_pass() {
    for target in TARGETS {
        for seed in 0..SEEDS {
            println!("{} {seed}", target.name);
            (target.run)(&random(seed));
        }
    }
}
