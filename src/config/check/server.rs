//! The `server` and `store` sections.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use url::Url;

use super::{Checker, normal};
use crate::config::file::{ConfigFile, Step};
use crate::config::{Server, Site, StoreUrl};
use crate::problems::Problem;

const SERVER: Step<'_> = Step::Key("server");
const DEFAULT_STORE: &str = "sqlite:.tidings/tidings.db";

impl ConfigFile {
    /// Where state is kept: all that a command needs that looks at an installation.
    ///
    /// # Errors
    ///
    /// If `store.url` is not the address of a SQLite database.
    pub fn store_url(&self) -> Result<StoreUrl, Problem> {
        let url = self.raw.store.as_ref().and_then(|store| store.url.as_deref()).unwrap_or(DEFAULT_STORE);
        let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
        match path.filter(|path| !path.is_empty()) {
            Some(path) => Ok(StoreUrl::Sqlite(normal(&self.dir.join(path)))),
            None => Err(self.problem(
                &[Step::Key("store"), Step::Key("url")],
                "this is not the address of a SQLite database",
                "write it like sqlite:.tidings/tidings.db, relative to the site's directory",
            )),
        }
    }
}

impl Checker<'_> {
    pub(super) fn server(&mut self, site: Option<&Site>) -> Option<Server> {
        let raw = self.file.raw.server.clone().unwrap_or_default();
        let listen = self.address("listen", raw.listen.as_deref(), 8080);
        let admin = self.address("admin", raw.admin.as_deref(), 8081);
        let admin_token = raw.admin_token.as_ref().filter(|_| self.around.env.is_some()).and_then(|token| {
            let token = self.resolve(token);
            token.map_err(|reason| self.error(&[SERVER, Step::Key("admin_token")], &reason, "put it there")).ok()
        });
        let (listen, admin) = (listen?, admin?);
        if !admin.ip().is_loopback() && raw.admin_token.is_none() {
            self.error(
                &[SERVER, Step::Key("admin")],
                &format!("the admin listener {admin} can be reached from other machines, and has no token"),
                "set `server.admin_token: {env: NAME}`, or let `server.admin` listen on 127.0.0.1",
            );
        }
        let public_url = match &raw.public_url {
            Some(text) => self.http_url(&[SERVER, Step::Key("public_url")], text)?,
            None => default_public_url(site?, &self.configured_dir()),
        };
        Some(Server { listen, public_url, admin, admin_token })
    }

    pub(super) fn store(&mut self) -> Option<StoreUrl> {
        self.file.store_url().map_err(|problem| self.problems.push(problem)).ok()
    }

    fn address(&mut self, key: &str, text: Option<&str>, port: u16) -> Option<SocketAddr> {
        let Some(text) = text else { return Some((Ipv4Addr::LOCALHOST, port).into()) };
        text.parse()
            .map_err(|_| {
                self.error(
                    &[SERVER, Step::Key(key)],
                    &format!("`{text}` is no address to listen on"),
                    &format!("write an IP address and a port, like 127.0.0.1:{port}, 0.0.0.0:{port} or [::1]:{port}"),
                );
            })
            .ok()
    }
}

/// A generator that copies the output directory puts it below the site under the directory's own name. Where documents are
/// written for once (`--out`) makes no difference: feeds' ids depend on this.
fn default_public_url(site: &Site, configured: &Path) -> Url {
    let mut url = site.url.clone();
    if let (Some(name), Ok(mut segments)) = (configured.file_name(), url.path_segments_mut()) {
        segments.pop_if_empty().push(&name.to_string_lossy()).push("");
    }
    url
}
