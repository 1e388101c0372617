//! Links between the pages of the project. Those in doc comments and guides to items are rustdoc's to check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::files::{File, files};

/// A page without what stands between fences.
fn prose(text: &str) -> String {
    let mut code = false;
    let mut prose = String::new();
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        if !code && !fence {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// What a page links to: `[text](target)` and `[text]: target`. Code is no link.
fn targets(text: &str) -> Vec<String> {
    let prose = prose(text);
    let plain: String = prose.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let inline = plain.match_indices("](").filter_map(|(at, mark)| {
        let rest = &plain[at + mark.len()..];
        rest.split_once(')').map(|(target, _)| target.split(' ').next().unwrap_or_default().to_owned())
    });
    let defined = plain.lines().filter(|line| line.starts_with('[')).filter_map(|line| line.split_once("]: "));
    inline.chain(defined.map(|(_, target)| target.trim().to_owned())).collect()
}

/// The name that a heading has in a link, as GitHub makes it.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|mark| mark.is_alphanumeric() || [' ', '-', '_'].contains(mark));
    kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let prose = prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let slug = slug(heading);
            let count = seen.entry(slug.clone()).or_default();
            *count += 1;
            if *count == 1 { slug } else { format!("{slug}-{}", *count - 1) }
        })
        .collect()
}

/// What is wrong with a link, if anything is.
fn flaw(root: &Path, page: &File, pages: &BTreeMap<&str, &File>, target: &str) -> Option<String> {
    let elsewhere = target.contains("://") || target.starts_with("mailto:");
    let is_rustdoc = page.name.starts_with("src/") || page.name.contains("/src/");
    if elsewhere || is_rustdoc && !target.contains(['/', '#']) {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    if let Some(guide) = path.strip_prefix("crate::guide::") {
        let text = [format!("src/guide/{guide}.md"), format!("docs/{}.md", guide.replace('_', "-"))];
        let text = text.iter().find_map(|name| pages.get(&**name)).map(|page| &page.text);
        // The wire reference has a test of its own.
        let known = guide == "wire" || text.is_some_and(|text| anchors(text).contains(anchor));
        return (!known).then(|| format!("{}: {target}: the guide has no such heading", page.name));
    }
    let folder = Path::new(&page.name).parent().unwrap_or(Path::new(""));
    let mut at = Vec::new();
    for part in folder.join(path).components() {
        match part.as_os_str().to_str()? {
            ".." => drop(at.pop()),
            "." => {}
            part => at.push(part.to_owned()),
        }
    }
    let name = if path.is_empty() { page.name.clone() } else { at.join("/") };
    if !pages.contains_key(&*name) && !root.join(&name).exists() {
        return Some(format!("{}: {target}: there is no {name}", page.name));
    }
    let known = pages.get(&*name).map(|page| anchors(&page.text));
    let missing = !anchor.is_empty() && known.is_some_and(|anchors| !anchors.contains(anchor));
    missing.then(|| format!("{}: {target}: {name} has no such heading", page.name))
}

#[test]
fn links_between_pages_have_targets() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = files("", "md");
    let pages: BTreeMap<&str, &File> = all.iter().map(|page| (&*page.name, page)).collect();
    let links: Vec<(&File, String)> =
        all.iter().flat_map(|page| targets(&page.text).into_iter().map(move |target| (page, target))).collect();
    assert!(links.len() > 40, "{}", links.len());
    let flaws: Vec<String> = links.iter().filter_map(|(page, target)| flaw(root, page, &pages, target)).collect();
    assert!(flaws.is_empty(), "{}", flaws.join("\n"));
}

#[test]
fn a_dead_link_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = "# A b, c\n[x](../README.md#guarantees) [y](#a-b-c)\n[x](nothing.md) `[no](link.md)` [z](#d)\n";
    let page = File { name: "docs/page.md".to_owned(), text: text.to_owned() };
    let readme = files("", "md").into_iter().find(|page| page.name == "README.md").expect("it is there");
    let pages = BTreeMap::from([("docs/page.md", &page), ("README.md", &readme)]);
    let flaws: Vec<bool> =
        targets(&page.text).iter().map(|target| flaw(root, &page, &pages, target).is_some()).collect();
    assert_eq!(flaws, [false, false, true, true]);
}

/// rustdoc checks that the module of a link exists, and not the heading behind `#`.
#[test]
fn links_to_the_wire_reference_name_a_heading() {
    let wire = include_str!("../../docs/protocol/wire.md");
    let known = anchors(wire);
    let sources = files("src", "rs").into_iter().chain(files("src", "md"));
    let mut count = 0;
    for file in sources {
        for rest in file.text.split("crate::guide::wire#").skip(1) {
            let name = rest.split(')').next().unwrap_or_default();
            assert!(known.contains(name), "{}: {name}", file.name);
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn the_glossary_is_short() {
    let glossary = include_str!("../../docs/glossary.md");
    let terms: Vec<&str> =
        glossary.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).skip(1).collect();
    assert!(terms.len() <= 30, "{} terms", terms.len());
    assert!(terms.is_sorted_by_key(|term| term.to_lowercase()), "{terms:?}");
}
