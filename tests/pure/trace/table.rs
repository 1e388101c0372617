//! Names of events and fields are API: they are those that the documentation lists, no less and no more.

use std::collections::{BTreeMap, BTreeSet};

use tracing::Level;

use super::capture::Capture;
use super::scenarios::SCENES;

/// A row of the documentation: the levels and the fields.
#[derive(Debug)]
struct Row {
    levels: Vec<Level>,
    fields: BTreeSet<String>,
}

/// Returns the names in code marks.
fn names(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rows() -> BTreeMap<String, Row> {
    let text = include_str!("../../../src/trace.rs");
    let lines = text.lines().skip_while(|line| *line != "//! | Event | Level | Fields |").skip(2);
    let rows = lines.map_while(|line| line.strip_prefix("//! | ")).map(|line| {
        let cells: Vec<&str> = line.split(" |").collect();
        let levels = [Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
        let levels = levels.into_iter().filter(|level| cells[1].contains(level.as_str())).collect();
        let plain = cells[2].split('(').map(|part| part.split_once(')').map_or(part, |(_, after)| after));
        let fields = plain
            .enumerate()
            .flat_map(|(at, part)| if at == 0 { names(cells[2].split('(').next().unwrap()) } else { names(part) });
        (names(cells[0]).pop_first().unwrap(), Row { levels, fields: fields.collect() })
    });
    rows.collect()
}

#[test]
fn events_and_fields_match_the_documentation() {
    let capture = Capture::new(Level::TRACE);
    capture.during(|| SCENES.iter().for_each(|scene| scene()));
    let seen = capture.seen();
    let rows = rows();
    let mut reported: BTreeMap<&str, (BTreeSet<String>, BTreeSet<Level>)> = BTreeMap::new();
    for event in &seen.events {
        let row = rows.get(&event.name).unwrap_or_else(|| panic!("{} is not documented", event.name));
        let (fields, levels) = reported.entry(&event.name).or_default();
        fields.extend(event.fields.0.iter().map(|(name, _)| (*name).to_owned()));
        levels.insert(event.level);
        assert!(row.levels.contains(&event.level), "{} at {}", event.name, event.level);
    }
    for (name, row) in &rows {
        let (fields, levels) = reported.get(name.as_str()).unwrap_or_else(|| panic!("{name} was never emitted"));
        assert_eq!(*fields, row.fields, "{name}");
        assert_eq!(levels.len(), row.levels.len(), "{name}: {levels:?} and not {:?}", row.levels);
    }
    assert!(rows.len() > 35, "{}", rows.len());
}

#[test]
fn spans_match_the_documentation() {
    let capture = Capture::new(Level::TRACE);
    capture.during(|| SCENES.iter().for_each(|scene| scene()));
    let text = include_str!("../../../src/trace.rs");
    let lines = text.lines().skip_while(|line| *line != "//! | Span | Field | |").skip(2);
    let mut documented = BTreeSet::new();
    let mut span = String::new();
    for cells in lines.map_while(|line| line.strip_prefix("//! | ")).map(|line| line.split("| ").collect::<Vec<_>>()) {
        span = names(cells[0]).pop_first().unwrap_or(span);
        documented.insert((span.clone(), names(cells[1]).pop_first().unwrap()));
    }
    let seen = capture.seen();
    let fields = seen
        .spans
        .iter()
        .flat_map(|span| span.fields.0.iter().map(|(name, _)| (span.name.to_owned(), (*name).to_owned())));
    let mut reported: BTreeSet<_> = fields.collect();
    // A child in memory has none; that of a real one is in another test.
    reported.insert(("session".into(), "pid".into()));
    assert_eq!(reported, documented);
}
