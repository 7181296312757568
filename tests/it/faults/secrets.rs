//! No secret is printed, told or kept, whatever goes wrong and however much is asked for.
//!
//! Every secret that a config can hold is put there, every kind of failure is brought about by a receiver that repeats what it
//! was sent, and every byte that comes out is searched: logs in both forms, what commands say, what the admin listener
//! answers, the database.

use super::certificates::old_server;
use super::judge::Judge;
use super::rig::Rig;
use super::script::Script;
use crate::harness::{Daemon, Done, SECRET, client};

/// What must be seen nowhere. Some hold characters that URLs, JSON and HTML write otherwise.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const PATH: &str = "T0-path-token-ä-&amp";
const QUERY: &str = "query-token-1234";
const USER: &str = "user-name-1234";
const PASSWORD: &str = "pass-word-1234";
const HEADER: &str = "header-token-1234";
const ADMIN: &str = "admin-token-of-sixteen";
const GITHUB: &str = "github-secret-of-sixteen";
const TRIGGER: &str = "trigger-token-of-sixteen";
const GIT: &str = "git-token-1234";

/// As they stand in the config, and in the forms in which they travel.
fn needles() -> Vec<String> {
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let path_encoded = "T0-path-token-%C3%A4-&amp".to_owned();
    let plain = [KEY, PATH, QUERY, USER, PASSWORD, HEADER, ADMIN, GITHUB, TRIGGER, GIT, "T0-path-token"];
    plain.into_iter().map(str::to_owned).chain([basic, path_encoded]).collect()
}

/// All that was said so far, under names that a failure gives.
#[derive(Default)]
struct Said(Vec<(String, Vec<u8>)>);

impl Said {
    fn add(&mut self, what: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((what.into(), bytes.into()));
    }

    fn command(&mut self, rig: &Rig, args: &[&str]) -> Done {
        let done = run(rig, args);
        self.add(args.join(" "), done.said());
        done
    }

    fn holds_no_secret(&self) {
        let needles = needles();
        for (what, bytes) in &self.0 {
            let text = String::from_utf8_lossy(bytes);
            for needle in &needles {
                let found = text.find(needle.as_str()).map(|at| {
                    let (from, to) =
                        (text.floor_char_boundary(at.saturating_sub(200)), text.ceil_char_boundary(at + 80));
                    text[from..to].to_owned()
                });
                assert!(found.is_none(), "{what} holds {needle}: …{}…", found.unwrap_or_default());
            }
        }
    }
}

/// Where the config says that they are kept.
fn environment() -> [(&'static str, String); 6] {
    [
        ("ADMIN_TOKEN", ADMIN.to_owned()),
        ("GITHUB_SECRET", GITHUB.to_owned()),
        ("TRIGGER_TOKEN", TRIGGER.to_owned()),
        ("BEARER", format!("Bearer {HEADER}")),
        ("GIT_URL", format!("http://{USER}:{GIT}@127.0.0.1:1/blog.git")),
        ("ODD_URL", format!("ftp://{USER}:{PASSWORD}@hooks.example.com/{PATH}")),
    ]
}

fn run(rig: &Rig, args: &[&str]) -> Done {
    rig.site.command(args).envs(environment()).env("TIDINGS_HOSTS", rig.site.file("hosts")).output().unwrap().into()
}

/// The failures, each an endpoint of this name.
const FAILURES: [&str; 10] = ["good", "echo", "moved", "slow", "reset", "garbage", "tls", "dns", "inside", "gone"];

fn url(name: &str, judge: &Judge) -> String {
    let (scheme, host) = match name {
        "tls" => ("https", format!("127.0.0.1:{}", old_server())),
        "dns" => ("http", "nowhere.example.com".to_owned()),
        "inside" => ("http", format!("inside.example.com:{}", judge.address().port())),
        _ => ("http", judge.address().to_string()),
    };
    format!("{scheme}://{USER}:{PASSWORD}@{host}/{name}/{PATH}?key={QUERY}")
}

/// All that the receiver knows of us, in the words of an application that shows its request.
fn echo() -> Script {
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let body = format!(
        "Cannot POST /echo/T0-path-token-%C3%A4-&amp?key={QUERY} or /{PATH} {{\"key\":\"{QUERY}\"}} \
         authorization: Bearer {HEADER} Basic {basic} {USER} {PASSWORD} {SECRET} {KEY}"
    );
    Script::answer(500, &[("x-echo", QUERY)], body.as_bytes())
}

/// All failures, with all secrets.
fn rig() -> Rig {
    let hook = |name: &&str| {
        format!(
            "  - {{name: {name}, url: {{file: url-{name}}}, secret: {{env: HOOK_SECRET}}, timeout: 1s, \
             headers: {{Authorization: {{env: BEARER}}}}}}\n"
        )
    };
    let rig = Rig::with(|_| FAILURES.iter().map(hook).collect());
    for name in FAILURES {
        rig.site.write(&format!("url-{name}"), url(name, &rig.hook));
    }
    let config = rig.site.read("tidings.yaml").replace("server: {", "server: {admin_token: {env: ADMIN_TOKEN}, ");
    rig.site.write(
        "tidings.yaml",
        format!("{config}trigger: {{github: {{env: GITHUB_SECRET}}, token: {{env: TRIGGER_TOKEN}}}}\n"),
    );
    rig.point("nowhere.example.com\ninside.example.com 127.0.0.1");
    let path = |name: &str| format!("/{name}/T0-path-token-%C3%A4-&amp?key={QUERY}");
    let target = format!("http://{USER}:{PASSWORD}@hooks.example.com/{PATH}?key={QUERY}");
    for (name, script) in [
        ("echo", echo()),
        ("moved", Script::answer(302, &[("location", &target.replace('ä', "%C3%A4"))], b"")),
        ("slow", Script::hang()),
        ("reset", Script::reset()),
        ("garbage", Script::raw(format!("{QUERY} {HEADER}\r\n\r\n"))),
        ("gone", Script::answer(410, &[], format!("{QUERY} is gone").as_bytes())),
    ] {
        rig.hook.always(&path(name), script);
    }
    rig
}

/// The daemon, with all that it can say.
fn start(rig: &Rig) -> Daemon {
    let mut environment: Vec<(&str, String)> = environment().to_vec();
    environment.push(("TIDINGS_HOSTS", rig.site.file("hosts").to_str().unwrap().to_owned()));
    environment.push(("TIDINGS_LOG", "trace".to_owned()));
    let borrowed: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Daemon::start_with(&rig.site, &borrowed)
}

/// Asks for everything that the listeners tell, with and without the right word.
fn ask(daemon: &Daemon, id: &str, said: &mut Said) {
    let (metrics, readyz) = (format!("{}/metrics", daemon.admin()), format!("{}/readyz", daemon.admin()));
    let trigger = format!("{}/trigger", daemon.public());
    let api = |path: &str| format!("{}/api/v1/{path}", daemon.admin());
    let client = client();
    let looks = ["status", "endpoints", "endpoints/echo", "deliveries", "subscriptions", &format!("deliveries/{id}")]
        .map(|path| client.get(api(path)).bearer_auth(ADMIN));
    let tests = FAILURES.map(|name| client.post(api(&format!("endpoints/{name}/test"))).bearer_auth(ADMIN));
    let others = [
        client.get(&metrics).bearer_auth(ADMIN),
        client.get(&metrics).bearer_auth("wrong"),
        client.get(&metrics),
        client.get(&readyz),
        client.post(&trigger).bearer_auth(TRIGGER),
        client.post(&trigger).header("x-hub-signature-256", "sha256=00"),
        client.get(api("status")).bearer_auth("wrong"),
        client.post(api("deliveries/retry")).bearer_auth(ADMIN).body(format!("{{\"endpoint\": \"{QUERY}\"")),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for request in looks.into_iter().chain(tests).chain(others) {
        let answer = runtime.block_on(async {
            let response = request.send().await.unwrap();
            assert_ne!(response.status(), 404, "{}", response.url());
            let head = format!("{} {:?}", response.status(), response.headers());
            format!("{head}\n{}", response.text().await.unwrap())
        });
        said.add("a listener", answer);
    }
}

#[test]
fn no_secret_is_printed_told_or_kept() {
    let (mut rig, mut said) = (rig(), Said::default());
    let mut daemon = start(&rig);
    rig.publish(&mut daemon, &["新しい記事"]);
    let attempts: Vec<_> = FAILURES.iter().map(|name| daemon.attempted(name)).collect();
    let errors: Vec<_> = attempts.iter().map(|attempt| attempt["error"].as_str().unwrap_or("none")).collect();
    let expected =
        ["none", "status", "redirect", "timeout", "closed", "bad_response", "tls", "dns", "blocked", "status"];
    assert_eq!(errors, expected, "each failure is what it is meant to be");
    let id = rig.deliveries()[0]["event_id"].as_str().unwrap().to_owned();
    ask(&daemon, &id, &mut said);
    for args in [&["endpoints", "list"][..], &["deliveries", "list"], &["status"], &["check"]] {
        said.command(&rig, args);
        said.command(&rig, &[args, &["--format", "json"]].concat());
    }
    said.command(&rig, &["deliveries", "show", &id]);
    said.command(&rig, &["deliveries", "show", &id, "--format", "json"]);
    assert_eq!(said.command(&rig, &["scan"]).status, 3, "somebody else has the store");
    daemon.signal("TERM");
    let (status, lines) = daemon.outcome();
    assert!(status.success());
    said.add("the log in JSON", serde_json::to_vec(&lines).unwrap());

    for name in FAILURES {
        said.command(&rig, &["endpoints", "test", name, "-vv"]);
        said.command(&rig, &["endpoints", "test", name, "--log-format", "json", "-vv"]);
    }
    rig.site.post("04-04-more", "もう一つ", "本文");
    said.command(&rig, &["scan", "-vv"]);
    for file in ["tidings.db", "tidings.db-wal"] {
        said.add(file, std::fs::read(rig.site.file(".tidings").join(file)).unwrap_or_default());
    }
    said.holds_no_secret();
}

#[test]
fn no_secret_is_in_what_a_bad_config_is_told() {
    let (rig, mut said) = (rig(), Said::default());
    let good = rig.site.read("tidings.yaml");
    let literal = format!("{{name: x, url: \"https://{USER}:{PASSWORD}@hooks.example.com/{PATH}?key={QUERY}\"");
    let bad_hooks = [
        format!("  - {literal}, secret: \"{SECRET}\"}}\n"),
        format!("  - {literal}, secret: {{env: NOT_SET}}}}\n"),
        format!("  - {literal}, secret: {{env: HOOK_SECRET}}, headers: {{Authorization: Bearer {HEADER}}}}}\n"),
        format!(
            "  - {{name: x, url: \"ftp://{USER}:{PASSWORD}@hooks.example.com/{PATH}\", secret: {{env: HOOK_SECRET}}}}\n"
        ),
        format!("  - {{name: x, url: \"https://{USER}:{PASSWORD}@[::1/{PATH}\", secret: {{env: HOOK_SECRET}}}}\n"),
        "  - {name: x, url: {env: ODD_URL}, secret: {env: HOOK_SECRET}}\n".to_owned(),
        format!("  - {{name: x, url: [\"{QUERY}\"], secret: {{env: HOOK_SECRET}}}}\n"),
        format!("  - {{name: x, url: {{env: ODD_URL}}, secret: {{env: BEARER}}, secrets: [{QUERY}]}}\n"),
    ];
    for bad in bad_hooks {
        rig.site.write("tidings.yaml", good.replace("webhooks:\n", &format!("webhooks:\n{bad}")));
        for args in [&["check"][..], &["check", "--format", "json"], &["scan", "-vv"]] {
            assert_ne!(said.command(&rig, args).status, 0, "{bad}");
        }
    }
    rig.site.write("tidings.yaml", good.replace("source: {", "source: {git: {env: GIT_URL}, "));
    assert_eq!(said.command(&rig, &["scan", "-vv"]).status, 3, "nobody answers there");
    rig.site.write("tidings.yaml", format!("{good}server: [\n"));
    said.command(&rig, &["check"]);
    said.holds_no_secret();
}

#[test]
fn what_a_panic_could_show_of_a_config_holds_no_secret() {
    let (rig, mut said) = (rig(), Said::default());
    let text = rig.site.read("tidings.yaml").replace(
        "webhooks:\n",
        &format!("webhooks:\n  - {{name: x, url: \"https://{USER}:{PASSWORD}@h.example/{PATH}?key={QUERY}\", secret: {{env: HOOK_SECRET}}}}\n"),
    );
    rig.site.write("tidings.yaml", text);
    let file = tidings::config::ConfigFile::load(rig.site.path(), None).unwrap();
    said.add("the file's Debug", format!("{file:?}"));
    let all = environment();
    let env = |name: &str| match name {
        "HOOK_SECRET" => Some(SECRET.to_owned()),
        name => all.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()),
    };
    let around = tidings::config::Surroundings { out: None, env: Some(&env) };
    let defaults = tidings::config::SiteDefaults { url: Some("https://blog.example.com".into()), ..Default::default() };
    let config = file.check(&defaults, &around).unwrap();
    assert_eq!(config.webhooks.len(), FAILURES.len() + 2);
    said.add("the config's Debug", format!("{config:?} {config:#?}"));
    said.holds_no_secret();
}
