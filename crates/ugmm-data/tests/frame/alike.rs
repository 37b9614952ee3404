//! A table is the same in whatever kind of file it is.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_ipc::CompressionType;
use parquet::basic::Compression;
use proptest::prelude::*;
use ugmm_data::frame::{Kind, ReadAs, Schema};

use crate::arrow::{Form, written as arrow};
use crate::fixture::{infer, read};
use crate::parquet::written as parquet;
use crate::workbook::{Cell, excel, open_document};

/// A row: a number, a whole number, a word, a day, and whether it is so.
type Row = (Option<f64>, Option<i32>, Option<String>, Option<i32>, Option<bool>);

const NAMES: [&str; 5] = ["number", "count", "word", "day", "so"];

fn csv(rows: &[Row]) -> Vec<u8> {
    fn text<T: ToString>(value: &Option<T>) -> String {
        value.as_ref().map_or_else(String::new, T::to_string)
    }
    let mut all = NAMES.join(",") + "\n";
    for (number, count, word, day, so) in rows {
        let day = day.map(|day| ReadAs::Days.text(day.into()));
        all += &[text(number), text(count), text(word), text(&day), text(so)].join(",");
        all.push('\n');
    }
    all.into_bytes()
}

fn columns(rows: &[Row]) -> Vec<(&'static str, ArrayRef)> {
    let columns: [ArrayRef; 5] = [
        Arc::new(rows.iter().map(|row| row.0).collect::<Float64Array>()),
        Arc::new(rows.iter().map(|row| row.1.map(i64::from)).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| row.2.clone()).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.3).collect::<Date32Array>()),
        Arc::new(rows.iter().map(|row| row.4).collect::<BooleanArray>()),
    ];
    NAMES.into_iter().zip(columns).collect()
}

fn cells(rows: &[Row]) -> Vec<Vec<Cell>> {
    let row = |(number, count, word, day, so): &Row| {
        vec![
            number.map_or(Cell::Empty, Cell::Number),
            count.map_or(Cell::Empty, |count| Cell::Number(count.into())),
            word.clone().map_or(Cell::Empty, Cell::Text),
            day.map_or(Cell::Empty, |day| Cell::Days(day.into())),
            so.map_or(Cell::Empty, Cell::Boolean),
        ]
    };
    let header = NAMES.iter().map(|&name| Cell::Text(name.to_owned())).collect();
    std::iter::once(header).chain(rows.iter().map(row)).collect()
}

/// What a network learns from: the columns without the way in which a kind of file writes them, and all values, bit by bit.
fn learned(content: &[u8]) -> String {
    let Schema { columns, rows, .. } = infer(content);
    let what = columns.iter().map(|column| {
        let kind = match &column.kind {
            Kind::Numeric { min, max, integers, .. } => format!("{min:?} {max:?} {integers}"),
            Kind::Date { min, max, .. } => format!("{min:?} {max:?}"),
            other => format!("{other:?}"),
        };
        let levels = column.levels.iter().flatten().map(|level| (level.text.to_lowercase(), level.rows));
        format!("{} {kind} {} {:?}", column.name, column.missing, levels.collect::<Vec<_>>())
    });
    let requests: Vec<_> = columns.iter().filter_map(|column| column.request()).collect();
    format!("{rows} {:?} {:?}", what.collect::<Vec<_>>(), read(content, &requests).columns)
}

proptest! {
    #[test]
    fn every_kind_of_file_gives_the_same_table(rows in prop::collection::vec(
        (
            prop::option::weighted(0.9, -1e9..1e9_f64),
            prop::option::weighted(0.9, any::<i32>()),
            prop::option::weighted(0.9, "[ab]{1,2}"),
            prop::option::weighted(0.9, 1000..30_000_i32),
            prop::option::weighted(0.9, any::<bool>()),
        ),
        4..30,
    )) {
        // Lines and rows of nothing are skipped where they are no rows of an array.
        let rows: Vec<Row> = rows.into_iter().filter(|row| row.0.is_some()).collect();
        prop_assume!(rows.len() > 2);
        let expected = learned(&csv(&rows));
        let batch = RecordBatch::try_from_iter(columns(&rows)).unwrap();
        for (kind, content) in [
            ("Parquet", parquet(columns(&rows), Compression::SNAPPY)),
            ("Arrow", arrow(Form::File, Some(CompressionType::LZ4_FRAME), std::slice::from_ref(&batch))),
            ("a stream of Arrow", arrow(Form::Stream, None, std::slice::from_ref(&batch))),
            ("Excel", excel(&[("s", cells(&rows))])),
            ("OpenDocument", open_document(&[("s", cells(&rows))])),
        ] {
            prop_assert_eq!(&learned(&content), &expected, "{}", kind);
        }
    }
}
