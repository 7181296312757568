//! The `server` and `store` sections.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

use super::{Checker, normal};
use crate::config::file::{ConfigFile, Step};
use crate::config::{Output, Server, Site, StoreUrl};
use crate::problems::Problem;

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
    pub(super) fn server(&mut self, site: Option<&Site>, output: &Output) -> Option<Server> {
        let raw = self.file.raw.server.clone().unwrap_or_default();
        let listen = self.address("listen", raw.listen.as_deref(), 8080);
        let admin = self.address("admin", raw.admin.as_deref(), 8081);
        let admin_token = raw.admin_token.as_ref().and_then(|token| {
            token
                .resolve(&self.file.dir, self.around.env)
                .map_err(|reason| self.token_error(&reason, "set it, or take `server.admin_token` out"))
                .ok()
        });
        let (listen, admin) = (listen?, admin?);
        if !admin.ip().is_loopback() && raw.admin_token.is_none() {
            self.token_error(
                &format!("the admin listener {admin} can be reached from other machines, and has no token"),
                "set `server.admin_token: {env: NAME}`, or let `server.admin` listen on 127.0.0.1",
            );
        }
        let public_url = match &raw.public_url {
            Some(text) => self.http_url(&[Step::Key("server"), Step::Key("public_url")], text)?,
            None => default_public_url(site?, output)?,
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
                    &[Step::Key("server"), Step::Key(key)],
                    &format!("`{text}` is no address to listen on"),
                    &format!("write an IP address and a port, like 127.0.0.1:{port}, 0.0.0.0:{port} or [::1]:{port}"),
                );
            })
            .ok()
    }

    fn token_error(&mut self, message: &str, remedy: &str) {
        self.error(&[Step::Key("server"), Step::Key("admin_token")], message, remedy);
    }
}

/// A generator that copies the output directory puts it below the site under the directory's own name.
fn default_public_url(site: &Site, output: &Output) -> Option<Url> {
    let name = output.dir.file_name()?.to_string_lossy().into_owned();
    let mut url = site.url.clone();
    url.path_segments_mut().ok()?.pop_if_empty().push(&name).push("");
    Some(url)
}
