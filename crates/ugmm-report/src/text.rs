//! Text from tables: column names and labels may contain any characters.

use serde::Serialize;
use std::fmt;

/// A text to show. Control characters, marks that change the direction of text, and characters that XML
/// cannot contain are replaced by escapes such as `\n` and `\u{202e}`, which are visible and have no effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// The escaped text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// At most `most` characters; the last one is an ellipsis if some are left out.
    #[must_use]
    pub fn shortened(&self, most: usize) -> String {
        match self.0.char_indices().nth(most) {
            None => self.0.clone(),
            Some(_) => {
                let kept: String = self.0.chars().take(most.saturating_sub(1)).collect();
                format!("{}…", kept.trim_end())
            }
        }
    }
}

impl<T: AsRef<str>> From<T> for Text {
    fn from(text: T) -> Self {
        let mut clean = String::with_capacity(text.as_ref().len());
        for character in text.as_ref().chars() {
            match character {
                '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    clean.extend(character.escape_unicode());
                }
                '\u{feff}' | '\u{fffe}' | '\u{ffff}' => clean.extend(character.escape_unicode()),
                _ if character.is_control() => clean.extend(character.escape_default()),
                _ => clean.push(character),
            }
        }
        Self(clean)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Escapes text for the content or attributes of HTML and XML.
pub(crate) fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\'' => result.push_str("&#39;"),
            _ => result.push(character),
        }
    }
    result
}

/// JSON for a script element, which would end at the first `</script`, whatever the context.
pub(crate) fn script_json<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_string(value).expect("figures are made of numbers and texts");
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_do_harm_is_seen_instead() {
        assert_eq!(Text::from("a\nb\u{202e}c\u{0}\u{200f}").as_str(), "a\\nb\\u{202e}c\\u{0}\\u{200f}");
        assert_eq!(Text::from("שלום π é 日本").as_str(), "שלום π é 日本");
        assert_eq!(escaped("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
        assert_eq!(script_json(&Text::from("</script><!--&")), "\"\\u003c/script\\u003e\\u003c!--\\u0026\"");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(Text::from("äöüß").shortened(4), "äöüß");
        assert_eq!(Text::from("äö üßx").shortened(4), "äö…");
    }
}
