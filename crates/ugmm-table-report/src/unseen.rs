//! Describes categories that training did not have.

use ugmm_data::frame::{LEVEL_LIMIT, UnseenValues};
use ugmm_report::count;

/// Largest number of columns that are named.
const NAMED: usize = 10;

/// A line for each column, such as "city: 12 rows with 3 unseen values (Oslo, Bergen, Rome)".
#[must_use]
pub fn unseen_lines(unseen: &[UnseenValues]) -> String {
    let line = |found: &UnseenValues| {
        let more = if found.values > found.first.len() { ", …" } else { "" };
        let at_least = if found.values >= LEVEL_LIMIT { "at least " } else { "" };
        format!(
            "  {}: {} with {at_least}{} ({}{more})\n",
            found.column,
            count(found.rows, "row"),
            count(found.values, "unseen value"),
            found.first.join(", ")
        )
    };
    let more = match unseen.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("  and so in {}\n", count(more, "more column")),
    };
    unseen.iter().take(NAMED).map(line).collect::<String>() + &more
}
