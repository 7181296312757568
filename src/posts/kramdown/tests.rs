#[test]
fn scratch() {
    let all: Vec<String> = serde_json::from_str(&std::fs::read_to_string("/tmp/w/markup-scratch/in.json").unwrap()).unwrap();
    let out: Vec<String> = all.iter().map(|s| crate::posts::markdown::to_html(s, "https://e.com/", crate::posts::markdown::Dialect::Kramdown)).collect();
    std::fs::write("/tmp/w/markup-scratch/ours.json", serde_json::to_string(&out).unwrap()).unwrap();
}
