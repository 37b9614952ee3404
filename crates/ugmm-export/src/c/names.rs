//! Names and texts of C.

/// Words that C and the headers of this file have for themselves.
const TAKEN: [&str; 41] = [
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum",
    "extern", "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return",
    "short", "signed", "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void",
    "volatile", "while", "class", "new", "delete", "isnan", "exp", "log", "errno",
];

/// An identifier of C for each name, no two of them equal.
pub fn identifiers<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        let letter =
            |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
        let mut own: String = name.chars().map(letter).collect();
        if !own.starts_with(|first: char| first.is_ascii_alphabetic()) {
            own.insert_str(0, "x_");
        }
        while TAKEN.contains(&own.as_str()) || all.contains(&own) {
            own.push('_');
        }
        all.push(own);
    }
    all
}

/// A literal with this text, in ASCII.
pub fn text(text: &str) -> String {
    let mut literal = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => literal.extend(['\\', byte.into()]),
            // Two question marks may begin a trigraph.
            b' '..=b'~' if byte != b'?' => literal.push(byte.into()),
            _ => literal += &format!("\\{byte:03o}"),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_different_identifiers() {
        let names = ["bill, mm", "bill; mm", "1st", "double", "É", "Mass"];
        assert_eq!(
            identifiers(names.into_iter()),
            ["bill__mm", "bill__mm_", "x_1st", "double_", "x__", "mass"]
        );
    }

    #[test]
    fn texts_are_literals() {
        assert_eq!(text("a \"b\" \\ ?é\n"), r#""a \"b\" \\ \077\303\251\012""#);
    }
}
