//! The recordings of the real CLI under `tests/recordings`.

use std::path::{Path, PathBuf};

use crate::recording::{self, Recorded};

/// Every recording: where it is, and its lines.
pub(crate) fn recordings() -> Vec<(PathBuf, Vec<Recorded>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut files = Vec::new();
    let children = |folder: &Path| -> Vec<PathBuf> {
        let children = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        children.map(|child| child.expect("a file or folder").path()).collect()
    };
    for path in children(&root).iter().filter(|path| path.is_dir()).flat_map(|version| children(version)) {
        if path.extension().is_some_and(|extension| extension == "ndjson") {
            let text = std::fs::read(&path).expect("a readable file");
            let lines = recording::read(&text).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
            files.push((path, lines));
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(files.len() >= 46, "only {} recordings were found", files.len());
    files
}

/// The version and the scenario, as `2.1.329/hello`.
pub(crate) fn name(path: &Path) -> String {
    let mut parts = path.with_extension("");
    let file = parts.file_name().unwrap_or_default().to_string_lossy().into_owned();
    parts.pop();
    format!("{}/{file}", parts.file_name().unwrap_or_default().to_string_lossy())
}
