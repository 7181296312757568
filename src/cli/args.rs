//! What may be written on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use url::Url;

use super::listen::Answer;
use super::moments::{self, Since};
use crate::store::DeliveryState;

/// Turns a repository of Markdown posts into feeds and notifications.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXIT_STATUS)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_STATUS: &str = "Exit status: 0 done; 1 done, with problems (check always, scan and build with --strict); \
                           2 wrong usage or configuration; 3 could not do it.";

/// What every command takes.
#[derive(Debug, Clone, ClapArgs)]
pub(super) struct Common {
    /// The config file [default: DIR/tidings.yaml, if there is one]
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Where documents are written, instead of output.dir
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// How log lines look
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub(super) log_format: LogFormat,
    /// Say more (-vv: even more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    Text,
    /// One object a line
    Json,
}

/// How a list looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// How problems are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// For people
    Text,
    /// For programs: one object
    Json,
    /// For GitHub Actions: one annotation a problem
    Github,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The daemon: scan, write, serve, notify, until SIGTERM
    Serve(Serve),
    /// One scan with events; waits for deliveries that are due
    Scan(Scan),
    /// One scan to files, nothing else: no store, no events, no network
    Build(Build),
    /// Look at config and posts; every problem with its place, reason and remedy
    Check(Check),
    /// Write a commented tidings.yaml from what is found (never over an existing one)
    Init(Init),
    /// How an installation stands
    Status(Listing),
    /// The webhooks of an installation
    Endpoints(Endpoints),
    /// What was sent, is owed, or was given up
    Deliveries(Deliveries),
    /// Who has subscribed to the feeds (WebSub)
    Hub(Hub),
    /// A receiver to develop against: verifies signatures, prints events
    Listen(Listen),
}

#[derive(Debug, ClapArgs)]
pub(super) struct Serve {
    /// The site's directory [default: that of the config file, else .]
    pub(super) dir: Option<PathBuf>,
    /// The posts that are gone are meant to be gone: the first scan does not stop for them
    #[arg(long)]
    pub(super) allow_removals: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Scan {
    /// The site's directory [default: that of the config file, else .]
    pub(super) dir: Option<PathBuf>,
    /// Leave deliveries to the next scan or the daemon
    #[arg(long)]
    pub(super) no_wait: bool,
    /// The posts that are gone are meant to be gone: do not stop for them
    #[arg(long)]
    pub(super) allow_removals: bool,
    /// Exit with 1 if there are problems
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Build {
    /// The site's directory [default: that of the config file, else .]
    pub(super) dir: Option<PathBuf>,
    /// Exit with 1 if there are problems
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Check {
    /// The site's directory [default: that of the config file, else .]
    pub(super) dir: Option<PathBuf>,
    /// How the problems are listed
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(super) format: CheckFormat,
    /// Every problem, where one kind is found many times
    #[arg(long)]
    pub(super) all: bool,
    /// Look at nothing, and say what this code means; without CODE, list all codes
    #[arg(long, value_name = "CODE", num_args = 0..=1, conflicts_with_all = ["format", "all"])]
    pub(super) explain: Option<Option<String>>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Init {
    /// The site's directory
    #[arg(default_value = ".")]
    pub(super) dir: PathBuf,
}

/// A command that lists something of an installation.
#[derive(Debug, ClapArgs)]
pub(super) struct Listing {
    /// The site's directory [default: that of the config file, else .]
    pub(super) dir: Option<PathBuf>,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(super) format: ListFormat,
    #[command(flatten)]
    pub(super) admin: Admin,
}

/// A daemon that is asked instead of the database.
#[derive(Debug, ClapArgs)]
pub(super) struct Admin {
    /// Ask the running daemon whose admin listener is there, instead of the database on this machine
    #[arg(long, value_name = "URL")]
    pub(super) admin: Option<Url>,
    /// The environment variable that holds that daemon's server.admin_token
    #[arg(long, value_name = "NAME", default_value = "TIDINGS_ADMIN_TOKEN")]
    pub(super) token_env: String,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Endpoints {
    #[command(subcommand)]
    pub(super) command: EndpointsCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum EndpointsCommand {
    /// All webhooks, and how they stand
    List(Listing),
    /// How one webhook stands
    Show(Named),
    /// Send a ping to one webhook, now
    Test(Named),
    /// Send nothing to a webhook until it is resumed: it is owed everything meanwhile
    Pause(Named),
    /// End a pause: what the webhook is owed goes out
    Resume(Named),
    /// Send to a webhook again that is disabled, failing, or asked to be left alone: what it is owed goes out
    Enable(Named),
    /// Make a new signing secret; the old one signs beside it for a while
    RotateSecret(RotateSecret),
}

#[derive(Debug, ClapArgs)]
pub(super) struct Named {
    /// The webhook's name
    pub(super) name: String,
    #[command(flatten)]
    pub(super) listing: Listing,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RotateSecret {
    /// The webhook's name
    pub(super) name: String,
    /// The site's directory [default: that of the config file, else .]
    pub(super) dir: Option<PathBuf>,
    /// For so long the old secret signs, too
    #[arg(long, value_name = "LENGTH", default_value = "24h", value_parser = moments::length)]
    pub(super) overlap: Duration,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(super) format: ListFormat,
    #[command(flatten)]
    pub(super) admin: Admin,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Deliveries {
    #[command(subcommand)]
    pub(super) command: DeliveriesCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum DeliveriesCommand {
    /// Deliveries, newest first
    List {
        #[command(flatten)]
        listing: Listing,
        /// Only those of this webhook
        #[arg(long, value_name = "NAME")]
        endpoint: Option<String>,
        /// Only those in this state
        #[arg(long, value_parser = parse_state)]
        state: Option<DeliveryState>,
        /// Only those owed since a time, a day, or for so long: 2026-11-22T10:00:00Z, 2026-11-22, 90m, 2h, 3d
        #[arg(long, value_name = "TIME", value_parser = moments::since)]
        since: Option<Since>,
        /// At most so many (0: all)
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// The whole story of one message: every attempt to every webhook
    Show {
        /// The message id
        id: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Send given-up (or waiting) deliveries again, with all their tries before them
    Retry(Chosen),
    /// Do not send pending deliveries any more
    Cancel(Chosen),
}

/// Which deliveries something is done to.
#[derive(Debug, ClapArgs)]
pub(super) struct Chosen {
    /// The message id; without it, all that the options choose
    pub(super) id: Option<String>,
    /// The site's directory [default: that of the config file, else .]
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// Only those of this webhook
    #[arg(long, value_name = "NAME")]
    pub(super) endpoint: Option<String>,
    /// Only those owed since a time, a day, or for so long: 2026-11-22T10:00:00Z, 2026-11-22, 90m, 2h, 3d
    #[arg(long, value_name = "TIME", value_parser = moments::since)]
    pub(super) since: Option<Since>,
    /// Those that were given up, and no others
    #[arg(long)]
    pub(super) all_dead: bool,
    /// Do nothing, and say how many it would be
    #[arg(long)]
    pub(super) dry_run: bool,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(super) format: ListFormat,
    #[command(flatten)]
    pub(super) admin: Admin,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Hub {
    #[command(subcommand)]
    pub(super) command: HubCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum HubCommand {
    /// All subscriptions, and how they stand
    Subscriptions(Listing),
}

#[derive(Debug, ClapArgs)]
pub(super) struct Listen {
    /// Where to listen
    #[arg(default_value = "127.0.0.1:8090")]
    pub(super) address: SocketAddr,
    /// The environment variable that holds the webhook's secret, or its public key: `whpk_…`
    #[arg(long, default_value = "TIDINGS_SECRET", value_name = "NAME")]
    pub(super) secret_env: String,
    /// Take messages without a signature, too, as chat services get them; then no secret is needed
    #[arg(long)]
    pub(super) unsigned: bool,
    /// What messages are answered: a status from 200 to 599, `redirect`, `hang`, `drip` (a body that never ends), `close`
    #[arg(long, default_value = "204")]
    pub(super) answer: Answer,
    /// Take so many messages before that
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) after: usize,
    /// Answer so many messages so, and take all others [default: all]
    #[arg(long, value_name = "N")]
    pub(super) times: Option<usize>,
    /// Send Retry-After with that answer
    #[arg(long, value_name = "SECONDS")]
    pub(super) retry_after: Option<u64>,
    /// How requests are shown: `json` is one object a line
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(super) format: ListFormat,
}

fn parse_state(name: &str) -> Result<DeliveryState, String> {
    DeliveryState::from_name(name)
        .ok_or_else(|| format!("`{name}` is none of {}", DeliveryState::ALL.map(DeliveryState::as_str).join(", ")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Args::command().debug_assert();
    }
}
