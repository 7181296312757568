//! The command line: one file a command, and [`run`], the daemon, which shows the whole life of the process.
//!
//! In: arguments and the environment. Out: text for people, JSON for programs, and an exit status that scripts rely on.

#![expect(clippy::disallowed_methods, reason = "the clock of commands is the system's")]

mod alarm;
mod annotations;
mod args;
mod build;
mod check;
mod clock;
mod deliveries;
mod endpoints;
mod explain;
mod failing;
mod failure;
mod hub;
mod init;
mod installation;
mod listen;
mod logging;
mod moments;
mod output;
mod pace;
mod parts;
mod progress;
mod reload;
mod report;
mod retention;
mod rotate;
mod run;
mod scan;
mod scans;
mod signals;
mod site;
mod status;
mod systemd;
mod told;
mod untold;

use std::process::ExitCode;

use clap::Parser as _;

use self::args::{Args, Command};
use self::failure::{Exit, Failure};

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    logging::init(&args.common);
    let result = runtime().and_then(|runtime| {
        let result = runtime.block_on(dispatch(&args));
        // Who asks twice for the end does not wait for a scan that hangs on a dead disk.
        runtime.shutdown_background();
        result
    });
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => failure.tell(args.common.log_format),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)
}

async fn dispatch(args: &Args) -> Result<Exit, Failure> {
    let common = &args.common;
    match &args.command {
        Command::Serve(serve) => run::run(common, serve).await,
        Command::Scan(scan) => scan::run(common, scan).await,
        Command::Build(build) => build::run(common, build).await,
        Command::Check(check) => check::run(common, check).await,
        Command::Init(init) => init::run(init),
        Command::Status(status) => status::run(common, status).await,
        Command::Endpoints(endpoints) => endpoints::run(common, endpoints).await,
        Command::Deliveries(deliveries) => deliveries::run(common, deliveries).await,
        Command::Hub(args) => hub::run(common, args).await,
        Command::Listen(listen) => listen::run(listen).await,
    }
}
