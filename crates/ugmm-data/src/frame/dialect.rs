//! The layout of a table's text, inferred from its first lines.

use super::error::FrameError;
use super::options::ReadOptions;
use super::records::{Record, Records};

/// Delimiters that are inferred. If two of them divide the lines equally well, the earlier one is right, as it is rarer
/// in numbers and words.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];
/// The mark of comments if the options state none.
const USUAL_COMMENT: u8 = b'#';
/// Records that are looked at.
const RECORDS: usize = 200;

/// The layout of a table's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) comment: Option<u8>,
}

impl Dialect {
    /// The layout that the options state; what they leave open is inferred from the beginning of the text.
    pub(super) fn find(head: &[u8], options: &ReadOptions) -> Result<Self, FrameError> {
        if let Some(delimiter) = options.delimiter.filter(|&delimiter| !is_mark(delimiter)) {
            return Err(FrameError::BadDelimiter { delimiter });
        }
        let no_comment = |&comment: &u8| !is_mark(comment) || options.delimiter == Some(comment);
        if let Some(comment) = options.comment.filter(no_comment) {
            return Err(FrameError::BadComment { comment });
        }
        let begins_with_comment =
            first_lines(head).next().is_some_and(|line| line.starts_with(&[USUAL_COMMENT]));
        if options.comment.is_some() || !begins_with_comment || options.delimiter == Some(USUAL_COMMENT) {
            let delimiter = options.delimiter.unwrap_or_else(|| delimiter(head, options.comment));
            return Ok(Self { delimiter, comment: options.comment });
        }
        // Either the first lines are comments, or `#` begins the name of the first column.
        let delimiter = options.delimiter.unwrap_or_else(|| delimiter(head, Some(USUAL_COMMENT)));
        let fields = |comment| first_records(head, delimiter, comment).first().map(|record| record.fields);
        let below = fields(Some(USUAL_COMMENT));
        let is_header = below.is_some() && below == fields(None);
        let is_alone = first_lines(head).nth(1).is_none_or(|line| !line.starts_with(&[USUAL_COMMENT]));
        Ok(Self { delimiter, comment: if is_header && is_alone { None } else { Some(USUAL_COMMENT) } })
    }
}

/// Takes the delimiter that a first line such as `sep=;` states, as Excel reads and writes it. The line stays as a blank one, so that
/// the others keep their numbers.
pub(super) fn take_separator(head: &mut Vec<u8>) -> Option<u8> {
    const STATES: &[u8] = b"sep=";
    let (stated, rest) =
        head.get(..STATES.len())?.eq_ignore_ascii_case(STATES).then(|| head.split_at(STATES.len()))?;
    let (&delimiter, after) = rest.split_first().filter(|(delimiter, _)| is_mark(**delimiter))?;
    let is_all = after.starts_with(b"\n") || after.starts_with(b"\r");
    let length = stated.len() + 1;
    is_all.then(|| {
        head.drain(..length);
        delimiter
    })
}

/// Whether `byte` can separate columns or begin comments.
fn is_mark(byte: u8) -> bool {
    byte == b'\t' || byte == b' ' || byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'.' | b'+' | b'-')
}

/// The lines that are not blank.
fn first_lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = head.split(|&byte| byte == b'\n' || byte == b'\r').map(<[u8]>::trim_ascii_start);
    lines.filter(|line| !line.is_empty())
}

/// The delimiter by which most records have the same number of fields, and more than one, and quotes only around
/// fields.
fn delimiter(head: &[u8], comment: Option<u8>) -> u8 {
    let mut best = (0.0, b',');
    for candidate in DELIMITERS {
        let records = first_records(head, candidate, comment);
        let share = agreement(&records);
        if share > best.0 {
            best = (share, candidate);
        }
    }
    best.1
}

/// The share of records with as many fields as most have, times that of records without odd quotes; 0 if most have one
/// field.
fn agreement(records: &[Record]) -> f64 {
    let mut counts: Vec<usize> = records.iter().map(|record| record.fields).collect();
    counts.sort_unstable();
    let most = counts.chunk_by(|a, b| a == b).max_by_key(|run| run.len());
    let Some(run) = most.filter(|run| run[0] > 1) else { return 0.0 };
    let tidy = records.iter().filter(|record| !record.odd_quotes).count();
    let share = |count: usize| count as f64 / records.len() as f64;
    share(run.len()) * share(tidy)
}

/// The first records, without the one that the head may cut off.
fn first_records(head: &[u8], delimiter: u8, comment: Option<u8>) -> Vec<Record> {
    let mut records = Records::new(head, delimiter, comment);
    let mut first = Vec::new();
    while first.len() < RECORDS {
        match records.next() {
            Ok(Some(record)) => first.push(record),
            // An unclosed quote may be closed after the head.
            Ok(None) | Err(_) => break,
        }
    }
    if first.len() > 1 && first.len() < RECORDS && !head.ends_with(b"\n") {
        first.pop();
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (char, Option<char>) {
        let dialect = Dialect::find(text.as_bytes(), &ReadOptions::default()).unwrap();
        (char::from(dialect.delimiter), dialect.comment.map(char::from))
    }

    #[test]
    fn delimiters_are_found_by_agreement() {
        for (text, delimiter) in [
            ("a,b\n1,2\n", ','),
            ("a;b\n1,5;2,5\n3,5;4,5\n", ';'),
            ("a\tb\n1,5\t2;5\n", '\t'),
            ("a|b\n1|2\n", '|'),
            ("a,\"b;c;d\"\n1,\"2;3;4\"\n", ','),
            ("\"a\nb\";c\n\"1\n2\";3\n", ';'),
            ("id,genres\n1,x|y\n2,x|y|z\n", ','),
            ("a\n1\n2\n", ','),
            ("", ','),
            ("1,5;2,5", ';'),
        ] {
            assert_eq!(found(text).0, delimiter, "{text:?}");
        }
    }

    #[test]
    fn a_stated_delimiter_is_taken() {
        let taken = |text: &str| {
            let mut head = text.as_bytes().to_vec();
            (take_separator(&mut head).map(char::from), String::from_utf8(head).unwrap())
        };
        assert_eq!(taken("sep=;\r\na;b\n"), (Some(';'), "\r\na;b\n".into()));
        assert_eq!(taken("sep=\t\na\tb\n"), (Some('\t'), "\na\tb\n".into()));
        for text in ["sep=;a\n1\n", "sep=x\n1\n", "sep=", "sep", "a;b\n"] {
            assert_eq!(taken(text), (None, text.into()));
        }
    }

    #[test]
    fn comments_above_the_header_are_found() {
        assert_eq!(found("# made by hand\na;b\n1;2\n"), (';', Some('#')));
        assert_eq!(found("# one, two\n# three, four\na,b\n1,2\n"), (',', Some('#')));
        assert_eq!(found("#id,name\n1,x\n#2,y\n"), (',', None));
        assert_eq!(found("a,b\n#1,2\n"), (',', None));
    }
}
