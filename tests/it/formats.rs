//! The real program tells a real receiver of a real post in every format.

use serde_json::{Value, json};

use crate::harness::{Answer, Message, Receiver, SECRET, Site};

const TITLE: &str = "「Vec<T>」& @everyone";

/// A site whose baseline is made, with one webhook to this receiver.
fn site(receiver: &Receiver, url: &str, webhook: &str) -> Site {
    let site = Site::new();
    site.write("secret", SECRET);
    site.write("hook.j2", "{{ heading }}|{{ link }}|{{ site.title }}|{{ type }}");
    let url = receiver.url().replace("/hook", url);
    site.config(&format!("webhooks:\n  - {{name: hook, url: \"{url}\", {webhook}}}\n"));
    site.post("01-01-known", "前からある記事", "本文");
    site.ok(&["scan"]);
    site
}

/// What the receiver gets when one post is published.
fn told(url: &str, webhook: &str) -> Message {
    let receiver = Receiver::start_trusting();
    let site = site(&receiver, url, webhook);
    site.post("03-01-first", TITLE, "型は約束です。");
    site.ok(&["scan"]);
    receiver.next()
}

fn text<'a>(message: &'a Message, pointer: &str) -> &'a str {
    message.body.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {message:#?}"))
}

#[test]
fn slack_gets_blocks() {
    let message = told("/services/T0/B0/x", "format: slack");
    assert_eq!(message.line, "POST /services/T0/B0/x");
    assert!(!message.headers.contains_key("webhook-signature"));
    let block = text(&message, "/blocks/0/text/text");
    assert!(block.starts_with("*<https://blog.example.com/"), "{block}");
    assert!(block.contains("|「Vec&lt;T&gt;」&amp; @everyone>*\n型は約束です。"), "{block}");
}

#[test]
fn discord_gets_an_embed_and_no_mention() {
    let message = told("/api/webhooks/1/x", "format: discord");
    assert_eq!(message.line, "POST /api/webhooks/1/x?wait=true");
    assert_eq!(message.body["allowed_mentions"], json!({"parse": []}));
    assert!(text(&message, "/embeds/0/url").starts_with("https://blog.example.com/"));
    assert_eq!(text(&message, "/embeds/0/description"), "型は約束です。");
}

#[test]
fn teams_gets_an_adaptive_card() {
    let message = told("/workflows/x?sig=y", "format: teams");
    assert_eq!(message.line, "POST /workflows/x?sig=y");
    assert_eq!(text(&message, "/attachments/0/contentType"), "application/vnd.microsoft.card.adaptive");
    assert_eq!(text(&message, "/attachments/0/content/body/0/items/0/inlines/0/text"), TITLE);
}

#[test]
fn mattermost_gets_markdown() {
    let message = told("/hooks/x", "format: mattermost");
    assert!(text(&message, "/text").starts_with("**[「Vec\\<\u{2060}T\\>」& @\u{2060}everyone](https://blog"));
}

#[test]
fn ntfy_gets_a_notification_at_its_root() {
    let message = told("/blog", "format: ntfy, headers: {Authorization: {file: secret}}");
    assert_eq!((message.line.as_str(), text(&message, "/topic"), text(&message, "/title")), ("POST /", "blog", TITLE));
    assert!(message.headers.contains_key("authorization"));
    assert!(text(&message, "/click").starts_with("https://blog.example.com/"));
}

#[test]
fn telegram_gets_html() {
    let message = told("/bot1:x", "format: telegram, chat: -1001234");
    assert_eq!((message.line.as_str(), text(&message, "/chat_id")), ("POST /bot1:x/sendMessage", "-1001234"));
    assert!(text(&message, "/text").starts_with("<b><a href=\"https://blog.example.com/"));
    assert!(text(&message, "/text").contains("Vec&lt;T&gt;"));
}

#[test]
fn cloudevents_come_in_both_modes_and_signed_where_there_is_a_secret() {
    let message = told("/events", "format: cloudevents");
    assert_eq!((message.headers["ce-type"].as_str(), text(&message, "/title")), ("post.published", TITLE));
    assert_eq!(message.headers["ce-id"], message.id);
    assert_eq!(message.headers["content-type"], "application/json");
    assert!(!message.headers.contains_key("webhook-signature"));
    let message = told("/events", "format: cloudevents, mode: structured, secret: {file: secret}");
    assert_eq!(message.headers["content-type"], "application/cloudevents+json");
    assert_eq!((text(&message, "/type"), text(&message, "/data/title")), ("post.published", TITLE));
    assert!(message.headers["webhook-signature"].starts_with("v1,"));
}

#[test]
fn a_cloudevents_receiver_is_asked_first() {
    let receiver = Receiver::start_trusting();
    let site = site(&receiver, "/events", "format: cloudevents, validate: true");
    let consent = |origin| Answer::status(200).header("webhook-allowed-origin", origin);
    receiver.script([Answer::status(200), consent("blog.example.com")]);
    let refused = site.run(&["endpoints", "test", "hook"]);
    assert!(refused.stdout.contains("did not agree to be called"), "{}", refused.said());
    let agreed = site.ok(&["endpoints", "test", "hook"]);
    assert!(agreed.stdout.contains("204"), "{}", agreed.said());
    let lines = receiver.rest().into_iter().map(|message| message.line).collect::<Vec<_>>();
    assert_eq!(lines, ["OPTIONS /events", "OPTIONS /events", "POST /events"]);
}

#[test]
fn a_template_makes_whatever_is_wanted() {
    let receiver = Receiver::start_trusting();
    let template = "format: template, template: {file: hook.j2, content_type: text/plain}";
    let site = site(&receiver, "/hook", template);
    site.post("03-01-first", "題", "本文");
    site.ok(&["scan"]);
    let message = receiver.next();
    let parts: Vec<_> = message.body.as_str().unwrap().split('|').collect();
    assert!(parts[0] == "題" && parts[1].starts_with("https://blog.example.com/") && parts[3] == "post.published");
    assert_eq!(message.headers["content-type"], "text/plain");
}

#[test]
fn both_kinds_of_signatures_stand_side_by_side() {
    let receiver = Receiver::start();
    let site = Site::new();
    site.write("secret", SECRET);
    site.write("key", "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
    let secrets = "secrets: [{file: key}, {file: secret}]";
    site.config(&format!("webhooks:\n  - {{name: hook, url: \"{}\", {secrets}}}\n", receiver.url()));
    let done = site.ok(&["endpoints", "test", "hook"]);
    assert!(done.stdout.contains("204"), "{}", done.said());
    let message = receiver.next();
    let signatures: Vec<_> = message.headers["webhook-signature"].split(' ').collect();
    assert!(signatures[0].starts_with("v1a,") && signatures[1].starts_with("v1,"), "{signatures:?}");
}

#[test]
fn several_posts_of_one_scan_are_one_chat_message() {
    let receiver = Receiver::start_trusting();
    let site = site(&receiver, "/hook", "format: slack");
    for number in 1..=3 {
        site.post(&format!("03-0{number}-post"), &format!("記事{number}"), "本文");
    }
    site.ok(&["scan"]);
    let message = receiver.next();
    let text = message.body.to_string();
    assert!((1..=3).all(|number| text.contains(&format!("記事{number}"))), "{text}");
}

#[test]
fn a_chat_that_refuses_a_message_is_not_asked_again() {
    let receiver = Receiver::start_trusting();
    let site = site(&receiver, "/hook", "format: slack");
    site.post("03-01-first", "題", "本文");
    receiver.script([Answer::status(404)]);
    site.ok(&["scan"]);
    receiver.next();
    let listed = site.ok(&["deliveries", "list"]).stdout;
    assert!(listed.contains("dead"), "{listed}");
}
