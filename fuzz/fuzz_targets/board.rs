#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smolchat_fuzz::board::run(data));
