//! Bad input gets a clear error: what, where, why, what to do; nothing is lost, and the exit status is right.

use std::net::TcpListener;

use crate::harness::{Receiver, Site, SmallDisk};

/// A command on the site must end with this status and say all of this.
fn says(site: &Site, args: &[&str], status: i32, parts: &[&str]) {
    let done = site.run(args);
    assert_eq!(done.status, status, "{args:?}: {}", done.said());
    for part in parts {
        assert!(done.said().contains(part), "{args:?} does not say {part:?}:\n{}", done.said());
    }
}

fn config_says(yaml: &str, parts: &[&str]) {
    let site = Site::new();
    site.write("tidings.yaml", yaml);
    says(&site, &["check"], 2, parts);
    says(&site, &["scan"], 2, parts);
    assert!(!site.file("feeds").exists(), "nothing was written");
}

#[test]
fn no_config_and_no_url() {
    let site = Site::bare();
    site.write("hello.md", "---\ndate: 2025-01-01\n---\nhello\n");
    says(&site, &["build"], 2, &["address is not known", "site.url"]);
}

#[test]
fn unknown_keys_name_the_nearest_known_one() {
    config_says("feds:\n  limit: 3\n", &["unknown field `feds`", "tidings.yaml:1:1", "did you mean `feeds`?"]);
    config_says("feeds:\n  limt: 3\n", &["unknown field `limt`", "tidings.yaml:2:3", "did you mean `limit`?"]);
    config_says("feeds: {by: [categry]}\n", &["unknown variant `categry`", "did you mean `category`?"]);
    config_says("site: {url: [\n", &["tidings.yaml:"]);
}

#[test]
fn a_bad_schedule_zone_or_url_points_at_its_place() {
    config_says("schedule: \"0 9 * * mon *\"\n", &["tidings.yaml:1:", "five fields"]);
    config_says("schedule: \"61 * * * *\"\n", &["tidings.yaml:1:", "minute"]);
    config_says("site:\n  timezone: Asia/Tokio\n", &["tidings.yaml:2:13", "no time zone `Asia/Tokio`", "Asia/Tokyo"]);
    config_says("site: {url: ftp://example.com}\n", &["tidings.yaml:1:", "not http or https"]);
    config_says("server: {listen: localhost}\n", &["tidings.yaml:1:", "127.0.0.1:8080"]);
    config_says("server: {admin: \"0.0.0.0:1\"}\n", &["has no token", "admin_token"]);
    config_says("store: {url: \"mysql://x\"}\n", &["SQLite"]);
    config_says("source: {path: nowhere}\n", &["tidings.yaml:1:", "there is no directory"]);
    config_says("source: {exclude: [\"a[\"]}\n", &["no glob"]);
    config_says("feeds: {custom: [{name: feed}]}\n", &["belongs to a feed that Tidings makes by itself"]);
    config_says("feeds: {limit: none}\n", &["or `all`"]);
    config_says("guard: {max_post_bytes: 2MB}\n", &["2MiB"]);
}

#[test]
fn a_bad_secret_is_named_and_never_repeated() {
    let hook =
        |rest: &str| format!("webhooks:\n  - name: hook\n    url: https://example.com/token-in-path\n    {rest}\n");
    config_says(&hook("secret: hunter2-hunter2"), &["{env: NAME}", "tidings.yaml:4:"]);
    config_says(&hook("secret: {env: NOT_SET}"), &["NOT_SET", "is not set"]);
    config_says("trigger: {github: hunter2-hunter2}\n", &["{env: NAME}", "tidings.yaml:1:"]);
    config_says("trigger:\n  token: {env: NOT_SET}\n", &["NOT_SET", "is not set", "tidings.yaml:2:"]);
    config_says(&hook("secret: {file: nowhere}"), &["nowhere", "cannot be read"]);
    config_says(&hook("payload: thin"), &["has no secret"]);
    config_says(&hook("headers: {Authorization: Bearer abcdef}"), &["is a secret"]);
    let site = Site::new();
    site.write("tidings.yaml", hook("secret: {env: NOT_SET}"));
    site.ok(&["build"]);
    site.write("weak", "hunter2-hunter2");
    site.write("tidings.yaml", hook("secret: {file: weak}\n    headers: {Authorization: Bearer abcdef}"));
    let said = site.run(&["check"]).said();
    assert!(said.contains("does not begin with `whsec_`"), "{said}");
    assert!(!said.contains("hunter2") && !said.contains("abcdef"), "{said}");
}

#[test]
fn the_keys_of_a_format_belong_to_it() {
    let hook = |rest: &str| format!("webhooks:\n  - name: hook\n    url: https://example.com/token\n    {rest}\n");
    let secret = "secrets: [{file: secret}]";
    for (rest, parts) in [
        ("{s}\n    mode: structured", &["`mode` belongs to `format: cloudevents`", "tidings.yaml:5:"][..]),
        ("{s}\n    batch: 3", &["one event a message", "tidings.yaml:5:"]),
        ("format: slack\n    validate: true", &["`validate` belongs to `format: cloudevents`"]),
        ("format: slack\n    {s}", &["`secrets` belongs to formats with signatures"]),
        ("format: slack\n    payload: full", &["a chat shows the summary"]),
        ("format: slack\n    batch: 11", &["not between 1 and 10"]),
        ("format: slak", &["unknown variant `slak`", "did you mean `slack`?"]),
        ("format: cloudevents\n    batch: 2", &["is alone in its message", "mode: structured"]),
        ("format: telegram", &["does not say which chat", "add `chat:"]),
        ("format: telegram\n    chat: blog", &["this is no chat", "tidings.yaml:5:"]),
        ("format: discord\n    chat: 1", &["`chat` belongs to `format: telegram`"]),
        ("format: template", &["has no template"]),
        ("format: template\n    template: {content_type: text/plain}", &["neither a text nor a file"]),
        ("format: template\n    template: {file: nowhere}", &["nowhere cannot be read"]),
        ("format: template\n    template: {text: x, content_type: json}", &["is no media type"]),
        (
            "format: template\n    template: {text: \"{{ data.titel }}\"}",
            &["for `post.published`, line 1", "undefined"],
        ),
        ("format: template\n    template: {text: '\"{{ data.url }}\"'}", &["is not JSON"]),
    ] {
        let site = Site::new();
        site.write("secret", crate::harness::SECRET);
        site.write("tidings.yaml", hook(&rest.replace("{s}", secret)));
        says(&site, &["check"], 2, parts);
    }
    config_says("webhooks: [{name: hook, url: \"https://ntfy.example/\", format: ntfy}]\n", &["no topic"]);
    config_says("feeds: {custom: [{name: x, where: {tags: [\"[a\"]}}]}\n", &["`[a` is no glob", "tidings.yaml:1:"]);
}

#[test]
fn a_mistake_in_a_template_is_shown_where_it_is() {
    let site = Site::new();
    site.write("hook.j2", "{\"title\": {{ data.title }},\n \"to\": {{ data.too }}}\n");
    let hook = "webhooks: [{name: hook, url: \"https://example.com/\", format: template, template: {file: hook.j2}}]\n";
    site.write("tidings.yaml", hook);
    says(&site, &["check"], 2, &["hook.j2:2:1", "\"to\": {{ data.too }}", "undefined value", "docs/webhooks.md"]);
    site.write("hook.j2", "{\"title\": {{ data.title }}}\n");
    says(&site, &["check"], 2, &["for `posts.changed`, line 1"]);
    site.write("hook.j2", "{\"title\": {{ data.title | default(heading) }}}\n");
    assert!(!site.run(&["check"]).said().contains("hook.j2"));
}

#[test]
fn a_missing_directory_or_config_file() {
    let site = Site::bare();
    says(&site, &["serve", "nowhere"], 2, &["nowhere", "no such directory"]);
    says(&site, &["build", "-c", "nowhere.yaml"], 2, &["nowhere.yaml", "cannot be read"]);
    says(&site, &["frobnicate"], 2, &["frobnicate"]);
}

#[test]
fn one_broken_post_keeps_the_others() {
    let site = Site::new();
    site.post("01-01-good", "よい記事", "本文");
    site.write("_posts/2025-01-02-yaml.md", "---\ntitle: Rust: a language\n---\nx\n");
    site.write("_posts/2025-01-03-date.md", "---\ntitle: t\ndate: tomorrow\n---\nx\n");
    site.write("_posts/2025-01-04-bytes.md", b"---\ntitle: t\n---\nab\xff\n");
    site.write("_posts/2025-13-40-name.md", "---\ntitle: t\n---\nx\n");
    let parts = [
        "_posts/2025-01-02-yaml.md:2:",
        "_posts/2025-01-03-date.md:3:7",
        "`tomorrow`",
        "_posts/2025-01-04-bytes.md:4:3",
        "UTF-8",
        "2025-13-40-name.md",
        "4 errors",
    ];
    says(&site, &["check"], 1, &parts);
    let done = site.ok(&["build"]);
    assert!(done.stdout.contains("1 post,") && done.stdout.contains("4 errors"), "{}", done.said());
    assert_eq!(site.run(&["build", "--strict"]).status, 1);
    assert!(site.read("feeds/feed.atom").contains("よい記事"));
}

#[test]
fn two_posts_at_one_url() {
    let site = Site::new();
    site.write("_posts/2025-01-01-a.md", "---\ntitle: 一\npermalink: /same/\n---\nx\n");
    site.write("_posts/2025-01-02-b.md", "---\ntitle: 二\npermalink: /same/\n---\nx\n");
    says(
        &site,
        &["check"],
        1,
        &["_posts/2025-01-02-b.md", "_posts/2025-01-01-a.md too", "https://blog.example.com/same/"],
    );
    site.ok(&["build"]);
    let feed = site.read("feeds/feed.atom");
    assert!(feed.contains("一") && !feed.contains("二"));
}

#[test]
fn an_output_folder_that_cannot_be_written() {
    let site = Site::new();
    site.write("feeds", "a file stands where the folder belongs");
    says(&site, &["build"], 3, &["feeds"]);
    says(&site, &["scan"], 3, &["feeds"]);
    assert_eq!(site.read("feeds"), "a file stands where the folder belongs");
}

#[test]
fn a_users_own_file_is_never_touched_and_an_occupied_path_is_named() {
    let site = Site::new();
    site.post("01-01-a", "記事", "本文");
    site.write("feeds/tags/ai.atom", "mine");
    site.write("feeds/notes.txt", "mine too");
    says(&site, &["build"], 3, &["tags/ai.atom", "tidings did not write"]);
    assert_eq!((site.read("feeds/tags/ai.atom"), site.read("feeds/notes.txt")), ("mine".into(), "mine too".into()));
    assert!(site.read("feeds/feed.atom").contains("記事"), "all other documents are there");
    site.remove("feeds/tags/ai.atom");
    site.ok(&["build"]);
    site.remove("_posts/2025-01-01-a.md");
    site.ok(&["build"]);
    assert!(!site.file("feeds/tags").exists(), "a feed whose term is gone is removed");
    assert_eq!(site.read("feeds/notes.txt"), "mine too");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing() {
    let site = Site::new();
    let Some(disk) = SmallDisk::mount(&site.file("small"), "256k") else { return };
    site.config("output: {dir: small/feeds}\nfeeds: {formats: [json, atom], limit: 1}\n");
    site.post("01-01-a", "よい記事", "本文");
    site.ok(&["build"]);
    let documents = ["feed.json", "feed.atom", "index.html", "feeds.opml"].map(|name| format!("small/feeds/{name}"));
    let read = || documents.each_ref().map(|path| site.read(path));
    let files = || std::fs::read_dir(site.file("small/feeds")).unwrap().count();
    let (good, few) = (read(), files());
    // Room for the first document, and none for the second.
    site.post("01-02-b", "大きな記事", &"大きい。".repeat(7_000));
    let done = site.run(&["build"]);
    let (after, left) = (read(), files());
    site.remove("_posts/2025-01-02-b.md");
    site.post("01-02-c", "小さな記事", "本文");
    let again = site.run(&["build"]);
    let mended = site.read("small/feeds/feed.atom");
    drop(disk);
    assert_eq!(done.status, 3, "{}", done.said());
    assert!(done.stderr.contains("no space left"), "{}", done.stderr);
    assert_eq!(after, good);
    assert_eq!(left, few, "what was written half way is gone");
    assert_eq!(again.status, 0, "{}", again.said());
    assert!(mended.contains("小さな記事"));
}

#[test]
fn a_port_that_is_taken() {
    let site = Site::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    site.write("tidings.yaml", format!("server: {{listen: \"{address}\", admin: \"127.0.0.1:0\"}}\n"));
    says(&site, &["serve"], 3, &[&address, "server.listen"]);
}

#[test]
fn a_database_that_somebody_else_keeps_locked() {
    use sqlx::{Connection as _, SqliteConnection};
    let site = Site::new();
    site.post("01-01-a", "記事", "本文");
    site.ok(&["scan"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = format!("sqlite:{}", site.file(".tidings/tidings.db").display());
    let mut stranger = runtime.block_on(SqliteConnection::connect(&url)).unwrap();
    runtime.block_on(sqlx::query("BEGIN IMMEDIATE").execute(&mut stranger)).unwrap();
    says(&site, &["scan"], 3, &["database is locked"]);
    runtime.block_on(sqlx::query("ROLLBACK").execute(&mut stranger)).unwrap();
    site.ok(&["scan"]);
}

/// Makes the site's database one that a version from the future has migrated.
fn make_newer(site: &Site) {
    use sqlx::{Connection as _, SqliteConnection};
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let url = format!("sqlite:{}", site.file(".tidings/tidings.db").display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(
            "UPDATE _sqlx_migrations SET version = 99 WHERE version = (SELECT max(version) FROM _sqlx_migrations)",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_database_that_is_newer_or_no_database() {
    let site = Site::new();
    site.ok(&["scan"]);
    make_newer(&site);
    says(&site, &["scan"], 3, &["newer version", "99"]);
    says(&site, &["status"], 3, &["newer version"]);
    site.write(".tidings/tidings.db", "this is no database at all, and long enough to be looked at".repeat(20));
    says(&site, &["scan"], 3, &["tidings.db", "not a usable database"]);
    assert!(site.read(".tidings/tidings.db").starts_with("this is no database"), "it was left as it was");
    std::fs::remove_dir_all(site.file(".tidings")).unwrap();
    says(&site, &["status"], 3, &["there is no store", "tidings serve"]);
}

#[test]
fn a_webhook_whose_host_does_not_resolve_or_answer() {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.config(
        "webhooks:\n  - {name: gone, url: \"http://nowhere.invalid/token\", secret: {env: HOOK_SECRET}}\n  \
         - {name: shut, url: \"http://127.0.0.1:1/token\", secret: {env: HOOK_SECRET}}\n",
    );
    says(&site, &["endpoints", "test", "gone"], 3, &["gone", "dns"]);
    says(&site, &["endpoints", "test", "shut"], 3, &["shut", "connect"]);
    says(&site, &["endpoints", "test", "other"], 2, &["no webhook `other`", "gone, shut"]);
    assert!(!site.run(&["endpoints", "test", "gone"]).said().contains("token"), "a URL's path may be a secret");
    site.webhook(&receiver, "");
    says(&site, &["endpoints", "test", "hook"], 0, &["status 204"]);
    assert_eq!(receiver.next().event(), "ping");
}
