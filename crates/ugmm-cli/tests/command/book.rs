//! Laws of the documentation: links lead somewhere, the book has every page, and its reference is what the
//! command prints. The files are those of the repository, which a package does not have.

use crate::stdout;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// Set to write the reference instead of comparing it.
const WRITE: &str = "UGMM_WRITE_REFERENCE";

fn root() -> PathBuf {
    plain(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

/// The Markdown files of a folder, and with `is_deep` of those below it.
fn pages(folder: &Path, is_deep: bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() && is_deep {
            found.extend(pages(&path, true));
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found
}

/// The lines outside blocks of code.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The text without blocks and spans of code.
fn prose(text: &str) -> String {
    let text: Vec<_> = lines(text).collect();
    // A span of code may go on in the next line, but not in the next paragraph.
    let paragraphs = text.split(|line| line.trim().is_empty()).map(|lines| lines.join("\n"));
    let without_spans = |paragraph: String| paragraph.split('`').step_by(2).collect::<Vec<_>>().join("`");
    paragraphs.map(without_spans).collect::<Vec<_>>().join("\n\n")
}

/// Targets of the links and images in a page, by Markdown's `](target)` and by HTML's attributes.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let ends = [("](", ')'), ("src=\"", '"'), ("srcset=\"", '"'), ("href=\"", '"')];
    let of = |(start, end): (&str, char)| {
        let targets = prose.split(start).skip(1).map(move |rest| rest.split(end).next().unwrap_or_default());
        targets
            .map(|target| target.split_whitespace().next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    ends.into_iter().flat_map(of).collect()
}

/// Anchors of a page's headings, by the rule that forges and mdBook share.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for line in lines(text).filter(|line| line.starts_with('#')) {
        let Some(heading) = line.trim_start_matches('#').strip_prefix(' ') else { continue };
        let keep = |letter: char| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            _ => letter.is_alphanumeric().then_some(letter),
        };
        let anchor: String = heading.trim().to_lowercase().chars().filter_map(keep).collect();
        let again = (1..).map(|count| format!("{anchor}-{count}"));
        let free = std::iter::once(anchor.clone()).chain(again).find(|anchor| !anchors.contains(anchor));
        anchors.extend(free);
    }
    anchors
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => (),
            part => plain.push(part),
        }
    }
    plain
}

/// What is wrong with a link of a page, whose relative links must stay in `home`.
fn fault(page: &Path, target: &str, home: &Path) -> Option<&'static str> {
    if target.starts_with("https://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => page.to_owned(),
        file => plain(&page.parent().unwrap().join(file)),
    };
    if !path.exists() {
        return Some("there is no such file");
    }
    if !path.starts_with(home) {
        return Some("it leaves the folder that is published with the page");
    }
    let has_anchor = || anchors(&std::fs::read_to_string(&path).unwrap()).contains(anchor);
    (!anchor.is_empty() && !has_anchor()).then_some("the page has no such heading")
}

#[test]
fn every_link_leads_somewhere() {
    let root = root();
    // The book is made of `docs`, and a crate's page is published with the crate: their links stay in there.
    let book = root.join("docs");
    let mut all: Vec<(PathBuf, PathBuf)> =
        pages(&root, false).into_iter().map(|page| (page, root.clone())).collect();
    all.extend(pages(&book, true).into_iter().map(|page| (page, book.clone())));
    for entry in std::fs::read_dir(root.join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        all.extend(pages(&folder, false).into_iter().map(|page| (page, folder.clone())));
    }
    let (mut faults, mut count) = (Vec::new(), 0);
    for (page, home) in &all {
        for target in links(&std::fs::read_to_string(page).unwrap()) {
            count += 1;
            if let Some(fault) = fault(page, &target, home) {
                faults.push(format!("{}: {target}: {fault}", page.strip_prefix(&root).unwrap().display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 200, "{count} links were found");
}

#[test]
fn the_checks_of_links_find_what_is_wrong() {
    let text = "# A *b* `c`, d\n[x](y.md#z \"title\") `[no](no.md)` ![](a.png)\n```text\n# no\n[no](no.md)\n```\n# A b c d\n";
    assert_eq!(links(text), ["y.md#z", "a.png"]);
    assert_eq!(anchors(text), ["a-b-c-d", "a-b-c-d-1"].map(str::to_owned).into());
    let (page, home) = (root().join("docs/json.md"), root().join("docs"));
    assert_eq!(fault(&page, "guide/python.md#classes", &home), None);
    assert_eq!(fault(&page, "guide/python.md#clases", &home), Some("the page has no such heading"));
    assert_eq!(fault(&page, "pyton.md", &home), Some("there is no such file"));
    assert_eq!(
        fault(&page, "../README.md", &home),
        Some("it leaves the folder that is published with the page")
    );
}

#[test]
fn the_book_has_every_page_once() {
    let book = root().join("docs");
    let mut listed = links(&std::fs::read_to_string(book.join("SUMMARY.md")).unwrap());
    listed.sort();
    let contents = book.join("SUMMARY.md");
    let there = pages(&book, true).into_iter().filter(|page| *page != contents);
    let mut there: Vec<_> =
        there.map(|page| page.strip_prefix(&book).unwrap().to_str().unwrap().replace('\\', "/")).collect();
    there.sort();
    assert_eq!(listed, there, "docs/SUMMARY.md lists the first, docs has the second");
}

/// The help of a command, at a width of 100 columns.
fn help(command: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_ugmm")).env("COLUMNS", "100").arg("help").args(command).output();
    let help = stdout(&output.unwrap());
    help.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// Names of the commands that a help lists, without `help` itself.
fn commands(help: &str) -> Vec<String> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default().lines();
    let names = list.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

/// Adds the sections of a command and of those below it.
fn describe(command: &[&str], page: &mut String) {
    let help = help(command);
    let name = command.iter().fold("ugmm".to_owned(), |name, part| format!("{name} {part}"));
    *page += &format!("\n## {name}\n\n```text\n{}\n```\n", help.trim_end());
    for below in commands(&help) {
        describe(&[command, &[below.as_str()]].concat(), page);
    }
}

#[test]
fn the_reference_is_what_the_command_prints() {
    let path = root().join("docs/commands.md");
    let mut page = format!(
        "# Commands and options\n\n`ugmm help COMMAND` prints these texts. A test compares this page with them, and writes it \
         with\n`{WRITE}=1 cargo test --release -p ugmm-cli --test command book`.\n"
    );
    describe(&[], &mut page);
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differ = written.lines().zip(page.lines()).find(|(written, now)| written != now);
    assert!(
        written == page,
        "docs/commands.md is not what `ugmm help` prints; {WRITE}=1 writes it. The first difference: {differ:?}"
    );
    assert!(page.matches("\n## ").count() > 20);
}
