//! The files of the project.

use std::fs;
use std::path::{Path, PathBuf};

/// A file and its text.
pub(crate) struct File {
    /// From the root of the project, with `/`.
    pub(crate) name: String,
    pub(crate) text: String,
}

fn below(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match path.is_dir() {
            true if ["target", ".git", "node_modules", "corpus", "artifacts"].contains(&name) => {}
            true => below(&path, all),
            false => all.push(path),
        }
    }
}

/// Every file below a folder of the project with that extension, in the order of their names.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    below(&root.join(folder), &mut all);
    all.retain(|path| path.extension().is_some_and(|of| of == extension));
    all.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root).expect("it is below").to_string_lossy().replace('\\', "/");
        File { text: fs::read_to_string(&path).unwrap_or_else(|reason| panic!("{name}: {reason}")), name }
    };
    all.into_iter().map(read).collect()
}

/// The sources of the library, without its tests.
pub(crate) fn sources() -> Vec<File> {
    let mut sources = files("src", "rs");
    sources.retain(|file| !file.name.ends_with("tests.rs") && !file.name.contains("/tests/"));
    for file in &mut sources {
        // The tests of a file stand at its end, with or without further attributes.
        if let Some(at) = file.text.find("\nmod tests {").and_then(|at| file.text[..=at].rfind("\n#[cfg(test)]\n")) {
            file.text.truncate(at);
        }
    }
    assert!(sources.len() > 100, "{}", sources.len());
    sources
}
