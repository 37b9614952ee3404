//! Lists of names in messages.

/// Names shown in a message, at most.
const SHOWN: usize = 20;

/// The names, separated by commas; a long list ends with the number of the names left out.
pub(crate) fn some(names: &[String]) -> String {
    match names.len() {
        0 => "none".into(),
        1..=SHOWN => names.join(", "),
        more => format!("{} and {} more", names[..SHOWN].join(", "), more - SHOWN),
    }
}
