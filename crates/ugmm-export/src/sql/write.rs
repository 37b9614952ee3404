//! Tables, literals and sums in SQL that SQLite and DuckDB read alike.

use std::fmt::Write;

/// Entries of a table on one line.
const ON_A_LINE: usize = 4;

/// The tables of a query, each made of those before it.
#[derive(Default)]
pub struct Tables {
    text: String,
}

impl Tables {
    /// Adds a table: its name with its columns in brackets, and the SELECT that makes it. It is computed once; otherwise
    /// SQLite would put its expressions into each place that reads it.
    pub fn add(&mut self, name: &str, select: &str) {
        self.text += if self.text.is_empty() { "WITH " } else { ",\n" };
        let _ = write!(self.text, "{name} AS MATERIALIZED (\n  {select})");
    }

    /// Adds a table whose SELECT has a GROUP BY and which another table is joined with. SQLite expects few rows of such a
    /// table, and would scan all of them for each row of the other one; it expects many of `ugmm_rows`.
    pub fn add_large(&mut self, name: &str, select: &str) {
        let nothing = vec!["NULL"; name.matches(',').count() + 1].join(", ");
        self.add(name, &format!("{select}\n  UNION ALL SELECT {nothing} FROM ugmm_rows WHERE ugmm_row < 0"));
    }

    /// Adds a table of constants. In a join it comes first, with CROSS JOIN, so that SQLite reads it once and searches the
    /// other table.
    pub fn constants(&mut self, name: &str, rows: impl IntoIterator<Item = String>) {
        let rows: Vec<String> = rows.into_iter().map(|row| format!("({row})")).collect();
        if rows.is_empty() {
            // SQL has no empty VALUES.
            let columns = name.matches(',').count() + 1;
            self.add(name, &format!("SELECT {} WHERE 0 = 1", vec!["NULL"; columns].join(", ")));
            return;
        }
        let lines: Vec<String> = rows.chunks(ON_A_LINE).map(|line| line.join(", ")).collect();
        self.add(name, &format!("VALUES {}", lines.join(",\n  ")));
    }

    /// Adds the table `name(keys, y, weight)`: y = log Σ exp term and weight = Σ weight over the rows with equal keys of
    /// a table that has columns `term` and `weight`. The largest term is subtracted first, so that no exponential
    /// overflows and the sum is at least 1.
    pub fn log_sums(&mut self, name: &str, keys: &str, from: &str) {
        self.add_large(
            &format!("{name}({keys}, y, weight)"),
            &format!(
                "SELECT {keys}, max(term) + ln(sum(exp(term - top))), sum(weight)\n  FROM (SELECT {keys}, term, weight, \
                 max(term) OVER (PARTITION BY {keys}) AS top FROM {from}) AS terms\n  GROUP BY {keys}"
            ),
        );
    }

    /// The text of all tables.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// A number of type double. Without an exponent DuckDB would read a decimal number of limited digits.
pub fn number(value: f64) -> String {
    match value {
        f64::INFINITY => "(1e308 * 10e0)".into(),
        f64::NEG_INFINITY => "(-1e308 * 10e0)".into(),
        value => format!("{value:e}"),
    }
}

/// A text.
pub fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The name of a table or a column.
pub fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A value moved into a range.
pub fn clamped(value: &str, low: f64, high: f64) -> String {
    let [low, high] = [low, high].map(number);
    format!("CASE WHEN {value} < {low} THEN {low} WHEN {value} > {high} THEN {high} ELSE {value} END")
}

/// log of the density of a component at `x`, apart from what does not depend on x: `peak − ½ ((x − mean) · precision)²`.
pub fn exponent() -> String {
    let z = "(x - mean) * precision";
    format!("peak - 0.5e0 * CASE WHEN abs({z}) < 1e150 THEN {z} * {z} ELSE 1e300 END")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_doubles_and_quotes_are_doubled() {
        assert_eq!([0.0, -1.5, 1e-300, 0.1].map(number), ["0e0", "-1.5e0", "1e-300", "1e-1"]);
        assert_eq!((text("d'or"), name("a\"b")), ("'d''or'".into(), "\"a\"\"b\"".into()));
    }

    #[test]
    fn a_table_without_rows_has_its_columns() {
        let mut tables = Tables::default();
        tables.constants("a(x, y)", []);
        tables.constants("b(x)", ["1".to_owned()]);
        let expected = "WITH a(x, y) AS MATERIALIZED (\n  SELECT NULL, NULL WHERE 0 = 1),\nb(x) AS MATERIALIZED (\n  VALUES (1))";
        assert_eq!(tables.into_text(), expected);
    }
}
