//! Distributions drawn as text.

/// Characters for the height of a column, in eighths of a line.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Characters for the width of a bar, in eighths of a character.
const EIGHTH_BARS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A plot of `lines` lines, with one character for each height; the greatest height fills all lines.
pub fn curve(heights: &[f64], lines: usize) -> Vec<String> {
    let most = heights.iter().copied().fold(0.0, f64::max);
    let eighths = |height: f64| {
        let share = if most > 0.0 { height / most } else { 0.0 };
        (share * (8 * lines) as f64).round() as usize
    };
    let line = |line: usize| -> String {
        let below = 8 * (lines - 1 - line);
        heights.iter().map(|&height| EIGHTHS[eighths(height).saturating_sub(below).min(8)]).collect()
    };
    (0..lines).map(|index| line(index).trim_end().to_owned()).collect()
}

/// A bar that fills the fraction `share` of `width` characters.
pub fn bar(share: f64, width: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * (8 * width) as f64).round() as usize;
    "█".repeat(eighths / 8) + EIGHTH_BARS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_and_shares_are_drawn_to_an_eighth() {
        assert_eq!(curve(&[0.0, 0.5, 1.0, 0.0625], 2), ["  █", " ██▁"]);
        assert_eq!(curve(&[0.0, 0.0], 1), [""]);
        assert_eq!([bar(0.0, 4), bar(0.5, 4), bar(1.0, 2), bar(1.0 / 16.0, 2)], ["", "██", "██", "▏"]);
    }
}
