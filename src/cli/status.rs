//! `tidings status`: how an installation stands.

use super::args::{Common, ListFormat, Listing};
use super::endpoints;
use super::failure::{Exit, Failure};
use super::installation::Installation;
use super::output;

pub(super) async fn run(common: &Common, args: &Listing) -> Result<Exit, Failure> {
    let status = Installation::open(common, args.dir.as_deref(), &args.admin).await?.status().await?;
    match args.format {
        ListFormat::Json => output::json(&status)?,
        ListFormat::Text => {
            output::line(format!("last scan   {}", output::maybe_time(status.last_scan)));
            output::line(format!("posts       {}", status.posts));
            output::line(format!("documents   {}", status.documents));
            if status.hub.subscriptions > 0 {
                let owed =
                    if status.hub.notices > 0 { format!(", {} to be told", status.hub.notices) } else { String::new() };
                output::line(format!("subscribers {}{owed}", status.hub.subscriptions));
            }
            if !status.endpoints.is_empty() {
                output::line("");
                endpoints::table(&status.endpoints);
            }
        }
    }
    Ok(Exit::Done)
}
