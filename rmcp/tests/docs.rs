//! Code blocks of documents that are not compiled: each is also in an example, which is.

use std::fs;

/// Returns the blocks of a document that are marked as ignored.
fn ignored(document: &str) -> Vec<String> {
    let mut blocks = document.split("```rust,ignore\n").skip(1);
    blocks.by_ref().map(|block| block.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// Returns the text without blanks and line ends, because documents have narrower lines.
fn flat(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn ignored_code_blocks_match_the_examples() {
    let read = |path: &str| fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let examples = flat(&(read("examples/notes.rs") + &read("examples/smol_host.rs")));
    let blocks: Vec<_> =
        ["README.md", "../src/guide/mcp_servers.md"].iter().flat_map(|document| ignored(&read(document))).collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        assert!(examples.contains(&flat(&block)), "no example has this:\n{block}");
    }
}
