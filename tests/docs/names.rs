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
fn public_types_have_unique_names() {
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
fn debug_output_names_its_type() {
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

/// Variants that a host constructs, or compares with, and whose fields are all that there can be.
const CONSTRUCTED: [&str; 11] = [
    "Fault::Exit",
    "IncomingResponse::Error",
    "JsonRpc::Notification",
    "JsonRpc::Request",
    "JsonRpc::Response",
    "Outcome::TimedOut",
    "PermissionChange::AddRules",
    "PermissionChange::RemoveRules",
    "PermissionChange::ReplaceRules",
    "SpawnError::System",
    "ThinkingMode::Enabled",
];

/// A struct variant of a public enum can get another field.
#[test]
fn struct_variants_can_grow() {
    let (mut found, mut constructed) = (0, Vec::new());
    for file in &sources() {
        for body in file.text.split("\npub enum ").skip(1) {
            let name: String = body.chars().take_while(|mark| mark.is_alphanumeric()).collect();
            let body = body.split("\n}\n").next().unwrap_or_default();
            let mut attributes = Vec::new();
            for line in body.lines().skip(1) {
                let variant = line.strip_prefix("    ").and_then(|line| line.strip_suffix(" {"));
                match variant.filter(|variant| variant.chars().all(char::is_alphanumeric)) {
                    Some(variant) if attributes.contains(&"#[non_exhaustive]") => {
                        assert!(!CONSTRUCTED.contains(&&*format!("{name}::{variant}")), "{name}::{variant} can grow");
                        found += 1;
                    }
                    Some(variant) => constructed.push(format!("{name}::{variant}")),
                    None if line.starts_with("    #[") => attributes.push(line.trim()),
                    None => {}
                }
                if line.ends_with('}') || line.ends_with("),") || line.ends_with("},") {
                    attributes.clear();
                }
            }
        }
    }
    assert!(found > 40, "{found}");
    constructed.sort();
    assert_eq!(constructed, CONSTRUCTED, "`#[non_exhaustive]`, or hosts construct it");
}

/// Texts of errors stand in other texts, so they begin small and have no full stop.
#[test]
fn texts_of_errors_have_one_form() {
    let mut texts = 0;
    for file in &sources() {
        for rest in file.text.split("#[error(").skip(1) {
            let Some(text) = rest.trim_start().strip_prefix('"') else { continue };
            let text = text.split('"').next().unwrap_or_default();
            assert!(!text.starts_with(char::is_uppercase) && !text.ends_with('.'), "{}: {text}", file.name);
            texts += 1;
        }
    }
    assert!(texts > 60, "{texts}");
}
