//! The `tidings` program. Everything is in the library; see [`tidings::cli`].

use std::process::ExitCode;

/// Its settings are in `.cargo/config.toml`.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    tidings::cli::main()
}
