//! `check --explain`: every code is explained, and the examples in the explanations raise the code and then mend it.

use std::process::Command;

use serde_json::Value;

use crate::harness::Site;

/// It takes a past to raise these; `tests/it/identity.rs` and `tests/it/untold.rs` have it.
const NOT_BY_A_FILE: [&str; 2] = ["T014", "T019"];

/// A fenced block of an explanation.
struct Block {
    /// `sh`, or the language of a file.
    language: String,
    is_bad: bool,
    /// The file's path; in `sh` blocks, what raises the code if it is not `check`.
    rest: String,
    text: String,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let fenced = markdown.split("\n```").skip(1).step_by(2);
    fenced
        .map(|block| {
            let (info, text) = block.split_once('\n').unwrap();
            let mut words = info.split(' ').map(str::to_owned);
            let mut word = || words.next().unwrap_or_default();
            let (language, kind, rest) = (word(), word(), word());
            assert!(["bad", "good"].contains(&kind.as_str()), "{info}");
            Block { language, is_bad: kind == "bad", rest, text: format!("{text}\n") }
        })
        .collect()
}

fn write(site: &Site, block: &Block) {
    if block.language == "sh" {
        let done = Command::new("sh").args(["-ec", &block.text]).current_dir(site.path()).status().unwrap();
        assert!(done.success(), "{}", block.text);
    } else {
        site.write(&block.rest, &block.text);
    }
}

/// The codes that the site raises now.
fn raised(site: &Site, command: &str) -> Vec<String> {
    if command == "build" {
        let said = site.run(&["build", "--log-format", "json"]).stderr;
        let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        return lines.filter_map(|line| Some(line["code"].as_str()?.to_owned())).collect();
    }
    let checked: Value = serde_json::from_str(&site.run(&["check", "--format", "json"]).stdout).unwrap();
    let problems = checked["problems"].as_array().unwrap();
    problems.iter().map(|problem| problem["code"].as_str().unwrap().to_owned()).collect()
}

fn codes() -> Vec<String> {
    let listed = Site::bare().ok(&["check", "--explain"]).stdout;
    let codes: Vec<_> = listed.lines().skip(1).map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert!(codes.len() >= 17 && codes[0] == "T001", "{listed}");
    codes
}

#[test]
fn every_example_raises_its_code_and_the_remedy_mends_it() {
    for code in codes() {
        let explanation = Site::bare().ok(&["check", "--explain", &code]).stdout;
        let (bad, good): (Vec<_>, Vec<_>) = blocks(&explanation).into_iter().partition(|block| block.is_bad);
        if NOT_BY_A_FILE.contains(&code.as_str()) {
            assert!(bad.is_empty());
            continue;
        }
        assert!(!bad.is_empty() && !good.is_empty(), "{code}");
        let command = if bad[0].language == "sh" { bad[0].rest.clone() } else { String::new() };
        let site = Site::new();
        bad.iter().for_each(|block| write(&site, block));
        assert!(raised(&site, &command).contains(&code), "{code}: {:?}", raised(&site, &command));
        good.iter().for_each(|block| write(&site, block));
        assert!(!raised(&site, &command).contains(&code), "{code} is still raised");
    }
}

#[test]
fn a_code_that_does_not_exist_is_wrong_usage_and_the_nearest_is_named() {
    let site = Site::bare();
    assert!(site.ok(&["check", "--explain", "t005"]).stdout.starts_with("# T005: a date"), "case does not matter");
    let done = site.run(&["check", "--explain", "T0005"]);
    assert_eq!((done.status, done.stdout.as_str()), (2, ""));
    assert!(done.stderr.contains("no code `T0005`: did you mean T005, a date"), "{}", done.stderr);
    let done = site.run(&["check", "--explain", "everything"]);
    assert!(done.status == 2 && !done.stderr.contains("did you mean"), "{}", done.stderr);
    assert_eq!(site.run(&["check", "--explain", "T001", "--all"]).status, 2);
}
