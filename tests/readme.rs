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
