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
