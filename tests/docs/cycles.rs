//! Cycles of imports between the files of one module: who reads one of them has to read all. A file is a node, with the files
//! below it. A name that a module exports from one of its files counts as an import of that file.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::{File, sources};
use crate::limits::{Found, check};

/// A module, or a path in the crate: the names after `crate`.
type Path = Vec<String>;

/// Code without comments.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

fn module(file: &File) -> Path {
    let name = file.name.trim_start_matches("src/").trim_end_matches(".rs");
    if name == "lib" { Path::new() } else { name.split('/').map(str::to_owned).collect() }
}

fn is_word(mark: char) -> bool {
    mark.is_alphanumeric() || mark == '_'
}

/// The paths of the tree that `text` begins with: `a::b`, or `a::{b, c::{d, e as f}}`.
fn tree(text: &str) -> Vec<Path> {
    fn read(rest: &mut &str, start: &Path, found: &mut Vec<Path>) {
        let mut path = start.clone();
        loop {
            *rest = rest.trim_start();
            let end = rest.find(|mark| !is_word(mark)).unwrap_or(rest.len());
            if end > 0 {
                path.push(rest[..end].to_owned());
                *rest = &rest[end..];
            } else if let Some(list) = rest.strip_prefix('{') {
                *rest = list;
                loop {
                    *rest = rest.trim_start_matches(|mark: char| mark.is_whitespace() || mark == ',');
                    if rest.is_empty() {
                        return;
                    }
                    if let Some(after) = rest.strip_prefix('}') {
                        *rest = after;
                        return;
                    }
                    let before = rest.len();
                    read(rest, &path, found);
                    // `as NAME`, and what else is no path.
                    *rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
                    assert!(rest.len() < before, "a list of imports is read to its end");
                }
            } else {
                *rest = rest.strip_prefix('*').unwrap_or(rest);
            }
            match rest.strip_prefix("::") {
                Some(after) if !after.starts_with('<') => *rest = after,
                _ => break,
            }
        }
        found.push(path);
    }
    let (mut rest, mut found) = (text, Vec::new());
    read(&mut rest, &Path::new(), &mut found);
    found
}

/// A path as it stands in a module, from the root of the crate.
fn absolute(module: &Path, path: &Path) -> Option<Path> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    let (base, rest) = match path.first()?.as_str() {
        "crate" => (0, 1),
        "self" => (module.len(), 1),
        "super" => (module.len().checked_sub(ups)?, ups),
        _ => return None,
    };
    Some([&module[..base], &path[rest..]].concat())
}

/// The modules, and what each imports and exports.
struct Modules {
    imports: BTreeMap<Path, Vec<Path>>,
    /// Where an exported name comes from.
    exports: BTreeMap<Path, Path>,
}

impl Modules {
    fn of(files: &[File]) -> Self {
        let all: BTreeSet<Path> = files.iter().map(module).collect();
        let (mut imports, mut exports) = (BTreeMap::new(), BTreeMap::new());
        for file in files {
            let (own, code) = (module(file), code(&file.text));
            let mut found = Vec::new();
            for start in ["crate::", "self::", "super::"] {
                for (at, _) in code.match_indices(start) {
                    if !code[..at].ends_with(|mark| is_word(mark) || mark == ':' || mark == '$') {
                        found.extend(tree(&code[at..]).iter().filter_map(|path| absolute(&own, path)));
                    }
                }
            }
            // `use child::Name` in the parent.
            for (at, keyword) in code.match_indices("use ") {
                let is_export = code[..at].rsplit('\n').next().is_some_and(|line| line.trim_start().starts_with("pub"));
                for path in tree(&code[at + keyword.len()..]) {
                    let inner = [own.as_slice(), path.as_slice()].concat();
                    let child = all.contains(&inner[..inner.len().min(own.len() + 1)]);
                    let Some(full) = absolute(&own, &path).or_else(|| child.then_some(inner)) else { continue };
                    if is_export {
                        let name = full.last().cloned().into_iter();
                        exports.insert(own.iter().cloned().chain(name).collect::<Path>(), full.clone());
                    }
                    found.push(full);
                }
            }
            imports.insert(own, found);
        }
        Self { imports, exports }
    }

    /// The file that a path leads to.
    fn home(&self, path: &Path) -> Path {
        let mut path = path.clone();
        for _ in 0..8 {
            let length = (0..=path.len()).rev().find(|length| self.imports.contains_key(&path[..*length]));
            let length = length.unwrap_or(0);
            match self.exports.get(&path[..path.len().min(length + 1)]) {
                Some(to) if *to != path => path = [to.as_slice(), &path[(length + 1).min(path.len())..]].concat(),
                _ => return path[..length].to_vec(),
            }
        }
        path
    }

    /// For each module, which of its files imports which other.
    fn edges(&self) -> BTreeMap<Path, BTreeMap<&String, BTreeSet<String>>> {
        let mut edges: BTreeMap<Path, BTreeMap<&String, BTreeSet<String>>> = BTreeMap::new();
        for (from, imports) in &self.imports {
            for to in imports.iter().map(|path| self.home(path)) {
                let common = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
                if let (Some(from_child), Some(to_child)) = (from.get(common), to.get(common)) {
                    let of_module = edges.entry(from[..common].to_vec()).or_default();
                    of_module.entry(from_child).or_default().insert(to_child.clone());
                }
            }
        }
        edges
    }
}

/// The files of a module from which a way leads back to them.
fn cyclic(edges: &BTreeMap<&String, BTreeSet<String>>) -> Vec<String> {
    let leads_back = |start: &&String| {
        let (mut seen, mut ahead) = (BTreeSet::new(), vec![*start]);
        while let Some(next) = ahead.pop() {
            for to in edges.get(next).into_iter().flatten() {
                if to == *start {
                    return true;
                }
                if seen.insert(to) {
                    ahead.push(to);
                }
            }
        }
        false
    };
    edges.keys().copied().filter(leads_back).cloned().collect()
}

#[test]
fn a_cycle_is_found_through_exports_and_from_below() {
    let file = |name: &str, text: &str| File { name: format!("src/{name}.rs"), text: text.to_owned() };
    let found = |files: &[File]| -> Vec<(Path, Vec<String>)> {
        let modules = Modules::of(files);
        let all = modules.edges().into_iter().map(|(module, edges)| (module, cyclic(&edges)));
        all.filter(|(_, files)| !files.is_empty()).collect()
    };
    let (lib, a) = (file("lib", "mod a;"), file("a", "mod b;\nmod c;\npub use b::{self, B};\npub use self::c::C;"));
    let b = file("a/b", "use crate::a::{x::{Y, Z}, C as D};");
    let below = file("a/c/d", "fn f() -> super::super::B { crate::a::b::f() }");
    assert_eq!(
        found(&[lib, a, b, file("a/c", "mod d;"), below]),
        [(vec!["a".to_owned()], vec!["b".into(), "c".into()])]
    );
    let parent = [file("a", "mod b;\npub use b::B;"), file("a/b", "use super::Other;\n// use super::b;")];
    assert_eq!(found(&parent), []);
}

#[test]
fn no_module_has_a_cycle_that_it_did_not_have_before() {
    let files = sources();
    let modules = Modules::of(&files);
    let edges = modules.edges();
    assert!(edges.values().map(BTreeMap::len).sum::<usize>() > 150, "{edges:?}");
    let mut found = Found::new();
    for (module, edges) in &edges {
        let files = cyclic(edges);
        // The modules of the crate itself are the layers, which `layers.rs` checks.
        if !module.is_empty() && !files.is_empty() {
            found.insert(module.join("/"), files);
        }
    }
    check("cycle", &found);
}
