//! The README and the tables say what is there.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn programs_of_the_readme_are_the_examples() {
    let readme = include_str!("../../README.md");
    for example in [include_str!("../../examples/one_shot.rs"), include_str!("../../examples/approvals.rs")] {
        let code = &example[example.find("\nuse ").expect("an import")..];
        assert!(readme.contains(code), "copy this into the README: {code}");
    }
}

#[test]
fn the_test_command_of_the_readme_is_run_by_ci() {
    let ci = include_str!("../../.ci/run");
    assert!(ci.contains("\ncargo test --all-features\n"), "CI runs the README's test command");
}

#[test]
fn the_code_for_libraries_is_compiled_elsewhere() {
    let page = include_str!("../../src/guide/beyond_one_machine.md");
    for source in [
        include_str!("../elsewhere/src/kube.rs"),
        include_str!("../elsewhere/src/bollard.rs"),
        include_str!("../elsewhere/src/russh.rs"),
    ] {
        let code = &source[source.find("\nuse ").expect("an import")..];
        assert!(page.contains(code), "copy this into the page: {code}");
    }
}

#[test]
fn every_flag_is_in_the_table_of_options() {
    let (flags, table) = (include_str!("../../src/options/flags.rs"), include_str!("../../docs/protocol/options.md"));
    let written: Vec<&str> = flags.split("Flag::new(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(written.len() > 40, "{written:?}");
    let missing: Vec<_> = written.iter().filter(|flag| !table.contains(&format!("\n| `{flag}` |"))).collect();
    assert!(missing.is_empty(), "docs/protocol/options.md lacks {missing:?}");
}

/// The versions that a row of a table names, as the functions rate them.
#[test]
fn version_tables_match_the_support_functions() {
    use claude_duplex::options::{Support, flag_support, request_support};

    const TRIED: [&str; 6] = ["1.0.128", "2.0.76", "2.1.50", "2.1.143", "2.1.250", "2.1.329"];
    let rows = |page: &str| -> Vec<Vec<String>> {
        let rows = page.lines().filter(|line| line.starts_with("| `"));
        rows.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
    };
    let mut rated = 0;
    for row in rows(include_str!("../../docs/protocol/options.md")).iter().filter(|row| row.len() == 4) {
        let flag = row[0].trim_matches('`');
        let since = TRIED.iter().position(|tried| *tried == row[3]).unwrap_or_else(|| panic!("{flag}: {}", row[3]));
        for (at, version) in TRIED.iter().enumerate() {
            let expected = if at >= since { Support::Known } else { Support::Unknown };
            assert_eq!(flag_support(flag, version), Some(expected), "{flag} on {version}");
            rated += 1;
        }
    }
    for row in rows(include_str!("../../docs/protocol/requests.md")).iter().filter(|row| row.len() == 8) {
        for name in row[0].split(", ").map(|name| name.trim_matches('`')) {
            for (version, cell) in TRIED.iter().zip(&row[2..]) {
                let expected = if cell == "yes" { Support::Known } else { Support::Unknown };
                assert_eq!(request_support(name, version), Some(expected), "{name} on {version}");
                rated += 1;
            }
        }
    }
    assert!(rated > 600, "{rated}");
}

/// The section of the README, by the table. What no column says stays as it is; a new column gets that of the one before it.
fn summary(readme: &str, table: &str) -> String {
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let row = |cells: &[String]| format!("| {} |", cells.join(" | ")).replace("|  |", "| |");
    let head = table.lines().find_map(|row| row.strip_prefix("| Scenario ")).expect("the table has a head");
    let versions = cells(head);
    let rows = table.lines().skip_while(|row| !row.starts_with("| Scenario ")).filter(|row| row.starts_with("| `"));
    let outcomes: Vec<Vec<String>> = rows.map(cells).collect();
    assert!(outcomes.len() > 50, "{}", outcomes.len());
    let counted = |what: &str, outcome: &str| -> Vec<String> {
        let of_version = |at: usize| outcomes.iter().filter(|row| row[at] == outcome).count().to_string();
        std::iter::once(what.to_owned()).chain((1..=versions.len()).map(of_version)).collect()
    };
    assert!(counted("", "FAIL")[1..].iter().all(|failed| failed == "0"), "a scenario failed");
    let mut new = vec![[vec![String::new()], versions.clone()].concat()];
    new.extend([counted("as on the newest", "pass"), counted("it differs", "differs")]);
    new.extend([counted("it lacks what is tested", "lacks it"), counted("not run yet", "not run")]);
    new.retain(|row| row[0] != "not run yet" || row[1..].iter().any(|count| count != "0"));
    let row_of = |start: &str| cells(readme.lines().find(|row| row.starts_with(start)).expect("a row"));
    let (old, output_text) = (row_of("| | 1."), row_of("| what says who is answered "));
    let mut by_version = output_text[..1].to_vec();
    for version in &versions {
        let before = by_version[by_version.len() - 1].clone();
        let known = old.iter().position(|old| old == version).map(|at| output_text[at].clone());
        by_version.push(known.unwrap_or(before));
    }
    new.push(by_version);
    let mut lines: Vec<String> = new.iter().map(|cells| row(cells)).collect();
    lines.insert(1, format!("|{}", "---|".repeat(versions.len() + 1)));
    format!("{} scenarios against the real program, offline.\n{}", outcomes.len(), lines.join("\n"))
}

/// `BLESS=1` writes it, as `.ci/add-version` does.
#[test]
fn the_version_summary_of_the_readme_matches_the_table() {
    let read = |name: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a file");
    let (readme, table) = (read("README.md"), read("docs/cli-versions.md"));
    let summary = summary(&readme, &table);
    let (count, rows) = summary.split_once('\n').expect("two parts");
    let columns = rows.lines().next().map_or(0, |head| head.matches(" | ").count());
    let of_columns = |readme: &str| -> String {
        let (before, rest) = readme.split_once("published versions of the CLI, ").expect("a limit");
        let (_, after) = rest.split_once(" have a column").expect("a number");
        format!("{before}published versions of the CLI, {columns} have a column{after}")
    };
    let line =
        readme.lines().find(|line| line.contains(" scenarios against the real program, offline.")).expect("a count");
    let old_count = &line[..line.find(" A difference").expect("what a difference is")];
    let old_rows: Vec<&str> =
        readme.lines().skip_while(|row| !row.starts_with("| | 1.")).take_while(|row| !row.is_empty()).collect();
    if std::env::var_os("BLESS").is_some() {
        let new = of_columns(&readme).replace(old_count, count).replace(&old_rows.join("\n"), rows);
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"), new).expect("the README is written");
    } else {
        assert_eq!(of_columns(&readme), readme, "`BLESS=1` writes the number of versions");
        assert_eq!(
            (old_count, old_rows.join("\n").as_str()),
            (count, rows),
            "`.ci/add-version` writes it, or `BLESS=1`"
        );
    }
}

/// Every Rust file below a folder of the repository.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let found = paths.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// Whether there is a file, or a function in a file or test target of that name.
fn is_there(root: &Path, sources: &[(PathBuf, String)], name: &str) -> bool {
    let Some((place, function)) = name.rsplit_once("::") else { return root.join(name).exists() };
    let places: Vec<&str> = place.split("::").collect();
    let is_of = |path: &Path| {
        let path = path.with_extension("");
        let last = path.file_name().unwrap_or_default();
        places.iter().any(|place| last == *place) || last == "main" && path.parent().is_some_and(|f| f.ends_with(place))
    };
    sources.iter().any(|(path, text)| is_of(path) && text.contains(&format!("fn {function}(")))
}

#[test]
fn every_row_of_the_parity_table_names_its_evidence() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["src", "tests"].map(|folder| sources(&root.join(folder))).concat();
    let read = |path: PathBuf| fs::read_to_string(&path).map(|text| (path, text)).expect("text");
    let sources: Vec<_> = files.into_iter().map(read).collect();
    let rows = include_str!("../../docs/parity.md").lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let mut shown = 0;
    for row in rows {
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let names: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing shows {row}");
        for name in names {
            assert!(is_there(root, &sources, name), "there is no {name}");
            shown += 1;
        }
    }
    assert!(shown > 50, "{shown}");
}

/// As Cargo.toml demands them, without `testing`: the crate has itself, with that, as a dev-dependency.
fn features_of(example: &str) -> Vec<&'static str> {
    let manifest = include_str!("../../Cargo.toml");
    let mut targets = manifest.split("\n[[").filter(|target| target.starts_with("example]]"));
    let target = targets.find(|target| target.contains(&format!("name = \"{example}\"\n")));
    let features = target.and_then(|target| target.split_once("required-features = ["));
    let features = features.map_or("", |(_, features)| features).split('"').skip(1).step_by(2);
    features.filter(|feature| *feature != "testing").collect()
}

/// Programs that `cargo run --example` starts: the name, and the file with `main`.
fn programs() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = |folder: &str| -> Vec<PathBuf> {
        fs::read_dir(root.join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
    };
    let name = |path: &Path| path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
    let examples = entries("examples").into_iter().filter(|path| path.is_file());
    let tools = entries("tools").into_iter();
    let examples = examples.map(|path| (name(&path), path));
    examples.chain(tools.map(|path| (name(&path), path.join("main.rs")))).collect()
}

/// Without the features, cargo prints an error of its own.
#[test]
fn the_readme_lists_every_example_with_its_features() {
    let readme = include_str!("../../README.md");
    let programs = programs();
    assert!(programs.len() > 15, "{programs:?}");
    for (name, path) in programs {
        let features = features_of(&name).join(",");
        let needs = if features.is_empty() { name.clone() } else { format!("{name} --features {features}") };
        let starts = |text: &str, before: &str| {
            let mut rests = text.match_indices(before).map(|(at, _)| &text[at + before.len()..]);
            rests.any(|rest| rest.starts_with([' ', '`', '\n']))
        };
        assert!(starts(readme, &format!("\n| `{needs}")), "the README has no row `{needs}`");
        let own = fs::read_to_string(&path).expect("text");
        let command = format!("--example {needs}");
        assert!(name == "run_loop" || starts(&own, &command), "{} does not say {command}", path.display());
    }
}

/// On the page of a registry a link into the repository leads nowhere. What it says of modules is in the source.
#[test]
fn links_of_the_readme_work_outside_the_repository() {
    let readme = include_str!("../../README.md");
    let guide = include_str!("../../src/guide.rs");
    let mut guides = 0;
    for target in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(target.starts_with("https://"), "{target} leads nowhere on another page");
        if let Some((_, name)) = target.split_once("/guide/").filter(|(_, name)| !name.starts_with("index.html")) {
            let name = name.split('/').next().unwrap_or_default();
            let declared =
                guide.contains(&format!("\n    {name}\n")) || guide.contains(&format!("pub mod {name} {{}}"));
            assert!(declared, "there is no guide {name}");
            guides += 1;
        }
    }
    assert!(guides > 5, "{guides}");
}
