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

/// A `Debug` that a type writes by hand names the type: of an enum, its variants.
#[test]
fn what_debug_shows_bears_the_name_of_its_type() {
    let mut shown = 0;
    for file in &sources() {
        for part in file.text.split(" fmt::Debug for ").skip(1) {
            let end = part.find(|mark: char| !mark.is_alphanumeric() && mark != '_').unwrap_or(part.len());
            let (name, body) = (&part[..end], part.split("\n}\n").next().unwrap_or_default());
            // A variant is matched, and a macro knows the name.
            let names = body.split("f.debug_").skip(1).filter(|_| !name.is_empty() && !body.contains("match "));
            for own in names.filter_map(|rest| rest.split_once("(\"")?.1.split('"').next()) {
                assert_eq!(own, name, "{}", file.name);
                shown += 1;
            }
        }
    }
    assert!(shown > 20, "{shown}");
}
