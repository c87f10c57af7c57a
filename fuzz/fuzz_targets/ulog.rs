//! One part of a recording replaced by what the fuzzer made; see the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| terrella_fuzz::Target::Ulog.read(data));
