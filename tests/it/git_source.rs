//! `source.git`: a repository elsewhere, or on this machine, with the real git program and real sockets.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use chrono::{TimeDelta, Utc};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Daemon, PATIENCE, Receiver, Site};

/// A repository that somebody pushes to.
struct Blog {
    dir: TempDir,
}

impl Blog {
    /// With one post.
    fn new() -> Self {
        let blog = Self { dir: tempfile::tempdir().unwrap() };
        blog.git(&["init", "-q", "-b", "main"]);
        blog.write("_config.yml", "title: 投資と技術\nurl: https://blog.example.com\n");
        blog.post("01-01-a", "一");
        blog.commit();
        blog
    }

    fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-C"]).arg(self.dir.path()).args(args);
        let done = command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.file(path).parent().unwrap()).unwrap();
        fs::write(self.file(path), text).unwrap();
    }

    fn post(&self, name: &str, title: &str) {
        self.write(&format!("_posts/2025-{name}.md"), format!("---\ntitle: {title}\n---\n\n本文\n"));
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "x", "--allow-empty", "--date", "2025-02-01T00:00:00+0900"]);
    }

    fn url(&self) -> String {
        format!("file://{}", self.dir.path().display())
    }
}

/// A site whose posts are at `address`, with a receiver.
fn site(address: &str, more: &str) -> (Site, Receiver) {
    let (site, receiver) = (Site::bare(), Receiver::start());
    configure(&site, &receiver, address, more);
    (site, receiver)
}

fn configure(site: &Site, receiver: &Receiver, address: &str, more: &str) {
    site.webhook(receiver, &format!("source: {{git: \"{address}\"{more}}}\n"));
}

fn titles(site: &Site) -> Vec<String> {
    let feed: Value = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    feed["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

/// The scan fails and says these.
fn fails(site: &Site, says: &[&str]) {
    let done = site.run(&["scan"]);
    assert_eq!(done.status, 3, "{}", done.said());
    assert!(says.iter().all(|text| done.stderr.contains(text)), "{says:?}: {}", done.stderr);
}

/// The only mirror.
fn mirror(site: &Site) -> PathBuf {
    let dirs = fs::read_dir(site.file(".tidings/git")).unwrap().map(|entry| entry.unwrap().path());
    dirs.filter(|path| path.is_dir()).collect::<Vec<_>>().try_into().map(|[dir]: [PathBuf; 1]| dir).unwrap()
}

/// A git server on a socket of its own, which can be told to be silent.
struct Server {
    url: String,
    silent: Arc<AtomicBool>,
    /// Who asked while it was silent, and still waits.
    waiting: mpsc::Receiver<TcpStream>,
}

impl Server {
    fn of(blog: &Blog) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("git://{}/.git", listener.local_addr().unwrap());
        let (silent, base) = (Arc::<AtomicBool>::default(), blog.dir.path().to_owned());
        let (is_silent, (sender, waiting)) = (Arc::clone(&silent), mpsc::channel());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                match is_silent.load(Ordering::Relaxed) {
                    true => drop(sender.send(stream)),
                    false => serve(stream, &base),
                }
            }
        });
        Self { url, silent, waiting }
    }
}

fn serve(stream: TcpStream, base: &Path) {
    let copy = Stdio::from(OwnedFd::from(stream.try_clone().unwrap()));
    let mut command = Command::new("git");
    command.args(["-c", "safe.directory=*", "daemon", "--inetd", "--export-all"]);
    command.arg(format!("--base-path={}", base.display()));
    command.stdin(copy).stdout(OwnedFd::from(stream)).stderr(Stdio::null()).spawn().unwrap().wait().unwrap();
}

/// A web server that gives everybody the same answer; what it was asked.
fn answering(answer: &'static str) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::<Mutex<String>>::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                match stream.read(&mut byte) {
                    Ok(1) => head.push(byte[0]),
                    _ => break,
                }
            }
            log.lock().unwrap().push_str(&String::from_utf8_lossy(&head));
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, asked)
}

#[test]
fn a_pushed_commit_is_announced_and_its_feeds_are_written() {
    let blog = Blog::new();
    let (site, receiver) = site(&blog.url(), ", branch: main");
    let mut daemon = Daemon::start(&site);
    assert_eq!(titles(&site), ["一"]);
    let quiet = daemon.rescan();
    assert_eq!((&quiet["documents.written"], &quiet["changes"]), (&Value::from(0), &Value::from(0)));
    blog.post("01-02-b", "二");
    blog.commit();
    blog.post("01-03-c", "未");
    assert_eq!(daemon.rescan()["changes"], 1, "what is not committed is not there");
    assert_eq!(receiver.next().data("title"), "二");
    assert_eq!(titles(&site), ["二", "一"]);
    daemon.stop();
    assert!(!site.file("_posts").exists(), "nothing is checked out");
}

#[test]
fn rewritten_histories_and_other_branches_are_followed() {
    let blog = Blog::new();
    let (site, receiver) = site(&blog.url(), "");
    site.ok(&["scan"]);
    blog.post("01-02-b", "二");
    blog.commit();
    blog.git(&["commit", "-q", "--amend", "-m", "rewritten"]);
    site.ok(&["scan"]);
    assert_eq!(receiver.next().data("title"), "二");
    // A history that shares nothing with the one before.
    blog.git(&["checkout", "-q", "--orphan", "other"]);
    blog.post("01-03-c", "三");
    blog.commit();
    blog.git(&["branch", "-D", "main"]);
    blog.git(&["gc", "-q", "--prune=now"]);
    site.ok(&["scan"]);
    assert_eq!((receiver.next().data("title"), titles(&site).len()), (&Value::from("三"), 3), "HEAD is followed");
    configure(&site, &receiver, &blog.url(), ", branch: main");
    fails(&site, &["no branch `main`", "source.branch"]);
    assert_eq!(titles(&site).len(), 3);
    blog.git(&["branch", "-m", "other", "main"]);
    site.ok(&["scan"]);
    blog.git(&["branch", "-m", "main", "main/x"]);
    configure(&site, &receiver, &blog.url(), ", branch: main/x");
    site.ok(&["scan"]);
}

#[test]
fn a_mirror_that_is_lost_damaged_or_locked_is_mended() {
    let blog = Blog::new();
    let (site, receiver) = site(&blog.url(), "");
    site.ok(&["scan"]);
    fs::remove_dir_all(site.file(".tidings/git")).unwrap();
    site.ok(&["scan"]);
    for damage in ["HEAD", "config", "packed-refs", "objects"] {
        let path = mirror(&site).join(damage);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::write(&path, "?").unwrap();
        }
        site.ok(&["scan"]);
    }
    // A git whose Tidings was killed was at work here.
    let unfinished = mirror(&site).with_extension("new0");
    for damage in ["pack", "idx"] {
        let packed = mirror(&site);
        blog.git(&["-C", packed.to_str().unwrap(), "gc", "-q", "--prune=now"]);
        let packs = fs::read_dir(packed.join("objects/pack")).unwrap().map(|entry| entry.unwrap().path());
        let damaged = packs.filter(|path| path.extension().is_some_and(|extension| extension == damage));
        for path in damaged.collect::<Vec<_>>() {
            fs::remove_file(&path).unwrap();
            fs::write(&path, "").unwrap();
        }
        fs::create_dir_all(unfinished.join("objects")).unwrap();
        site.ok(&["scan"]);
        assert!(!unfinished.exists());
    }
    let (lock, half) = (mirror(&site).join("shallow.lock"), mirror(&site).join("objects/pack/tmp_pack_x"));
    fs::create_dir_all(half.parent().unwrap()).unwrap();
    fs::write(&lock, "").unwrap();
    fs::write(&half, "half").unwrap();
    blog.post("01-02-b", "二");
    blog.commit();
    site.ok(&["scan"]);
    assert_eq!(receiver.next().data("title"), "二");
    assert!(!lock.exists() && !half.exists());
}

#[test]
fn a_damage_that_shows_in_a_blob_is_mended_by_the_next_scan() {
    let blog = Blog::new();
    blog.post("01-02-b", "二");
    blog.commit();
    let (site, _receiver) = site(&blog.url(), "");
    site.ok(&["scan"]);
    let id = blog.git(&["rev-parse", "HEAD:_posts/2025-01-02-b.md"]);
    fs::remove_file(mirror(&site).join("objects").join(&id[..2]).join(&id[2..])).unwrap();
    let mut daemon = Daemon::start(&site);
    assert_eq!(daemon.rescan()["problems"], 0);
    assert_eq!(titles(&site), ["二", "一"]);
    daemon.stop();
    let id = blog.git(&["rev-parse", "HEAD:_config.yml"]);
    fs::remove_file(mirror(&site).join("objects").join(&id[..2]).join(&id[2..])).unwrap();
    site.ok(&["scan"]);
}

#[test]
fn a_damage_that_shows_in_the_history_is_mended_by_the_next_scan() {
    let blog = Blog::new();
    let old = blog.git(&["rev-parse", "HEAD:_posts"]);
    blog.post("01-02-b", "二");
    blog.commit();
    let (site, receiver) = site(&blog.url(), ", updated: git");
    site.ok(&["scan"]);
    fs::remove_file(mirror(&site).join("objects").join(&old[..2]).join(&old[2..])).unwrap();
    blog.post("01-03-c", "三");
    blog.commit();
    fails(&site, &["unable to read", "made anew with the next scan"]);
    site.ok(&["scan"]);
    assert_eq!(receiver.next().data("title"), "三");
}

#[test]
fn history_that_was_not_to_be_had_is_fetched_once_it_is() {
    let blog = Blog::new();
    blog.post("01-02-b", "二");
    blog.commit();
    let clones = tempfile::tempdir().unwrap();
    let clone = clones.path().join("shallow");
    blog.git(&["clone", "-q", "--depth", "1", &blog.url(), clone.to_str().unwrap()]);
    let (site, _receiver) = site(&format!("file://{}", clone.display()), ", updated: git");
    assert!(site.run(&["scan"]).said().contains("--unshallow"));
    blog.git(&["-C", clone.to_str().unwrap(), "fetch", "-q", "--unshallow"]);
    site.ok(&["scan"]);
}

#[test]
fn a_post_comes_due_while_its_remote_is_silent() {
    let blog = Blog::new();
    let server = Server::of(&blog);
    let (site, receiver) = site(&server.url, ", git_timeout: 1s");
    let mut daemon = Daemon::start(&site);
    let due = (Utc::now() + TimeDelta::seconds(4)).format("%Y-%m-%d %H:%M:%S +0000");
    blog.write("_posts/2025-01-02-b.md", format!("---\ntitle: 予約\ndate: {due}\n---\n本文\n"));
    blog.commit();
    daemon.rescan();
    daemon.stop();
    server.silent.store(true, Ordering::Relaxed);
    let mut daemon = Daemon::start(&site);
    daemon.line(|line| line["message"].as_str().is_some_and(|text| text.starts_with("scan failed")));
    let is_good = |line: &Value, reason: &str| line["reason"] == reason && line["documents.written"].is_u64();
    daemon.line(|line| is_good(line, "due"));
    assert_eq!(receiver.next().data("title"), "予約");
    server.silent.store(false, Ordering::Relaxed);
    daemon.line(|line| is_good(line, "retry"));
    daemon.stop();
}

#[test]
fn shallow_repositories_are_as_good_as_whole_ones() {
    let blog = Blog::new();
    blog.post("01-02-b", "二");
    blog.commit();
    let clones = tempfile::tempdir().unwrap();
    let clone = clones.path().join("shallow");
    blog.git(&["clone", "-q", "--depth", "1", &blog.url(), clone.to_str().unwrap()]);
    for address in [clone.display().to_string(), format!("file://{}", clone.display())] {
        let (site, _receiver) = site(&address, "");
        site.ok(&["scan"]);
        site.ok(&["scan"]);
        assert_eq!(titles(&site), ["二", "一"], "{address}");
    }
}

#[test]
fn a_repository_on_this_machine_is_read_at_head_and_left_alone() {
    let blog = Blog::new();
    blog.post("01-02-b", "未");
    blog.write("tidings.yaml", "source: {git: .}\noutput: {dir: out}\n");
    blog.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch ran\n");
    let site = Site::bare();
    let done = site.run(&["build", blog.dir.path().to_str().unwrap()]);
    assert_eq!(done.status, 0, "{}", done.said());
    let feed = fs::read_to_string(blog.file("out/feed.atom")).unwrap();
    assert!(feed.contains("一") && !feed.contains("未"), "{feed}");
    assert!(!blog.file(".tidings").exists(), "there is nothing to mirror");
    assert_eq!(blog.git(&["status", "--porcelain", "_posts"]), "?? _posts/2025-01-02-b.md");
}

#[test]
fn a_directory_of_a_repository_has_the_dates_of_its_commits() {
    let blog = Blog::new();
    fs::create_dir(blog.file("blog")).unwrap();
    blog.git(&["mv", "_posts", "_config.yml", "blog"]);
    blog.commit();
    let (site, _receiver) = site(&blog.url(), ", path: blog, updated: git");
    site.ok(&["scan"]);
    let feed: Value = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    assert_eq!(feed["items"][0]["date_modified"], "2025-01-31T15:00:00Z", "{feed}");
}

#[test]
fn while_a_remote_is_silent_the_last_good_feeds_stay_and_nothing_is_told_twice() {
    let blog = Blog::new();
    let server = Server::of(&blog);
    let (site, receiver) = site(&server.url, ", git_timeout: 1s");
    let mut daemon = Daemon::start(&site);
    blog.post("01-02-b", "二");
    blog.commit();
    daemon.rescan();
    assert_eq!(receiver.next().data("title"), "二");
    let before = daemon.get("feed.atom");
    server.silent.store(true, Ordering::Relaxed);
    blog.post("01-03-c", "三");
    blog.commit();
    daemon.signal("HUP");
    let failed = daemon.line(|line| line["message"].as_str().is_some_and(|text| text.starts_with("scan failed")));
    assert!(failed["message"].as_str().unwrap().contains("nothing was heard"), "{failed}");
    assert_eq!(daemon.get("feed.atom"), before);
    server.silent.store(false, Ordering::Relaxed);
    assert_eq!(receiver.next().data("title"), "三", "the next scan works by itself");
    daemon.stop();
    server.silent.store(true, Ordering::Relaxed);
    let mut again = Daemon::start(&site);
    assert!(again.get("feed.atom").contains("三"), "it starts with what it has");
    server.silent.store(false, Ordering::Relaxed);
    again.rescan();
    again.stop();
}

#[test]
fn who_stops_the_daemon_does_not_wait_for_a_silent_remote() {
    let blog = Blog::new();
    let server = Server::of(&blog);
    let (site, receiver) = site(&server.url, ", git_timeout: 1h");
    let stop_while_waiting = |daemon: Daemon| {
        let mut waiting = server.waiting.recv_timeout(PATIENCE).unwrap();
        daemon.signal("TERM");
        let (ended, log) = daemon.outcome();
        assert!(ended.success(), "{log:#?}");
        assert!(log.iter().all(|line| line["level"] != "ERROR" && line["level"] != "WARN"), "{log:#?}");
        // No git is left behind.
        waiting.set_read_timeout(Some(PATIENCE)).unwrap();
        waiting.read_to_end(&mut Vec::new()).unwrap();
    };
    server.silent.store(true, Ordering::Relaxed);
    stop_while_waiting(Daemon::spawn_serving(&site, &[]));

    server.silent.store(false, Ordering::Relaxed);
    let daemon = Daemon::start(&site);
    server.silent.store(true, Ordering::Relaxed);
    daemon.signal("HUP");
    stop_while_waiting(daemon);

    server.silent.store(false, Ordering::Relaxed);
    let daemon = Daemon::start(&site);
    server.silent.store(true, Ordering::Relaxed);
    // Another source, of which there is no mirror yet.
    configure(&site, &receiver, &format!("{}/", server.url), ", git_timeout: 1h");
    daemon.signal("HUP");
    stop_while_waiting(daemon);
    server.silent.store(false, Ordering::Relaxed);
    site.ok(&["scan"]);
}

#[test]
fn a_remote_that_refuses_or_asks_for_a_password() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (site, receiver) = site(&format!("http://{closed}/x.git"), "");
    fails(&site, &["cannot be fetched", "git says: fatal"]);
    let (address, asked) = answering(
        "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    configure(&site, &receiver, &format!("http://{address}/x.git"), "");
    fails(&site, &["cannot be fetched", "credential helper"]);
    let secret = site.read("tidings.yaml").replace(&format!("\"http://{address}/x.git\""), "{env: BLOG}");
    site.write("tidings.yaml", secret);
    for command in ["scan", "check", "build", "serve"] {
        let mut command = site.command(&[command, "-v"]);
        let done = command.env("BLOG", format!("http://me:hunter2@{address}/x.git")).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(3), "{said}");
        assert!(said.contains(&address) && !said.contains("hunter2"), "{said}");
    }
    assert!(asked.lock().unwrap().contains("Authorization: Basic bWU6aHVudGVyMg=="), "it was given where it belongs");
    site.write("tidings.yaml", format!("source: {{git: \"http://me:hunter2@{address}/x.git\", branch: x}}\n"));
    let done = site.run(&["check"]);
    assert!(done.status == 2 && done.said().contains("{env: NAME}"), "{}", done.said());
    assert!(!done.said().contains("hunter2"), "{}", done.said());
}

/// Bytes that cannot be packed any smaller.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(&mut next).take(len).collect()
}

#[test]
fn a_remote_that_offers_too_much_is_refused_until_it_may() {
    let blog = Blog::new();
    let (site, receiver) = site(&blog.url(), ", max_git_bytes: 1MiB");
    site.ok(&["scan"]);
    blog.post("01-02-b", "二");
    blog.write("film.mp4", noise(3 << 20));
    blog.commit();
    fails(&site, &["more than 1048576 bytes", "source.max_git_bytes"]);
    fails(&site, &["more than 1048576 bytes"]);
    assert_eq!(titles(&site), ["一"]);
    configure(&site, &receiver, &blog.url(), ", max_git_bytes: 1GiB");
    site.ok(&["scan"]);
    assert_eq!(receiver.next().data("title"), "二");
}

/// A branch that is rewritten again and again leaves more in the mirror than the remote has.
#[test]
fn what_rewritten_history_left_behind_is_not_counted() {
    let blog = Blog::new();
    let (site, _receiver) = site(&blog.url(), ", max_git_bytes: 1MiB");
    for round in 0..5_u8 {
        let mut film = noise(350 << 10);
        film.iter_mut().for_each(|byte| *byte ^= round);
        blog.write("film.mp4", film);
        blog.git(&["add", "-A"]);
        blog.git(&["commit", "-q", "-m", "x", "--amend"]);
        site.ok(&["scan"]);
    }
}

#[test]
fn settings_that_were_broken_in_one_commit_are_mended_by_the_next() {
    let blog = Blog::new();
    let (site, receiver) = site(&blog.url(), "");
    site.ok(&["scan"]);
    let settings = fs::read_to_string(blog.file("_config.yml")).unwrap();
    blog.write("_config.yml", "title: [\n");
    blog.commit();
    assert_eq!(site.run(&["scan"]).status, 2);
    let serve = site.run(&["serve"]);
    assert_eq!(serve.status, 3, "whoever keeps it running starts it again: {}", serve.said());
    assert!(serve.stderr.contains("_config.yml"), "{}", serve.said());
    let config = site.read("tidings.yaml");
    site.write("tidings.yaml", format!("{config}schedule: never\n"));
    let serve = site.run(&["serve"]);
    assert_eq!(serve.status, 2, "nothing that is pushed mends this: {}", serve.said());
    site.write("tidings.yaml", config);
    blog.write("_config.yml", settings);
    blog.post("01-02-b", "二");
    blog.commit();
    site.ok(&["scan"]);
    assert_eq!(receiver.next().data("title"), "二");
}

#[test]
fn a_password_is_for_the_host_that_it_belongs_to() {
    let (other, asked) = answering(
        "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    let elsewhere = format!(
        "HTTP/1.1 302 Found\r\nLocation: http://{}/x.git/info/refs?service=git-upload-pack\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n",
        other.replace("127.0.0.1", "localhost"),
    );
    let (address, _) = answering(elsewhere.leak());
    let site = Site::bare();
    site.write(
        "tidings.yaml",
        "source: {git: {env: BLOG}, generator: plain}\nsite: {url: \"https://blog.example.com\"}\n",
    );
    for credentials in ["me:hunter2", "hunter2%3D+secret"] {
        let mut command = site.command(&["scan"]);
        let done = command.env("BLOG", format!("http://{credentials}@{address}/x.git")).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(3) && !said.contains("hunter2"), "{said}");
        let asked = asked.lock().unwrap();
        assert!(asked.contains("GET /x.git") && !asked.contains("Authorization"), "{asked}");
    }
    // A name without a password may be a token. Git writes it in its own way when nobody knows the password.
    let mut command = site.command(&["scan"]);
    let done = command.env("BLOG", format!("http://hunter2%3D+secret@{other}/x.git")).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.contains("could not read Password for") && !said.contains("hunter2"), "{said}");
}

#[test]
fn the_users_own_settings_of_git_change_nothing() {
    let blog = Blog::new();
    let (site, _receiver) = site(&blog.url(), ", updated: git");
    let settings = "[log]\nshowRoot = false\n[init]\ndefaultRefFormat = reftable\n[safe]\nbareRepository = explicit\n";
    site.write("gitconfig", settings);
    let mut command = site.command(&["scan"]);
    let envs = [("GIT_DEFAULT_REF_FORMAT", "reftable"), ("GIT_DEFAULT_HASH", "sha256")];
    let done = command.env("GIT_CONFIG_GLOBAL", site.file("gitconfig")).envs(envs).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let feed: Value = serde_json::from_str(&site.read("feeds/feed.json")).unwrap();
    assert_eq!(feed["items"][0]["date_modified"], "2025-01-31T15:00:00Z", "{feed}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_during_a_fetch_loses_nothing() {
    let blog = Blog::new();
    let (site, receiver) = site(&blog.url(), "");
    let small = site.file(".tidings");
    fs::create_dir(&small).unwrap();
    let mount = |args: &[&str]| Command::new(args[0]).args(&args[1..]).arg(&small).status().is_ok_and(|s| s.success());
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=4m", "tidings-test"]) {
        println!("left out: a small file system needs the right to mount");
        return;
    }
    let first = site.run(&["scan"]);
    blog.post("01-02-b", "二");
    blog.write("film.mp4", noise(6 << 20));
    blog.commit();
    let full = site.run(&["scan"]);
    let kept = titles(&site);
    fs::remove_file(blog.file("film.mp4")).unwrap();
    blog.git(&["add", "-A"]);
    blog.git(&["commit", "-q", "--amend", "-m", "smaller"]);
    let after = site.run(&["scan"]);
    assert!(mount(&["umount"]));
    assert_eq!(first.status, 0, "{}", first.said());
    assert!(full.status == 3 && full.stderr.contains("No space left"), "{}", full.said());
    assert_eq!(kept, ["一"]);
    assert_eq!(after.status, 0, "{}", after.said());
    assert_eq!(receiver.next().data("title"), "二");
}

#[test]
fn what_cannot_be_read_in_a_commit_is_named_and_keeps_its_place() {
    let blog = Blog::new();
    blog.post("01-02-b", "二");
    blog.commit();
    let (site, receiver) = site(&blog.url(), "");
    site.ok(&["scan"]);
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    blog.write("_posts/2025-01-01-a.md", pointer);
    fs::remove_file(blog.file("_posts/2025-01-02-b.md")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", blog.file("_posts/2025-01-02-b.md")).unwrap();
    blog.write("_posts/2025-01-03-Case.md", "---\ntitle: 大\n---\n");
    blog.write("_posts/2025-01-03-case.md", "---\ntitle: 小\n---\n");
    blog.write("_posts/2025-01-04-huge.md", "x ".repeat(2 << 20));
    blog.commit();
    blog.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},_posts/sub", "1".repeat(40))]);
    blog.git(&["commit", "-q", "-m", "x"]);
    let done = site.run(&["scan"]);
    assert_eq!(done.status, 0, "{}", done.said());
    assert_eq!(receiver.next().data("title"), "大");
    assert_eq!(titles(&site), ["大", "二", "一"]);
    let checked = site.run(&["check", "--format", "json"]);
    let checked: Value = serde_json::from_str(&checked.stdout).unwrap();
    let problem =
        |problem: &Value| format!("{} {}", problem["code"].as_str().unwrap(), problem["path"].as_str().unwrap());
    let problems: Vec<_> = checked["problems"].as_array().unwrap().iter().map(problem).collect();
    assert_eq!(
        problems,
        [
            "T001 _posts/2025-01-01-a.md",
            "T001 _posts/2025-01-02-b.md",
            "T001 _posts/2025-01-03-case.md",
            "T003 _posts/2025-01-04-huge.md",
            "T001 _posts/sub",
        ],
        "{checked:#}"
    );
}

#[test]
fn names_that_no_checkout_would_have_come_through_a_fetch_and_are_refused() {
    let blog = Blog::new();
    let id = |of: &str| blog.git(&["rev-parse", of]);
    let tree = |entries: &[(&str, &[u8], String)]| {
        let raw =
            |hex: &str| (0..20).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect::<Vec<_>>();
        let entry =
            |(mode, name, hex): &(&str, &[u8], String)| [mode.as_bytes(), b" ", name, b"\0", &raw(hex)].concat();
        blog.write(".git/tree", entries.iter().flat_map(entry).collect::<Vec<_>>());
        blog.git(&["hash-object", "-w", "-t", "tree", "--literally", ".git/tree"])
    };
    let post = || id("main:_posts/2025-01-01-a.md");
    let names: [&[u8]; 6] =
        [b"2025-01-01-a.md", b"2025-01-02-\xff.md", b"..", b".git", b"/etc/2025-01-02-a.md", b"../2025-01-02-a.md"];
    let posts = tree(&names.map(|name| ("100644", name, post())));
    let root = tree(&[("100644", b"_config.yml", id("main:_config.yml")), ("40000", b"_posts", posts)]);
    let commit = blog.git(&["commit-tree", "-m", "x", &root]);
    blog.git(&["update-ref", "refs/heads/main", &commit]);
    let (site, _receiver) = site(&blog.url(), "");
    let done = site.ok(&["scan"]);
    assert_eq!(titles(&site), ["一"]);
    assert_eq!(done.stderr.matches("no file can have this name").count(), 4, "{}", done.stderr);
    assert_eq!(done.stderr.matches("not UTF-8").count(), 1, "{}", done.stderr);
}

#[test]
fn two_processes_share_one_mirror() {
    let blog = Blog::new();
    let (site, _receiver) = site(&blog.url(), "");
    let started: Vec<_> = (0..4).map(|_| site.command(&["check"]).stdout(Stdio::null()).spawn().unwrap()).collect();
    for mut child in started {
        assert!(child.wait().unwrap().success());
    }
    assert!(mirror(&site).join("objects").is_dir());
}

#[test]
fn a_branch_without_a_repository_is_a_mistake() {
    let site = Site::new();
    site.config("source: {branch: main}\n");
    let done = site.run(&["check"]);
    assert!(done.status == 2 && done.said().contains("set `source.git`"), "{}", done.said());
}
