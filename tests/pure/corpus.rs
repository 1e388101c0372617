//! The bodies of the fuzz targets over the committed corpus, on any toolchain; what a fuzzer found stays found.
//!
//! `fuzz/seeds/TARGET` holds the corpus, a file for each input. What starts with `found-` was a finding.

#[path = "../../fuzz/bodies/bytes.rs"]
mod bytes;
#[path = "../../fuzz/bodies/decode.rs"]
mod decode;
#[cfg(feature = "driver")]
#[path = "../../fuzz/bodies/driver.rs"]
mod driver;
#[cfg(feature = "session")]
#[path = "../../fuzz/bodies/host.rs"]
mod host;
#[path = "../../fuzz/bodies/journal.rs"]
mod journal;
#[path = "../../fuzz/bodies/options.rs"]
mod options;
#[path = "../../fuzz/bodies/session.rs"]
mod session;
#[path = "../../fuzz/bodies/snapshot.rs"]
mod snapshot;

use std::path::Path;

use crate::cases::stride;
use crate::invariants;

fn judge(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    assert!(paths.len() >= 20, "only {} files in {}", paths.len(), folder.display());
    // What was found is always tried.
    let is_finding = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("found-"));
    let tried = paths.iter().enumerate().filter(|(index, path)| index % stride() == 0 || is_finding(path));
    for (_, path) in tried {
        let _context = invariants::PanicContext(path.display().to_string());
        body(&std::fs::read(path).expect("a readable file"));
    }
}

#[test]
fn bytes() {
    judge("bytes", bytes::body);
}

#[test]
fn session() {
    judge("session", session::body);
}

#[test]
fn decode() {
    judge("decode", decode::body);
}

#[test]
fn journal() {
    judge("journal", journal::body);
}

#[test]
fn snapshot() {
    judge("snapshot", snapshot::body);
}

#[test]
fn options() {
    judge("options", options::body);
}

#[cfg(feature = "driver")]
#[test]
fn driver() {
    judge("driver", driver::body);
}

#[cfg(feature = "session")]
#[test]
fn host() {
    judge("host", host::body);
}
