//! The map of the source in CONTRIBUTING.md.

use std::path::Path;

/// Words that are paths: of folders and of files of source.
fn is_path(word: &str) -> bool {
    word.ends_with('/') || word.ends_with(".rs") || word.ends_with(".js")
}

#[test]
fn everything_on_the_map_is_there_and_every_crate_is_on_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let map = text.split("## ").find(|section| section.starts_with("Where things are")).unwrap();
    let (mut base, mut folder, mut crates) = (root.clone(), root.clone(), Vec::new());
    let mut paths = 0;
    for line in map.lines().filter(|line| line.starts_with("    ")) {
        for word in line.split([' ', ',', ';', ':', '(', ')']).filter(|word| !word.is_empty()) {
            if word.starts_with("crates/") || word.starts_with("docs/") {
                base = root.join(word);
                crates.extend(word.strip_prefix("crates/").map(str::to_owned));
                assert!(base.is_dir(), "{word} is on the map and not there");
            } else if is_path(word) {
                // Other paths are in the folder of the one from `src` before them.
                let is_whole = word.starts_with("src/") || word.starts_with("assets/");
                let path = if is_whole { base.join(word) } else { folder.join(word) };
                assert!(path.exists(), "{} is on the map and not there", path.display());
                if is_whole {
                    folder = if path.is_dir() { path } else { path.parent().unwrap().to_owned() };
                }
                paths += 1;
            }
        }
    }
    assert!(paths > 40, "{paths} paths were found on the map");
    for entry in std::fs::read_dir(root.join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(crates.contains(&name), "crates/{name} is not on the map");
    }
}
