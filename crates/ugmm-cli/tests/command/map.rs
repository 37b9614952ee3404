//! Laws of the source: the map in CONTRIBUTING.md is right, and libraries do not know the command.

use std::path::{Path, PathBuf};

/// Whether a word is a path of a folder or a source file.
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
                // Other paths are relative to the folder of the last path that begins with `src`.
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

/// All Rust files in a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    entries.flat_map(of).filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

/// Whether a line names an option such as `--seed` before its comment.
fn names_an_option(line: &str) -> bool {
    let code = line.split("// ").next().unwrap_or_default();
    let is_comment = line.trim_start().starts_with("//");
    let mut rest = code.split("--").skip(1);
    !is_comment && rest.any(|rest| rest.starts_with(|first: char| first.is_ascii_lowercase()))
}

/// Libraries name no options: their errors have remedies, which the command writes as options and another
/// caller as arguments.
#[test]
fn no_text_of_a_library_names_an_option_of_the_command() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = 0;
    for entry in std::fs::read_dir(crates).unwrap().map(|entry| entry.unwrap()) {
        // The experiments belong to the command.
        if ["ugmm-cli", "ugmm-experiments"].iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        for path in sources(&entry.path().join("src")) {
            let text = std::fs::read_to_string(&path).unwrap();
            let found = text.lines().zip(1..).find(|(line, _)| names_an_option(line));
            assert!(found.is_none(), "{}: {found:?}", path.display());
            files += 1;
        }
    }
    assert!(files > 200, "{files} files were found");
    assert!(names_an_option("say(\"try --search\"); // a comment") && !names_an_option("a - -b; // --seed"));
}
