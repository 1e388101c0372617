//! No case is left out.

use std::collections::BTreeMap;

const SECTIONS: &[&str] = &[
    include_str!("framing.rs"),
    include_str!("messages.rs"),
    include_str!("initialize.rs"),
    include_str!("prompts.rs"),
    include_str!("requests.rs"),
    include_str!("permissions.rs"),
    include_str!("hooks.rs"),
    include_str!("withdrawals.rs"),
    include_str!("mcp.rs"),
    include_str!("run_end.rs"),
    include_str!("exits.rs"),
    include_str!("mirror.rs"),
    include_str!("process.rs"),
    include_str!("options.rs"),
];

/// The numbers that follow `mark` at the start of a line's text.
fn numbered(text: &str, mark: &str) -> Vec<u32> {
    let after = text.lines().filter_map(|line| line.trim_start().strip_prefix(mark));
    after.filter_map(|rest| rest.get(..3)?.parse().ok()).collect()
}

#[test]
fn every_case_is_a_test_or_has_a_reason() {
    let mut cases: BTreeMap<u32, &str> = BTreeMap::new();
    for section in SECTIONS {
        cases.extend(numbered(section, "fn case_").into_iter().map(|case| (case, "a test")));
    }
    for case in numbered(include_str!("NOT_APPLICABLE.md"), "| ") {
        let also = cases.insert(case, "a reason");
        assert_eq!(also, None, "case {case} is {} and has a reason why it is none", also.unwrap_or_default());
    }
    let missing: Vec<u32> = (1..=168).filter(|case| !cases.contains_key(case)).collect();
    assert!(missing.is_empty(), "{} cases are neither a test nor have a reason: {missing:?}", missing.len());
}
