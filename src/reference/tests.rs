//! Comparison of both readers on recorded lines, and on lines with changed values, keys and bytes.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::views::agree;

/// Returns the CLI's lines of all recordings, each shape once: lines that differ only in letters and digits count as one.
fn recorded() -> Vec<Vec<u8>> {
    #[derive(Deserialize)]
    struct Recorded {
        dir: String,
        line: Option<String>,
    }
    let children = |folder: &Path| {
        let children = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<_> = children.map(|child| child.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let files = children(&root).into_iter().filter(|path| path.is_dir()).flat_map(|folder| children(&folder));
    let (mut shapes, mut lines) = (BTreeSet::new(), Vec::new());
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "ndjson")) {
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let recorded: Recorded = serde_json::from_str(line).unwrap();
            let Some(line) = recorded.line.filter(|_| recorded.dir == "out") else { continue };
            let shape: String = line.chars().filter(|letter| !letter.is_alphanumeric()).collect();
            if shapes.insert(shape) {
                lines.push(line.into_bytes());
            }
        }
    }
    assert!(lines.len() > 500, "only {} lines were found", lines.len());
    lines
}

/// Numbers that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}

/// Values in the place of others.
const VALUES: [&str; 20] = [
    "null",
    "true",
    "-1",
    "-0",
    "1e400",
    "18446744073709551615",
    "0.5",
    "\"\"",
    "\"\\ud83d\"",
    "\"a\\n\\u00e9\\\"b\"",
    "\"text\"",
    " [ ] ",
    "[null]",
    "[\"a\",7]",
    "{ }",
    "{\"type\":\"text\"}",
    "{\"text\":\"a\",\"type\":\"text\",\"x\": [ 1 ] }",
    "{\"a\":{\"b\":1},\"\\u0063\":2}",
    "[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":[{\"type\":\"image\"}]}]",
    "{\"type\":\"text_delta\",\"text\":5}",
];

/// Members that are put before the others.
const MEMBERS: [&str; 8] = [
    "\"\\u0074ype\":\"text\",",
    "\"new\":{\"a\":1e400},",
    "\"new\" : \"\\ud83d\" ,",
    "\"id\":null,",
    "\"text\":\"more\",",
    "\"content\":\"text\",",
    "\"uuid\":7,",
    "\"message\":{\"content\":[]},",
];

/// Returns the line with replaced values, added members, or changed bytes.
fn mutated(line: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut line = line.to_vec();
    for _ in 0..=noise.below(3) {
        let at = noise.below(line.len().max(1)).min(line.len().saturating_sub(1));
        match noise.below(8) {
            0 => line[at] = noise.below(256) as u8,
            1 => drop(line.splice(at..at, *b" ")),
            2 | 3 => {
                let Some(open) = line[at..].windows(2).position(|pair| pair == b"{\"") else { continue };
                let member = MEMBERS[noise.below(MEMBERS.len())].bytes();
                line.splice(at + open + 1..at + open + 1, member);
            }
            _ => {
                let Some(colon) = line[at..].windows(2).position(|pair| pair == b"\":") else { continue };
                let start = at + colon + 2;
                let mut rest = serde_json::Deserializer::from_slice(&line[start..]).into_iter::<IgnoredAny>();
                if rest.next().is_none_or(|value| value.is_err()) {
                    continue;
                }
                let end = start + rest.byte_offset();
                line.splice(start..end, VALUES[noise.below(VALUES.len())].bytes());
            }
        }
    }
    line
}

#[test]
fn recorded_lines_decode_as_in_the_reference() {
    recorded().iter().for_each(|line| agree(line));
}

#[test]
fn mutated_lines_decode_as_in_the_reference() {
    let seconds = std::env::var("VIEWS_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let mut lines = recorded();
    lines.retain(|line| line.len() < 8192);
    let mut noise = Noise(if seconds == 0 { 0x9e37_79b9_7f4a_7c15 } else { std::process::id().into() });
    let mut tried = 0_u64;
    while tried < 15_000 || std::time::Instant::now() < end {
        agree(&mutated(&lines[noise.below(lines.len())], &mut noise));
        tried += 1;
    }
    println!("{tried} lines were tried");
}
