//! The `tidings` program. Everything is in the library; see [`tidings::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tidings::cli::main()
}
