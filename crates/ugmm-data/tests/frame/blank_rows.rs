//! Rows without a value, as writers of tables write them.

use ugmm_data::frame::{NumberFormat, ReadAs, ReadOptions, Request};

use crate::fixture::{Fixture, infer, numbers};

/// The numbers of the column `a`, −1 where one is missing, and the lines they are on, whatever the size of batches.
fn read(content: &str, options: &ReadOptions) -> (Vec<f64>, Vec<usize>) {
    let name = if options.has_header { "a" } else { "x1" };
    let request = Request { name: name.into(), read_as: ReadAs::Numbers(NumberFormat::default()) };
    let fixture = Fixture::new(content);
    let mut found = None;
    for batch in [1, 2, 100] {
        let frames = fixture.frames(std::slice::from_ref(&request), options, batch).unwrap();
        assert!(frames.iter().all(|frame| frame.rows.len() <= batch));
        let values = frames.iter().flat_map(|frame| numbers(&frame.columns[0]).to_vec());
        let values: Vec<f64> = values.map(|value| if value.is_nan() { -1.0 } else { value }).collect();
        let rows: Vec<usize> = frames.iter().flat_map(|frame| frame.rows.clone()).collect();
        match &found {
            None => found = Some((values, rows)),
            Some(found) => assert_eq!(&(values, rows), found, "{content:?}"),
        }
    }
    found.unwrap()
}

#[test]
fn a_blank_line_of_a_single_column_is_a_row() {
    for (content, values, rows) in [
        // polars, pyarrow and R with na = "".
        ("a\n1\n\n3\n", vec![1.0, -1.0, 3.0], vec![2, 3, 4]),
        ("a\r\n\r\n1\r\n\r\n\r\n3", vec![-1.0, 1.0, -1.0, -1.0, 3.0], vec![2, 3, 4, 5, 6]),
        ("a\n  \n3\n", vec![-1.0, 3.0], vec![2, 3]),
        // pandas, also in the last row.
        ("a\n1\n\"\"\n3\n\"\"\n", vec![1.0, -1.0, 3.0, -1.0], vec![2, 3, 4, 5]),
        // R.
        ("\"a\"\n1\nNA\n", vec![1.0, -1.0], vec![2, 3]),
        // A writer of blank lines writes one for the last row, too.
        ("a\n1\n\n3\n\n", vec![1.0, -1.0, 3.0, -1.0], vec![2, 3, 4, 5]),
        // Nobody wrote a row there.
        ("a\n1\n3\n\n", vec![1.0, 3.0], vec![2, 3]),
        ("\n\na\n1\n\n\n", vec![1.0], vec![4]),
    ] {
        assert_eq!(read(content, &ReadOptions::default()), (values, rows), "{content:?}");
    }
    let options = ReadOptions { has_header: false, ..ReadOptions::default() };
    assert_eq!(read("\n1\n\n3\n", &options), (vec![-1.0, 1.0, -1.0, 3.0], vec![1, 2, 3, 4]));
}

#[test]
fn rows_of_delimiters_are_rows_and_blank_lines_between_columns_are_none() {
    for content in
        ["a,b\n1,2\n,\n3,4\n", "a;b\n1;2\n;\n3;4\n", "a\tb\n1\t2\n\t\n3\t4\n", "a,b\n1,2\nNA,NA\n3,4\n"]
    {
        assert_eq!(read(content, &ReadOptions::default()).0, [1.0, -1.0, 3.0], "{content:?}");
    }
    assert_eq!(read("a,b\n1,2\n\n3,4\n\n", &ReadOptions::default()), (vec![1.0, 3.0], vec![2, 4]));
}

#[test]
fn the_schema_counts_the_same_rows() {
    let schema = infer("a\n1\n\n3\n\n");
    assert_eq!((schema.rows, schema.columns[0].missing), (4, 2));
}
