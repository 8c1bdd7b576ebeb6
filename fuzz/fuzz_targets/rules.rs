#![no_main]
//! See `siyu_fuzz::TARGETS`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| siyu_fuzz::run("rules", data));
