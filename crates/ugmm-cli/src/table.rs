//! Overview of the columns of a file.

use crate::advice;
use crate::output::{count, table, within};
use ugmm_data::frame::{Column, Doubt, Images, Kind, Level, ReadAs, Schema};
use ugmm_data::{ImageShape, Remedy};
use ugmm_tabular::column::without_unit;
use ugmm_tabular::target::{as_numbers, no_numbers};

/// Largest number of columns that get a line each.
const MOST_LINES: usize = 40;
/// Largest number of characters of a column's values.
const LONGEST_VALUES: usize = 48;
/// Largest number of levels of a category that are named.
const NAMED_LEVELS: usize = 5;
/// Largest number of columns that a remark names.
const NAMED_COLUMNS: usize = 6;

/// A line for each column, or the number of columns of each kind if there are many. The size of images comes
/// first.
pub fn overview(schema: &Schema, target: &str) -> String {
    overview_as(schema, target, &|_| None)
}

/// An overview in which `taken_as` may replace the description of a column's kind.
pub fn overview_as(schema: &Schema, target: &str, taken_as: &dyn Fn(&str) -> Option<&'static str>) -> String {
    let kind = |column: &Column| match schema.index.iter().any(|index| index.name == column.name) {
        true => "left out: index",
        false => taken_as(&column.name).unwrap_or(kind(column, target)),
    };
    let kinds = schema.columns.iter().map(kind);
    schema.images.as_ref().map(|images| of_images(images, schema)).unwrap_or_default()
        + &of_columns(schema, kinds.collect())
}

/// The size of images, the names of their columns, and the file of their labels.
fn of_images(images: &Images, schema: &Schema) -> String {
    let ImageShape { rows, columns } = images.shape;
    let pixels: Vec<String> =
        [(1, 1), (rows, columns)].map(|(row, column)| ImageShape::name(row, column)).to_vec();
    let labels = match &images.labels {
        Some(file) => format!("labels in {}", file.display()),
        None => "no labels".to_owned(),
    };
    format!(
        "{} of {} pixels, {} by row and column, from 0 to 1; {labels}\n",
        count(schema.rows, "image"),
        images.shape,
        pixels.join(" to ")
    )
}

fn of_columns(schema: &Schema, kinds: Vec<&str>) -> String {
    if kinds.len() <= MOST_LINES {
        let mut rows = vec![["column", "taken as", "missing", "values"].map(String::from).to_vec()];
        for (column, kind) in schema.columns.iter().zip(kinds) {
            let missing =
                if column.kind == Kind::Ignored { "–".into() } else { column.missing.to_string() };
            rows.push(vec![column.name.clone(), kind.into(), missing, values(column)]);
        }
        return left_aligned_last(rows);
    }
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for kind in kinds {
        match counts.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((kind, 1)),
        }
    }
    let counts: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
    format!("{} columns: {}\n", schema.columns.len(), counts.join(", "))
}

/// The table with its last column aligned to the left.
pub fn left_aligned_last(mut rows: Vec<Vec<String>>) -> String {
    let values: Vec<String> = rows.iter_mut().filter_map(Vec::pop).collect();
    let lines = table(&rows);
    let lines: Vec<&str> = lines.lines().collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let line =
        |(line, values): (&&str, &String)| format!("{}\n", format!("{line:<width$}   {values}").trim_end());
    lines.iter().zip(&values).map(line).collect()
}

/// Assumptions about the columns that may be wrong, a line each, with the option that changes them.
pub fn doubts(schema: &Schema, target: &str) -> String {
    let line = |doubt: &Doubt| format!("{doubt}{}\n", advice::of(doubt.remedies()));
    schema.doubts.iter().map(line).collect::<String>()
        + &near_numbers(schema, target)
        + &taken_as_missing(schema, target)
        + &crate::row_names::remarks(schema, target)
}

/// A line for each category whose levels are almost all numbers; it is probably a numeric column with errors.
fn near_numbers(schema: &Schema, target: &str) -> String {
    let mut text = String::new();
    for column in &schema.columns {
        let (others, name) = (no_numbers(column), &column.name);
        let Some(first) = others.first() else {
            let of_classes = name == target && column.levels.as_ref().is_some_and(|levels| levels.len() > 2);
            if let Some(remedy) =
                without_unit(column).filter(|_| of_classes && !schema.is_like_numbers(&column.name))
            {
                text += &format!("{name:?} is predicted as classes{}\n", advice::of([remedy]));
            }
            continue;
        };
        text += &match name == target {
            true => format!(
                "{name:?} is predicted as classes, because {first:?} is not a number{}\n",
                advice::of(as_numbers(schema, column))
            ),
            false => format!(
                "{name:?} is taken as a category, because {first:?} is not a number{}\n",
                advice::of([Remedy::Numeric(name.clone()), Remedy::Missing(first.clone())])
            ),
        };
    }
    text
}

/// Texts of categories that were read as missing values, and how often they occur. Numeric and date columns
/// are not among them, because such texts cannot be their values.
fn taken_as_missing(schema: &Schema, target: &str) -> String {
    let of_text = |column: &&Column| match column.kind {
        Kind::Categorical => !column.levels.iter().flatten().all(Level::is_number) || column.name == target,
        Kind::Boolean => true,
        // A constant column matters only if it is the target.
        Kind::Constant => column.name == target,
        _ => false,
    };
    let usual = |column: &Column| {
        let marks = column.missing_as.iter().filter(|mark| !schema.is_added_mark(&mark.text));
        let marks = marks.take(NAMED_LEVELS).map(|mark| format!("{} times {:?}", mark.rows, mark.text));
        marks.collect::<Vec<_>>().join(", ")
    };
    let marked = schema.columns.iter().filter(of_text).map(|column| (column, usual(column)));
    let marked = marked.filter(|(_, marks)| !marks.is_empty());
    let (of_target, of_features): (Vec<_>, Vec<_>) = marked.partition(|(column, _)| column.name == target);
    let mut text = String::new();
    if let Some((_, marks)) = of_target.first() {
        text += &format!(
            "{target:?} has {marks}, read as missing values, and these rows are left out; if that is a class: --keep-text \
             {target:?}\n"
        );
    }
    if !of_features.is_empty() {
        let named = of_features.iter().take(NAMED_COLUMNS);
        let named: Vec<String> = named.map(|(column, marks)| format!("{:?} {marks}", column.name)).collect();
        let more = match of_features.len().saturating_sub(NAMED_COLUMNS) {
            0 => String::new(),
            more => format!("; and so in {}", count(more, "more column")),
        };
        text += &format!(
            "read as missing values: in {}{more}; if such a text is a value: {}\n",
            named.join("; in "),
            advice::list_option("--keep-text", of_features.iter().map(|(column, _)| &column.name))
        );
    }
    text
}

/// Assumptions about a file that a model reads, a line each. The model decides all others.
pub fn reading_doubts(doubts: &[Doubt]) -> String {
    let line = |doubt: &Doubt| match doubt {
        Doubt::DecimalMark { .. } => {
            format!("{doubt}, and the training table has such numbers{}\n", advice::of(doubt.remedies()))
        }
        Doubt::UnmetMark { .. } => format!("{doubt}\n"),
        _ => String::new(),
    };
    doubts.iter().map(line).collect()
}

fn kind(column: &Column, target: &str) -> &'static str {
    if column.name == target {
        return "target";
    }
    match column.kind {
        Kind::Numeric { .. } => "number",
        Kind::Boolean => "true or false",
        Kind::Date { .. } => "date",
        Kind::Categorical => "category",
        Kind::Constant if column.levels.as_ref().is_some_and(Vec::is_empty) => "left out: empty",
        Kind::Constant => "left out: constant",
        Kind::Ignored => "left out: ignored",
    }
}

fn values(column: &Column) -> String {
    match &column.kind {
        Kind::Numeric { min, max, .. } => {
            format!("{} to {}", within(*min, max - min), within(*max, max - min))
        }
        Kind::Date { min, max, .. } => {
            let read_as = column.request().map_or(ReadAs::Days, |request| request.read_as);
            let [low, high] = [*min, *max].map(|end| read_as.text(end));
            format!("{low} to {high}")
        }
        Kind::Ignored => String::new(),
        Kind::Boolean | Kind::Categorical | Kind::Constant => {
            let levels = column.levels.as_deref().unwrap_or_default();
            let mut named: Vec<&str> =
                levels.iter().take(NAMED_LEVELS).map(|level| level.text.as_str()).collect();
            let more = format!("and {} more", levels.len().saturating_sub(NAMED_LEVELS));
            if levels.len() > NAMED_LEVELS {
                named.push(&more);
            }
            cut(&named.join(", "))
        }
    }
}

/// A text cut to [`LONGEST_VALUES`] characters, so that a line fits a terminal.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_VALUES) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
