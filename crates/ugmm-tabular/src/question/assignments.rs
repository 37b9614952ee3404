//! Parses `column=value` as people type it.

use crate::error::TabularError;
use crate::question::error::QuestionError;

/// Pairs of a column and a value from text such as `length=4.5,colour=red`. A name or value in double quotes
/// may contain any characters (`"a=b"=3`, `place="Paris, France"`); two quotes stand for one. A part without
/// an equals sign continues the value before it, so that `place=Paris, France` needs no quotes.
///
/// # Errors
///
/// Returns an error if a name or an equals sign is missing, or a quote is not closed.
///
/// ```
/// let pairs = ugmm_tabular::question::parse_assignments("length=4.5, \"a=b\"=x=y,place=Paris, France")?;
/// let expected = [("length", "4.5"), ("a=b", "x=y"), ("place", "Paris, France")];
/// assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
/// # Ok::<(), ugmm_tabular::TabularError>(())
/// ```
pub fn parse_assignments(text: &str) -> Result<Vec<(String, String)>, TabularError> {
    let wrong = |reason| TabularError::from(QuestionError::Assignment { text: text.to_owned(), reason });
    // Parts are kept as they were typed, so that blanks inside a value remain.
    let mut joined: Vec<String> = Vec::new();
    for part in divided(text, ',').map_err(wrong)? {
        match joined.last_mut() {
            Some(last) if divided(&part, '=').map_err(wrong)?.len() == 1 => {
                *last += ",";
                *last += &part;
            }
            _ => joined.push(part),
        }
    }
    let pair = |part: String| {
        let sides = divided(&part, '=').map_err(wrong)?;
        let Some((name, values)) = sides.split_first().filter(|(_, values)| !values.is_empty()) else {
            return Err(wrong("there is no equals sign"));
        };
        match (unquoted(name), unquoted(&values.join("="))) {
            (name, _) if name.is_empty() => Err(wrong("a column's name is missing")),
            pair => Ok(pair),
        }
    };
    joined.into_iter().map(pair).collect()
}

/// The parts of `text` between separators that are outside quotes.
fn divided(text: &str, separator: char) -> Result<Vec<String>, &'static str> {
    let (mut parts, mut is_quoted) = (vec![String::new()], false);
    for character in text.chars() {
        is_quoted ^= character == '"';
        match parts.last_mut() {
            Some(part) if is_quoted || character != separator => part.push(character),
            _ => parts.push(String::new()),
        }
    }
    if is_quoted { Err("a quote is not closed") } else { Ok(parts) }
}

/// `text` without surrounding blanks and quotes; two quotes inside quotes become one.
fn unquoted(text: &str) -> String {
    let text = text.trim();
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => text.to_owned(),
    }
}

/// Column names separated by commas; a name that contains a comma is in double quotes.
///
/// # Errors
///
/// Returns an error if a name is empty or a quote is not closed.
pub fn parse_names(text: &str) -> Result<Vec<String>, TabularError> {
    let wrong = |reason| TabularError::from(QuestionError::Assignment { text: text.to_owned(), reason });
    let name = |part: &String| match unquoted(part) {
        name if name.is_empty() => Err(wrong("a column's name is missing")),
        name => Ok(name),
    };
    divided(text, ',').map_err(wrong)?.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_said() {
        for (text, reason) in [
            ("", "no equals sign"),
            ("a", "no equals sign"),
            ("=1", "name is missing"),
            ("\"\"=1", "name is missing"),
            (",a=1", "no equals sign"),
            ("a=\"1", "not closed"),
            ("\"a=1", "not closed"),
        ] {
            let message = parse_assignments(text).unwrap_err().to_string();
            assert!(message.contains(reason), "{text:?}: {message}");
        }
        assert_eq!(parse_assignments("a=").unwrap(), [("a".into(), String::new())]);
        assert_eq!(parse_assignments("a=1,").unwrap(), [("a".into(), "1,".into())]);
        assert_eq!(parse_assignments("a=\"say \"\"x\"\"\"").unwrap(), [("a".into(), "say \"x\"".into())]);
    }

    #[test]
    fn names_may_hold_commas_in_quotes() {
        assert_eq!(parse_names("a, \"b,c\"").unwrap(), ["a", "b,c"]);
        for wrong in ["", "a,", "\"a"] {
            parse_names(wrong).unwrap_err();
        }
    }
}
