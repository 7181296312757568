//! kill -9 at each step between reading and recording: after a restart every event has arrived at least once, under one id.

use serde_json::Value;

use crate::harness::{Daemon, Receiver, Site};

/// Every place where the program can be made to die, in the order in which it comes by.
const STEPS: [&str; 10] = [
    "scan.read",
    "publish.staged",
    "publish.unsettled",
    "publish.renamed",
    "publish.written",
    "scan.published",
    "scan.committed",
    "deliveries.claimed",
    "deliveries.sent",
    "deliveries.recorded",
];

fn states(site: &Site) -> Vec<String> {
    let list: Value = serde_json::from_str(&site.ok(&["deliveries", "list", "--format", "json"]).stdout).unwrap();
    list.as_array().unwrap().iter().map(|delivery| delivery["state"].as_str().unwrap().to_owned()).collect()
}

fn dies_at(step: &str) {
    let (site, receiver) = (Site::new(), Receiver::start());
    site.webhook(&receiver, "");
    site.post("01-01-old", "前からある記事", "本文");
    site.ok(&["scan"]);
    site.post("01-02-new", "新しい記事", "本文");
    Daemon::start_to_die(&site, step).dies();

    let mut arrived = receiver.rest();
    let done = states(&site) == ["delivered"];
    let daemon = Daemon::start(&site);
    if !done {
        arrived.push(receiver.next());
    }
    assert!(daemon.get("feed.atom").contains("新しい記事"), "{step}");
    daemon.stop();
    arrived.extend(receiver.rest());

    assert!(!arrived.is_empty(), "{step}: it never arrived");
    assert!(arrived.iter().all(|message| message.event() == "post.published"), "{step}: {arrived:#?}");
    assert!(arrived.iter().all(|message| message.id == arrived[0].id), "{step}: {arrived:#?}");
    assert_eq!(states(&site), ["delivered"], "{step}");
    let expected = if step == "deliveries.sent" { 2 } else { 1 };
    assert_eq!(arrived.len(), expected, "{step}: only what was sent and not recorded comes twice");
}

#[test]
fn nothing_is_lost_wherever_it_dies() {
    STEPS.into_iter().for_each(dies_at);
}

#[test]
fn the_list_of_steps_is_whole() {
    let mut found: Vec<String> = Vec::new();
    crate::layers::for_each_source(&mut |_, text| {
        found.extend(text.split("failpoint::hit(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    });
    found.sort();
    let mut steps = STEPS.map(str::to_owned).to_vec();
    steps.sort();
    assert_eq!(found, steps);
}
