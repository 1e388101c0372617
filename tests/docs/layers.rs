//! Which module of the library imports from which. A module is an entry at the root of `src`; what it imports by way of
//! `crate::NAME`, for a name that `lib.rs` exports, comes from `(root)`.

use std::collections::BTreeSet;

use crate::files::{File, sources};
use crate::limits::{Found, check};

/// The first names of the paths in `text`, which is what follows on `crate::`: `a::b`, or `{a::b, c::{d, e}}`.
fn first_names(text: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|mark| mark.is_alphanumeric() || *mark == '_').collect::<String>();
    let Some(list) = text.strip_prefix('{') else { return vec![name(text)] };
    let (mut names, mut depth, mut start) = (Vec::new(), 0, true);
    for (at, mark) in list.char_indices() {
        match mark {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            mark if start && !mark.is_whitespace() => {
                names.push(name(&list[at..]));
                start = false;
            }
            _ => {}
        }
    }
    names
}

/// Code without its comments.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The paths that begin in the root of the crate: `crate::` anywhere, and as many `super::` as lead there.
fn imports(file: &File) -> Vec<String> {
    let depth = file.name.matches('/').count();
    let code = code(&file.text);
    let up = "super::".repeat(depth);
    ["crate::", &*up]
        .into_iter()
        .flat_map(|start| {
            let places = code.match_indices(start);
            // A longer chain of `super::`, `$crate::` and a name that ends in `crate` are none.
            let begins = |at: usize| !code[..at].ends_with(|mark: char| mark.is_alphanumeric() || ":$_".contains(mark));
            let places: Vec<usize> = places.map(|(at, _)| at).filter(|at| begins(*at)).collect();
            places.into_iter().flat_map(|at| first_names(&code[at + start.len()..])).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn paths_are_read_from_use_and_from_expressions() {
    let file = |text: &str| File { name: "src/a/b.rs".to_owned(), text: text.to_owned() };
    let read = |text: &str| imports(&file(text));
    assert_eq!(read("use crate::c::D;"), ["c"]);
    assert_eq!(read("use crate::{E, c::{D, F}, g};\n// crate::none\n"), ["E", "c", "g"]);
    assert_eq!(read("let x = crate::c::d();"), ["c"]);
    assert_eq!(read("use super::c; use super::super::h::I;"), ["h"]);
}

fn module(file: &str) -> &str {
    let name = file.strip_prefix("src/").unwrap_or(file);
    name.split(['/', '.']).next().unwrap_or(name)
}

#[test]
fn no_module_has_a_new_kind_of_import() {
    let sources = sources();
    let modules: BTreeSet<&str> = sources.iter().map(|file| module(&file.name)).collect();
    let mut found = Found::new();
    for file in sources.iter().filter(|file| file.name != "src/lib.rs") {
        for name in imports(file) {
            let to = if modules.contains(&*name) { name } else { "(root)".to_owned() };
            let arrow = format!("{}->{to}", module(&file.name));
            if module(&file.name) != to && !found.contains_key(&arrow) {
                found.insert(arrow, vec![file.name.clone()]);
            }
        }
    }
    assert!(found.len() > 50, "{found:?}");
    check("import", &found);
}
