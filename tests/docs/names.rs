//! Names of public types: a reader who sees one knows which it is.

use std::collections::BTreeMap;

use crate::files::sources;
use crate::limits::{Found, check};

/// The public types that a line begins, in a macro too.
fn types(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let kinds = ["struct ", "enum ", "trait ", "union ", "type "];
    let rest = kinds.iter().find_map(|kind| rest.strip_prefix(kind))?;
    let end = rest.find(|mark: char| !mark.is_alphanumeric() && mark != '_').unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

#[test]
fn no_two_public_types_have_one_name() {
    let sources = sources();
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for file in &sources {
        for name in file.text.lines().filter_map(types) {
            places.entry(name).or_default().push(file.name.clone());
        }
    }
    assert!(places.len() > 300, "{}", places.len());
    places.retain(|_, files| files.len() > 1);
    // The first of a name is no repetition.
    let found: Found = places.into_iter().map(|(name, files)| (name.to_owned(), files[1..].to_vec())).collect();
    check("same-name", &found);
}
