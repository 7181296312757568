use proptest::prelude::*;
use serde_json::json;

use super::text::{characters, utf16};
use super::*;
use crate::config::testing::site;
use crate::deliveries::testing::webhook;

/// Of chats: name, format, and where it is sent.
fn chats() -> [(&'static str, MessageFormat, &'static str); 6] {
    [
        ("slack", MessageFormat::Slack, "https://hooks.slack.example/services/T0/B0/x"),
        ("discord", MessageFormat::Discord, "https://discord.example/api/webhooks/1/x?thread_id=2"),
        ("teams", MessageFormat::Teams, "https://prod.example/workflows/x?sig=y"),
        ("mattermost", MessageFormat::Mattermost, "https://chat.example/hooks/x"),
        ("ntfy", MessageFormat::Ntfy, "https://ntfy.example/blog"),
        ("telegram", MessageFormat::Telegram { chat: "@blog".to_owned() }, "https://api.telegram.example/bot1:x"),
    ]
}

fn japan() -> Site {
    Site { title: "青空日記".to_owned(), language: Some("ja".to_owned()), ..site() }
}

fn post(title: &str, summary: &str, url: &str) -> Value {
    json!({
        "id": format!("tag:example.com,2026:{url}"), "url": url, "title": title, "summary": summary, "language": "ja",
        "authors": [{"name": "山田 花子", "email": null, "uri": null}], "categories": ["技術"], "tags": ["Rust", "C++"],
        "published": "2026-03-03T21:00:00+09:00", "updated": "2026-03-03T21:00:00+09:00", "image": null,
        "reading_time": 4, "revision": 1, "feeds": ["https://example.com/feeds/feed.atom"],
    })
}

/// Made up; with all that a title may hold.
fn japanese() -> Value {
    let summary = "型は、ほかの誰かが確かめてくれる約束です。\n短いほど、守られます。👩‍👩‍👧‍👦 * _ ~ ` | > # @channel";
    post("「Vec<T>」& \"x\" は何を約束するか", summary, "https://example.com/2026/03/03/型は約束_(1)/")
}

fn told<'a>(id: &'a str, event_type: EventType, data: &'a str) -> Told<'a> {
    let timestamp = "2026-03-03T12:00:00Z".parse().unwrap();
    Told { id, event_type, timestamp, data, html: None, sequence: None }
}

fn message(format: MessageFormat, url: &str, site: &Site, events: &[(EventType, Value)]) -> Message {
    let texts: Vec<_> = events.iter().map(|(kind, data)| (*kind, data.to_string())).collect();
    let told: Vec<_> = texts.iter().map(|(kind, data)| told("msg_1", *kind, data)).collect();
    let webhook = Webhook { format, batch: 10, ..webhook("hook", url) };
    Message::new(&told, &webhook, site).unwrap()
}

fn body(message: &Message) -> Value {
    serde_json::from_slice(&message.body).unwrap()
}

/// Everything there is to a message, for people.
fn shown(message: &Message) -> String {
    let head = message.url.iter().map(|url| format!("url: {url}"));
    let content_type = format!("content-type: {}", message.content_type.to_str().unwrap());
    let headers = message.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    let head = head.chain([content_type]).chain(headers).collect::<Vec<_>>().join("\n");
    let body = match serde_json::from_slice::<Value>(&message.body) {
        Ok(json) => serde_json::to_string_pretty(&json).unwrap(),
        Err(_) => String::from_utf8(message.body.to_vec()).unwrap(),
    };
    format!("{head}\n\n{body}\n")
}

/// All texts of a body that a reader sees, or a program looks at for mentions.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(members) => members.values().map(texts).collect(),
        _ => String::new(),
    }
}

#[test]
fn a_japanese_post_in_each_chat() {
    for (name, format, url) in chats() {
        let events = [(EventType::PostPublished, japanese())];
        insta::assert_snapshot!(name, shown(&message(format, url, &japan(), &events)));
    }
}

#[test]
fn several_posts_of_one_scan_in_each_chat() {
    let updated = post("二つ目の記事", "", "https://example.com/2/");
    let removed = post("三つ目の記事", "もうない", "https://example.com/3/");
    let events =
        [(EventType::PostPublished, japanese()), (EventType::PostUpdated, updated), (EventType::PostRemoved, removed)];
    for (name, format, url) in chats() {
        insta::assert_snapshot!(format!("{name}_batch"), shown(&message(format, url, &japan(), &events)));
    }
}

#[test]
fn a_japanese_post_for_programs() {
    let data = japanese().to_string();
    let told = Told { sequence: Some(7), ..told("msg_1", EventType::PostPublished, &data) };
    let template =
        "{\"text\": {{ heading }}, \"link\": {{ link }}, \"tags\": {{ data.tags }}, \"of\": {{ site.title }}}";
    let cloudevents = |structured| MessageFormat::CloudEvents { structured, validate: false };
    for (name, format) in [
        ("standard", MessageFormat::Standard),
        ("cloudevents_binary", cloudevents(false)),
        ("cloudevents_structured", cloudevents(true)),
        (
            "template",
            MessageFormat::Template { text: template.to_owned(), content_type: "application/json".to_owned() },
        ),
    ] {
        let webhook = Webhook { format, ..webhook("hook", "https://example.com/hook") };
        insta::assert_snapshot!(name, shown(&Message::new(&[told], &webhook, &japan()).unwrap()));
    }
}

#[test]
fn other_events_look_sensible_in_a_chat() {
    let few = json!({"count": 2, "posts": [
        {"id": "1", "url": "https://example.com/1/", "title": "One <1>"},
        {"id": "2", "url": "https://example.com/2/", "title": ""},
    ]});
    let digest = json!({"published": {"count": 60, "posts": few["posts"]}, "updated": {"count": 0, "posts": []}, "removed": few});
    let failing = json!({"endpoint": "newsroom", "failing_since": "2026-03-03T12:00:00Z", "failures": 12, "note": "answered 500"});
    let events = [
        (EventType::PostsChanged, digest),
        (EventType::Ping, json!({"site": "https://example.com/"})),
        (EventType::FeedUpdated, json!({"id": "f", "url": "https://example.com/feed.atom", "title": "Rust"})),
        (
            EventType::FeedsChanged,
            json!({"count": 3, "feeds": [{"id": "f", "url": "https://example.com/feed.atom", "title": "Rust"}]}),
        ),
        (EventType::UrlsChanged, json!({"urls": ["https://example.com/a/", "https://example.com/b/"]})),
        (EventType::EndpointFailing, failing),
        (EventType::EndpointDisabled, json!({"endpoint": "newsroom", "reason": "gone"})),
        (EventType::EndpointRecovered, json!({"endpoint": "newsroom"})),
        (EventType::ScanFailing, json!({"site": "https://example.com/", "reason": "the disk is full"})),
        (EventType::ScanRecovered, json!({})),
    ];
    let all = message(MessageFormat::Mattermost, "https://chat.example/hooks/x", &site(), &events);
    insta::assert_snapshot!("other_events", body(&all)["text"].as_str().unwrap());
    for (name, format, url) in chats() {
        for event in &events {
            let text = texts(&body(&message(format.clone(), url, &site(), std::slice::from_ref(event))));
            let named = ["60 new posts", "Example", "Rust", "changed: 2", "newsroom", "Scans"]
                .iter()
                .any(|word| text.contains(word));
            assert!(named && text.contains("https://example.com/"), "{name}, {}: {text}", event.0.as_str());
        }
    }
}

#[test]
fn a_standard_body_is_what_it_always_was() {
    let webhook = webhook("hook", "https://example.com/hook");
    let full = Webhook { payload: Payload::Full, ..webhook.clone() };
    let body = |webhook: &Webhook, data: &str, html: Option<&str>| {
        let told = Told { html, ..told("msg_1", EventType::PostPublished, data) };
        let message = Message::new(&[told], webhook, &site()).unwrap();
        assert_eq!(
            (message.id.as_str(), &message.content_type),
            ("msg_1", &HeaderValue::from_static("application/json"))
        );
        String::from_utf8(message.body.to_vec()).unwrap()
    };
    let head = r#"{"type":"post.published","timestamp":"2026-03-03T12:00:00Z","data":"#;
    let data = r#"{"b": 1.0,  "a":"\u3042"}"#;
    assert_eq!(body(&webhook, data, Some("<p>")), format!("{head}{data}}}"));
    let html = r#"{"b": 1.0,  "a":"\u3042","content_html":"<p>\"あ\"</p>\n"}"#;
    assert_eq!(body(&full, data, Some("<p>\"あ\"</p>\n")), format!("{head}{html}}}"));
    assert_eq!(body(&full, "{}", Some("<p>")), format!(r#"{head}{{"content_html":"<p>"}}}}"#));
    assert_eq!(body(&full, data, None), format!("{head}{data}}}"));
}

#[test]
fn a_batch_has_an_id_of_its_events() {
    let webhook = Webhook { format: MessageFormat::Slack, ..webhook("hook", "https://example.com/hook") };
    let id = |ids: &[&str]| {
        let told: Vec<_> = ids.iter().map(|id| told(id, EventType::PostPublished, "{}")).collect();
        Message::new(&told, &webhook, &site()).unwrap().id
    };
    assert_eq!(id(&["msg_a"]), "msg_a");
    assert_eq!(id(&["msg_a", "msg_b"]), id(&["msg_a", "msg_b"]));
    assert!(id(&["msg_a", "msg_b"]).len() == 30);
    assert_ne!(id(&["msg_a", "msg_b"]), id(&["msg_a", "msg_c"]));
    assert_ne!(id(&["msg_a", "msg_b"]), id(&["msg_a"]));
}

#[test]
fn a_format_with_one_event_a_message_refuses_several() {
    let several = [told("msg_a", EventType::Ping, "{}"), told("msg_b", EventType::Ping, "{}")];
    for format in [MessageFormat::Standard, MessageFormat::CloudEvents { structured: false, validate: false }] {
        let webhook = Webhook { format, ..webhook("hook", "https://example.com/hook") };
        assert_eq!(Message::new(&several, &webhook, &site()).unwrap_err().kind, "internal");
    }
    let structured = MessageFormat::CloudEvents { structured: true, validate: false };
    let batch =
        Message::new(&several, &Webhook { format: structured, ..webhook("hook", "https://e.example/") }, &site());
    let batch = batch.unwrap();
    assert_eq!(batch.content_type, "application/cloudevents-batch+json");
    assert_eq!(
        body(&batch).as_array().unwrap().iter().map(|event| &event["id"]).collect::<Vec<_>>(),
        ["msg_a", "msg_b"]
    );
}

#[test]
fn the_address_is_that_of_the_service() {
    let url = |format: MessageFormat, url: &str| {
        message(format, url, &site(), &[(EventType::Ping, json!({}))]).url.map(String::from)
    };
    let telegram = || MessageFormat::Telegram { chat: "1".to_owned() };
    assert_eq!(url(telegram(), "https://t.example/bot1:x/").unwrap(), "https://t.example/bot1:x/sendMessage");
    assert_eq!(url(telegram(), "https://t.example/bot1:x/sendMessage"), None);
    assert_eq!(url(MessageFormat::Discord, "https://d.example/1/x").unwrap(), "https://d.example/1/x?wait=true");
    assert_eq!(
        url(MessageFormat::Discord, "https://d.example/1/x?wait=false").unwrap(),
        "https://d.example/1/x?wait=false"
    );
    let ntfy = |text: &str| {
        let message = message(MessageFormat::Ntfy, text, &site(), &[(EventType::Ping, json!({}))]);
        (String::from(message.url.clone().unwrap()), body(&message)["topic"].as_str().unwrap().to_owned())
    };
    assert_eq!(ntfy("https://ntfy.example/blog"), ("https://ntfy.example/".into(), "blog".into()));
    assert_eq!(
        ntfy("https://a.example/ntfy/my%20blog/?auth=x"),
        ("https://a.example/ntfy/?auth=x".into(), "my blog".into())
    );
    assert_eq!(url(MessageFormat::Slack, "https://s.example/x"), None);
}

#[test]
fn ten_long_links_are_kept_and_what_is_beyond_is_counted() {
    let one = |number: usize, length: usize| {
        let url = format!("https://example.com/{number}/{}/", "%E3%81%82".repeat(length));
        (EventType::PostPublished, post(&"長い題".repeat(60), &"本文".repeat(900), &url))
    };
    let ten: Vec<_> = (0..10).map(|number| one(number, 35)).collect();
    for (name, body, _) in each(&ten) {
        let texts = texts(&body);
        assert!(ten.iter().all(|(_, data)| texts.contains(data["url"].as_str().unwrap())), "{name}: {texts}");
    }
    let longer: Vec<_> = (0..10).map(|number| one(number, 150)).collect();
    let (_, ntfy, _) = each(&longer).swap_remove(4);
    let message = ntfy["message"].as_str().unwrap();
    assert!(message.len() <= 4096 && message.ends_with("…ほか8件"), "{message}");
}

#[test]
fn an_update_takes_the_place_of_the_notification_before_it() {
    let sequence =
        |kind, data: Value| body(&message(MessageFormat::Ntfy, "https://n.example/t", &site(), &[(kind, data)]));
    let first = sequence(EventType::PostPublished, post("a", "", "https://example.com/a/"));
    let second = sequence(EventType::PostUpdated, post("b", "", "https://example.com/a/"));
    let other = sequence(EventType::PostPublished, post("a", "", "https://example.com/b/"));
    assert_eq!(first["sequence_id"], second["sequence_id"]);
    assert_ne!(first["sequence_id"], other["sequence_id"]);
    assert!(first["sequence_id"].as_str().unwrap().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
}

#[test]
fn cloudevents_headers_hold_what_http_can_carry() {
    let data = post("t", "s", "https://example.com/a \"b\"/100%/日本/").to_string();
    let format = MessageFormat::CloudEvents { structured: false, validate: false };
    let webhook = Webhook { format, ..webhook("hook", "https://example.com/hook") };
    let message = Message::new(&[told("msg_1", EventType::PostPublished, &data)], &webhook, &site()).unwrap();
    assert_eq!(message.headers["ce-subject"], "a%20%22b%22/100%25/%E6%97%A5%E6%9C%AC/");
    assert_eq!(message.headers["ce-source"], "https://example.com/");
    assert_eq!(message.body, data);
}

#[test]
fn a_template_that_fails_says_where() {
    let failure = |text: &str, content_type: &str| {
        let format = MessageFormat::Template { text: text.to_owned(), content_type: content_type.to_owned() };
        let webhook = Webhook { format, ..webhook("hook", "https://example.com/hook") };
        Message::new(&[told("msg_1", EventType::Ping, "{}")], &webhook, &site()).map_err(|failure| failure.note)
    };
    assert!(failure("\n{{ data.title }}", "text/plain").unwrap_err().starts_with("line 2 of the template: undefined"));
    let message = failure("{% for e in events %}{{ e.id }},{% endfor %} {{ heading }}", "text/plain").unwrap();
    assert_eq!(message.body, "msg_1, Test message from Example");
}

/// Texts with what is hard to cut, hard to escape, and wanted for harm.
fn nasty() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        r"\PC{0,8}",
        prop::sample::select(
            &[
                "日本語の記事",
                "👩‍👩‍👧‍👦",
                "e\u{301}\u{323}",
                "が\u{3099}",
                "@everyone",
                "@here",
                "<!channel>",
                "<@U123>",
                "@all",
                "</a><script>",
                "&amp;",
                "*b* _i_ ~s~ `c` |p|",
                "[x](http://evil.example)",
                "\\",
                "\"",
                "\u{202e}",
                "\n# h\n> q\n",
                "{{ 7 * 7 }}",
                "<at>Team</at>",
            ][..]
        )
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

fn posts() -> impl Strategy<Value = Vec<(EventType, Value)>> {
    let link = "https://example\\.com/[a-z0-9/_()]{1,300}";
    let kind = prop::sample::select(&EventType::POSTS[..]);
    let one = (kind, nasty(), prop_oneof![nasty(), nasty().prop_map(|text| text.repeat(40))], link);
    prop::collection::vec(one.prop_map(|(kind, title, summary, url)| (kind, post(&title, &summary, &url))), 1..=10)
}

/// A message of each chat about the same events.
fn each(events: &[(EventType, Value)]) -> Vec<(&'static str, Value, usize)> {
    let all = chats().into_iter().map(|(name, format, url)| {
        let message = message(format, url, &japan(), events);
        (name, body(&message), message.body.len())
    });
    all.collect()
}

fn strings<'a>(body: &'a Value, pointers: &[&str]) -> Vec<&'a str> {
    pointers.iter().filter_map(|pointer| body.pointer(pointer)?.as_str()).collect()
}

/// What Telegram counts: the text that is left of its HTML.
fn visible(html: &str) -> String {
    let mut text = String::new();
    let mut tag = false;
    for c in html.chars() {
        match c {
            '<' => tag = true,
            '>' if tag => tag = false,
            c if !tag => text.push(c),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_message_is_longer_than_its_service_takes(events in posts()) {
        for (name, body, bytes) in each(&events) {
            match name {
                "slack" => {
                    let blocks = body["blocks"].as_array().unwrap();
                    prop_assert!(blocks.len() <= 50);
                    let texts = blocks.iter().flat_map(|block| strings(block, &["/text/text", "/elements/0/text"]));
                    prop_assert!(texts.map(utf16).all(|units| units <= 3000));
                    prop_assert!(utf16(body["text"].as_str().unwrap()) <= 40_000);
                }
                "discord" => {
                    let embeds = body["embeds"].as_array().unwrap();
                    let (title, text, footer) = ("/title", "/description", "/footer/text");
                    let units = |pointers: &[&str]| {
                        embeds.iter().map(|embed| strings(embed, pointers).into_iter().map(utf16).sum::<usize>()).collect::<Vec<_>>()
                    };
                    prop_assert!(embeds.len() <= 10);
                    prop_assert!(units(&[title]).iter().all(|&units| units <= 256));
                    prop_assert!(units(&[text]).iter().all(|&units| units <= 4096));
                    prop_assert!(units(&[title, text, footer]).iter().sum::<usize>() <= 6000);
                }
                "teams" => prop_assert!(bytes <= 28_000),
                "mattermost" => prop_assert!(characters(body["text"].as_str().unwrap()) <= 16_383),
                "ntfy" => {
                    prop_assert!(body["message"].as_str().unwrap().len() <= 4096);
                    prop_assert!(body["title"].as_str().unwrap().len() <= 1000);
                }
                _ => prop_assert!(utf16(&visible(body["text"].as_str().unwrap())) <= 4096),
            }
        }
    }

    #[test]
    fn every_link_is_kept(events in posts()) {
        for (name, body, _) in each(&events) {
            let texts = texts(&body);
            for (_, data) in &events {
                let url = data["url"].as_str().unwrap();
                let written = match name {
                    "discord" => url.to_owned(),
                    "mattermost" => text::markdown_url(url),
                    _ => url.to_owned(),
                };
                prop_assert!(texts.contains(&written), "{name}: {written} is not in {texts}");
            }
        }
    }

    #[test]
    fn nobody_is_called_by_a_title(events in posts()) {
        for (name, body, _) in each(&events) {
            let texts = texts(&body);
            match name {
                "slack" => {
                    // Whatever Slack reads between `<` and `>` is one of our links.
                    let texts = texts.replace("<https://example.com/", "");
                    prop_assert!(!texts.contains('<'), "{texts}");
                    let blocks = body["blocks"].as_array().unwrap();
                    let verbatim = |block: &Value| block.to_string().contains(r#""verbatim":true"#);
                    prop_assert!(blocks.iter().all(verbatim));
                }
                "discord" => {
                    prop_assert_eq!(&body["allowed_mentions"], &json!({"parse": []}));
                    prop_assert_eq!(&body["content"], "");
                }
                "mattermost" | "telegram" => {
                    let muted = texts.replace("@\u{2060}", "").replace("<\u{2060}", "").replace("@blog\n", "");
                    prop_assert!(!muted.contains('@'), "{texts}");
                    prop_assert!(name == "telegram" || !muted.contains('<'), "{texts}");
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_html_of_telegram_has_no_tags_but_ours(events in posts()) {
        let url = "https://t.example/bot1:x";
        let message = message(MessageFormat::Telegram { chat: "1".into() }, url, &japan(), &events);
        let body = body(&message);
        let html = body["text"].as_str().unwrap();
        let ours = html.replace("<b><a href=\"https://example.com/", "").replace("</a></b>", "");
        prop_assert!(!ours.contains('<'), "{html}");
        prop_assert_eq!(html.matches("<b>").count(), html.matches("</b>").count());
    }

    #[test]
    fn bodies_for_programs_say_what_the_event_says(title in nasty(), html in proptest::option::of(nasty())) {
        let data = json!({ "title": title, "url": "https://example.com/x" }).to_string();
        let cloudevents = |structured| MessageFormat::CloudEvents { structured, validate: false };
        let template = "{\"title\": {{ data.title }}, \"html\": {{ data.content_html | default(none) }}}";
        let template = MessageFormat::Template { text: template.into(), content_type: "application/json".into() };
        for (format, at) in [
            (MessageFormat::Standard, "/data"), (cloudevents(true), "/data"), (cloudevents(false), ""), (template, ""),
        ] {
            let webhook = Webhook { format, payload: Payload::Full, ..webhook("hook", "https://example.com/hook") };
            let told = Told { html: html.as_deref(), ..told("msg_1", EventType::PostPublished, &data) };
            let body = body(&Message::new(&[told], &webhook, &site()).unwrap());
            let data = body.pointer(at).unwrap();
            prop_assert_eq!(data["title"].as_str(), Some(title.as_str()));
            let found = data.get("content_html").or_else(|| data.get("html")).and_then(Value::as_str);
            prop_assert_eq!(found, html.as_deref());
        }
    }

    #[test]
    fn no_data_makes_a_chat_message_fail(data in r"\PC{0,60}", kind in prop::sample::select(&EventType::ALL[..])) {
        for (_, format, url) in chats() {
            let webhook = Webhook { format, ..webhook("hook", url) };
            let message = Message::new(&[told("msg_1", kind, &data)], &webhook, &site()).unwrap();
            prop_assert!(texts(&body(&message)).contains("https://example.com/"));
        }
    }
}
