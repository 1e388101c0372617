//! The README says what is there.

#[test]
fn its_run_loop_is_the_example() {
    let readme = include_str!("../README.md");
    assert!(readme.contains(include_str!("../examples/run_loop.rs")), "copy examples/run_loop.rs into the README");
}

#[test]
fn the_commands_that_it_names_are_those_of_ci() {
    let ci = include_str!("../.ci/run");
    assert!(ci.contains("\ncargo test --all-features\n"), "CI runs the README's test command");
}

#[test]
fn every_flag_stands_in_the_table() {
    let (flags, table) = (include_str!("../src/options/flags.rs"), include_str!("../docs/protocol/options.md"));
    let written: Vec<&str> = flags.split("Flag::new(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(written.len() > 40, "{written:?}");
    let missing: Vec<_> = written.iter().filter(|flag| !table.contains(&format!("\n| `{flag}` |"))).collect();
    assert!(missing.is_empty(), "docs/protocol/options.md lacks {missing:?}");
}

#[test]
fn its_summary_of_versions_is_that_of_the_table() {
    let (readme, table) = (include_str!("../README.md"), include_str!("../docs/cli-versions.md"));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let head = table.lines().find_map(|row| row.strip_prefix("| Scenario ")).expect("the table has a head");
    let outcomes: Vec<Vec<String>> = table
        .lines()
        .skip_while(|row| !row.starts_with("| Scenario "))
        .filter(|row| row.starts_with("| `"))
        .map(cells)
        .collect();
    assert!(outcomes.len() > 50, "{}", outcomes.len());
    let count = |outcome: &str| -> Vec<String> {
        let of_version = |at: usize| outcomes.iter().filter(|row| row[at] == outcome).count().to_string();
        (1..outcomes[0].len()).map(of_version).collect()
    };
    for (what, expected) in [("", cells(head)), ("as on the newest", count("pass")), ("it differs", count("differs"))] {
        let row = format!("| {what} | {} |", expected.join(" | ")).replace("|  |", "| |");
        assert!(readme.contains(&row), "the README has no row {row}");
    }
    assert_eq!(count("FAIL").iter().filter(|failed| *failed != "0").count(), 0);
}
