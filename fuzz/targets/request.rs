#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ssi_fuzz::request(data));
