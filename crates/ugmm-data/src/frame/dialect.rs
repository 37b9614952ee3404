//! How the text of a table is laid out, found from its first lines.

use super::error::FrameError;
use super::options::ReadOptions;
use super::records::Records;

/// What may separate columns. Of two that divide the lines equally well the earlier is right, as it is the rarer one
/// in numbers and words.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];
/// What a comment begins with if the options do not say.
const USUAL_COMMENT: u8 = b'#';
/// Records that are looked at.
const RECORDS: usize = 200;

/// How the text of a table is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) comment: Option<u8>,
}

impl Dialect {
    /// By the options, and by how the text begins for what they leave open.
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
        let with = |comment| Self { delimiter, comment };
        let counts = field_counts(head, delimiter, Some(USUAL_COMMENT));
        let first = field_counts(head, delimiter, None).first().copied();
        let is_header = counts.is_empty() || counts.first() == first.as_ref();
        let is_alone = first_lines(head).nth(1).is_none_or(|line| !line.starts_with(&[USUAL_COMMENT]));
        Ok(with(if is_header && is_alone { None } else { Some(USUAL_COMMENT) }))
    }
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

/// The delimiter by which most records have the same number of fields, and more than one.
fn delimiter(head: &[u8], comment: Option<u8>) -> u8 {
    let mut best = (0.0, b',');
    for candidate in DELIMITERS {
        let share = agreement(&field_counts(head, candidate, comment));
        if share > best.0 {
            best = (share, candidate);
        }
    }
    best.1
}

/// The share of records with as many fields as most have; 0 if that is one field.
fn agreement(counts: &[usize]) -> f64 {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let most = sorted.chunk_by(|a, b| a == b).max_by_key(|run| run.len());
    match most {
        Some(run) if run[0] > 1 => run.len() as f64 / counts.len() as f64,
        _ => 0.0,
    }
}

/// The numbers of fields of the first records, without the one that the head may cut off.
fn field_counts(head: &[u8], delimiter: u8, comment: Option<u8>) -> Vec<usize> {
    let mut records = Records::new(head, delimiter, comment);
    let mut counts = Vec::new();
    while counts.len() < RECORDS {
        match records.next() {
            Ok(Some(record)) => counts.push(record.fields),
            // An unclosed quote may be closed after the head.
            Ok(None) | Err(_) => break,
        }
    }
    if counts.len() > 1 && counts.len() < RECORDS && !head.ends_with(b"\n") {
        counts.pop();
    }
    counts
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
    fn comments_above_the_header_are_found() {
        assert_eq!(found("# made by hand\na;b\n1;2\n"), (';', Some('#')));
        assert_eq!(found("# one, two\n# three, four\na,b\n1,2\n"), (',', Some('#')));
        assert_eq!(found("#id,name\n1,x\n#2,y\n"), (',', None));
        assert_eq!(found("a,b\n#1,2\n"), (',', None));
    }
}
