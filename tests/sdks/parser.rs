//! Each recorded line of the CLI, as the Python SDK's parser decodes it and as the views do. Each difference must have an
//! explanation in [`EXPLAINED`], and each explanation a difference.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::meaning::meaning;
use crate::place::Place;
use crate::recording::{self, What};
use crate::sdk::Sdk;

/// A difference that is known: the class and field of the SDK, a test of both values (the SDK's, the view's), and the reason.
type Explained = (&'static str, fn(&Value, &Value) -> bool, &'static str);

const EXPLAINED: [Explained; 4] = [
    (
        "UserMessage.content",
        |theirs, ours| theirs.is_string() && *ours == json!([{ "is": "TextBlock", "text": theirs }]),
        "the views have one form of content: a text is one block",
    ),
    (
        "UserMessage.content",
        |theirs, ours| {
            theirs.as_array().map(Vec::len)
                == ours.as_array().map(|all| all.iter().filter(|block| is_class(block)).count())
        },
        "the SDK leaves out blocks that it has no class for, e.g. images",
    ),
    ("ToolResultBlock.is_error", |theirs, ours| theirs.is_null() && *ours == false, "an absent `is_error` is false"),
    ("skipped", |_, ours| ours["is"] != "error", "the SDK has no class for this type of message"),
];

/// A field in which the two differ.
struct Difference {
    field: String,
    theirs: Value,
    ours: Value,
}

pub(crate) fn agrees(sdk: &Sdk) -> Result<(), Failed> {
    let lines = recorded_lines(Path::new("tests/recordings"))?;
    let theirs = parsed(sdk, &lines)?;
    if theirs.len() != lines.len() {
        return Err(format!("{} lines, and {} answers of the SDK", lines.len(), theirs.len()).into());
    }
    let (mut kinds, mut explained, mut unexplained) = (BTreeMap::new(), [0; EXPLAINED.len()], BTreeMap::new());
    for (line, theirs) in lines.iter().zip(&theirs) {
        let Some(ours) = meaning(line) else { continue };
        *kinds.entry(theirs["is"].as_str().unwrap_or_default().to_owned()).or_insert(0) += 1;
        let mut differences = Vec::new();
        compare(theirs["is"].as_str().unwrap_or_default(), theirs, &ours, &mut differences);
        for difference in differences {
            let reason = EXPLAINED.iter().position(|(field, applies, _)| {
                *field == difference.field && applies(&difference.theirs, &difference.ours)
            });
            match reason {
                Some(reason) => explained[reason] += 1,
                None => unexplained.entry(difference.field.clone()).or_insert_with(Vec::new).push((line, difference)),
            }
        }
    }
    println!("lines by what the SDK makes of them: {kinds:#?}");
    for ((field, _, reason), count) in EXPLAINED.iter().zip(explained) {
        println!("{count:6} {field}: {reason}");
    }
    for (field, differences) in &unexplained {
        let (line, Difference { theirs, ours, .. }) = &differences[0];
        let line: String = String::from_utf8_lossy(line).chars().take(400).collect();
        println!("{field}, {} times: the SDK has {theirs}, the view {ours}, e.g. in {line}", differences.len());
    }
    if !unexplained.is_empty() {
        return Err(format!("{} fields differ without an explanation", unexplained.len()).into());
    }
    match EXPLAINED.iter().zip(explained).find(|(_, count)| *count == 0) {
        Some(((field, _, reason), _)) => Err(format!("{field} does not differ: {reason}").into()),
        None => Ok(()),
    }
}

/// The lines of the CLI in all recordings of a folder.
fn recorded_lines(folder: &Path) -> Result<Vec<Vec<u8>>, Failed> {
    let mut files: Vec<_> = Vec::new();
    for version in fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()? {
        if version.path().is_dir() {
            files.extend(fs::read_dir(version.path())?.flatten().map(|file| file.path()));
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "ndjson"));
    files.sort();
    let mut lines = Vec::new();
    for file in files {
        let recorded = recording::read(&fs::read(&file)?).map_err(|error| format!("{}: {error}", file.display()))?;
        lines.extend(recorded.into_iter().filter_map(|line| match line.what {
            What::Out(line) if !line.contains(&b'\n') => Some(line),
            _ => None,
        }));
    }
    Ok(lines)
}

/// What the SDK makes of each line.
fn parsed(sdk: &Sdk, lines: &[Vec<u8>]) -> Result<Vec<Value>, Failed> {
    let Sdk::Python(python) = sdk else { return Err("only the Python SDK has a parser to call".into()) };
    let place = Place::new()?;
    let (file, script) = (place.cwd().join("lines"), place.cwd().join("parse.py"));
    fs::write(&file, lines.join(&b'\n'))?;
    fs::write(&script, include_str!("parse.py"))?;
    let output = Command::new(python)
        .args([script.as_os_str(), file.as_os_str()])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", place.home())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(serde_json::from_slice).collect::<Result<_, _>>()?)
}

/// Collects the fields of the SDK's value in which the view's differs.
fn compare(field: &str, theirs: &Value, ours: &Value, differences: &mut Vec<Difference>) {
    match (theirs, ours) {
        (Value::Object(one), Value::Object(other)) if one.get("is") == other.get("is") => {
            for (name, theirs) in one {
                let field = match one.get("is").and_then(Value::as_str) {
                    Some(class) => format!("{class}.{name}"),
                    None => format!("{field}.{name}"),
                };
                compare(&field, theirs, other.get(name).unwrap_or(&Value::Null), differences);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            one.iter().zip(other).for_each(|(theirs, ours)| compare(field, theirs, ours, differences));
        }
        // Blocks for which the SDK has no class have the name of their type.
        (Value::Array(one), Value::Array(other)) => {
            let known: Vec<_> = other.iter().filter(|block| is_class(block)).collect();
            differences.push(Difference { field: field.to_owned(), theirs: theirs.clone(), ours: ours.clone() });
            if known.len() == one.len() {
                one.iter().zip(known).for_each(|(theirs, ours)| compare(field, theirs, ours, differences));
            }
        }
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
        _ if theirs == ours => {}
        _ => differences.push(Difference { field: field.to_owned(), theirs: theirs.clone(), ours: ours.clone() }),
    }
}

fn is_class(block: &Value) -> bool {
    block["is"].as_str().is_some_and(|name| name.starts_with(char::is_uppercase))
}
