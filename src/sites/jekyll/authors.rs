//! The people that posts name by a key: `_data/authors.yml`.

use crate::posts::front_matter::{self, Map, Value};
use crate::sites::people::Known;
use crate::sites::{Files, SettingsError};

/// The later wins, as with Jekyll.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// Reads `authors.yml` (or `.yaml`, `.json`) in the site's directory of data, or the files in a directory `authors` there, one a
/// person.
///
/// # Errors
///
/// If there is such a file that cannot be read or parsed: without it every post would be by somebody else.
pub(super) fn read(files: &dyn Files, data_dir: &str) -> Result<Known, SettingsError> {
    let path = format!("{data_dir}/authors");
    let mut known = Known::default();
    for extension in EXTENSIONS {
        let path = format!("{path}.{extension}");
        if let Some(text) = files.text(&path)? {
            known = Known::read(&parse(&path, &text)?);
        }
    }
    for file in files.below(&path)? {
        let name = file.strip_prefix(&format!("{path}/")).and_then(|name| name.rsplit_once('.'));
        let Some((key, _)) = name.filter(|(_, extension)| EXTENSIONS.contains(extension)) else { continue };
        if let Some(text) = files.text(&file)? {
            known.add(key, &parse(&file, &text)?);
        }
    }
    Ok(known)
}

/// A list in which nobody has a key knows nobody. JSON is YAML, too.
fn parse(path: &str, text: &str) -> Result<Map, SettingsError> {
    match front_matter::parse_any(text) {
        Ok(Value::Map(map)) => Ok(map),
        Ok(_) => Ok(Map::default()),
        Err(error) => Err(SettingsError::broken(path, text, "the list of authors", &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posts::front_matter::parse;
    use crate::sites::people;
    use crate::sites::testing::files;

    fn names<const N: usize>(all: [(&str, &str); N]) -> Vec<String> {
        let known = read(&files(all), "_data").unwrap();
        let keys = parse("k: [ada, bob]", 0..13).unwrap();
        people::read(keys.get("k").unwrap(), &known).into_iter().map(|person| person.name).collect()
    }

    #[test]
    fn people_are_known_by_their_keys() {
        assert_eq!(names([]), ["ada", "bob"]);
        assert_eq!(names([("_data/authors.yml", "- name: ada")]), ["ada", "bob"]);
        assert_eq!(names([("_data/authors.yml", "ada: {name: Ada}\nbob: Bob B.")]), ["Ada", "Bob B."]);
        assert_eq!(names([("_data/authors.json", "{\"ada\": {\"name\": \"Ada\"}}")]), ["Ada", "bob"]);
        let each = [("_data/authors/ada.yml", "name: Ada"), ("_data/authors/bob.csv", "x"), ("_data/bob.yml", "x: y")];
        assert_eq!(names(each), ["Ada", "bob"]);
    }

    #[test]
    fn a_list_that_cannot_be_read_is_an_error() {
        let error = read(&files([("_data/authors.yml", "ada: [")]), "_data").unwrap_err();
        assert!(error.0.to_string().starts_with("_data/authors.yml:1:"), "{}", error.0);
        assert!(error.0.message.starts_with("the list of authors cannot be read"), "{}", error.0);
    }
}
