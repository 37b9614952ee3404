//! How text from a file is shown in an error message: quoted, escaped, and never too long to read.

/// Characters of one value that a message shows.
const SHOWN_CHARACTERS: usize = 40;
/// Names of a list that a message shows.
const SHOWN_NAMES: usize = 10;

/// `text` in quotes, control characters escaped, cut after [`SHOWN_CHARACTERS`].
pub(crate) fn value(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{:?}", format!("{}…", &text[..end])),
        None => format!("{text:?}"),
    }
}

/// The first [`SHOWN_NAMES`] of `names` and how many more there are.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN_NAMES).map(|name| value(name.as_ref())).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(SHOWN_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `count` and `noun`, with the plural's s unless `count` is one.
pub(crate) fn count(count: impl Into<u128>, noun: &str) -> String {
    match count.into() {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}
