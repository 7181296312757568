//! A site in a directory of its own, and commands run on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::{Receiver, SECRET, program};

/// A Jekyll site with the settings of the first user.
pub(crate) struct Site {
    dir: TempDir,
}

/// A command that has ended.
pub(crate) struct Done {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Site {
    /// A site without a post.
    pub(crate) fn new() -> Self {
        let site = Self::bare();
        site.write(
            "_config.yml",
            "title: 投資と技術\nurl: https://blog.example.com\nlang: ja\ntimezone: Asia/Tokyo\nauthor: 編集部\n",
        );
        site.config("");
        site
    }

    /// An empty directory.
    pub(crate) fn bare() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A copy of everything, the database too.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::bare();
        let (from, to) = (self.file("."), copy.path());
        assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
        copy
    }

    /// Writes tidings.yaml: ports that are free, no scans but those asked for, and `more`.
    pub(crate) fn config(&self, more: &str) {
        // The source of `more` stays the one that is named.
        let unwatched = if more.contains("source: {") { "" } else { "source: {watch: false}\n" };
        self.watched(&format!("{unwatched}{}", more.replace("source: {", "source: {watch: false, ")));
    }

    /// As [`Site::config`], but what is saved is scanned at once.
    pub(crate) fn watched(&self, more: &str) {
        self.write(
            "tidings.yaml",
            format!(
                "schedule: \"0 0 1 1 *\"\n\
                 server: {{listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\", public_url: \"https://blog.example.com/feeds/\"}}\n\
                 {more}"
            ),
        );
    }

    /// As [`Site::config`], with a webhook that the receiver answers.
    pub(crate) fn webhook(&self, receiver: &Receiver, more: &str) {
        self.config(&format!(
            "webhooks:\n  - name: hook\n    url: \"{}\"\n    secret: {{env: HOOK_SECRET}}\n{more}",
            receiver.url()
        ));
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let file = self.file(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// A post of 2025 with this title and text.
    pub(crate) fn post(&self, name: &str, title: &str, text: &str) {
        self.write(
            &format!("_posts/2025-{name}.md"),
            format!("---\ntitle: {title}\ncategories: [投資分析]\ntags: [AI]\n---\n\n{text}\n"),
        );
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.file(path)).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Runs git here, as somebody.
    pub(crate) fn git(&self, args: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-C"]).arg(self.path()).args(args);
        let done = command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// A command of the program, in the site's directory.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(args).current_dir(self.path()).env_clear().env("HOOK_SECRET", SECRET);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Done {
        self.command(args).output().unwrap().into()
    }

    /// Runs a command as somebody whom permissions stop: root is stopped by none.
    pub(crate) fn run_as_nobody(&self, args: &[&str]) -> Done {
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        if !is_root {
            return self.run(args);
        }
        // The program itself may be where nobody may look.
        let copy = self.file("tidings-copy");
        if !copy.exists() {
            fs::copy(program(), &copy).unwrap();
        }
        let owned = Command::new("chown").args(["-R", "65534:65534"]).arg(self.path()).status().unwrap();
        assert!(owned.success());
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy).args(args);
        command.current_dir(self.path()).env_clear().env("HOOK_SECRET", SECRET).output().unwrap().into()
    }

    /// Sets the permissions of a file or directory.
    pub(crate) fn permit(&self, path: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(self.file(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Runs a command that must succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> Done {
        let done = self.run(args);
        assert_eq!(done.status, 0, "{args:?}: {}{}", done.stdout, done.stderr);
        done
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Done {
    /// All that it said.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}
