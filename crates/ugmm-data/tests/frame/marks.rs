//! The usual marks of missing values, as such and as values.

use crate::fixture::{infer, infer_with};
use ugmm_data::frame::{Level, ReadOptions, UsualMarks};

const INTERNET: &str = "id,internet,phone\na,DSL,none\nb,none,yes\nc,fibre,None\nd,none,\n";

fn texts(levels: &[Level]) -> Vec<(&str, usize)> {
    levels.iter().map(|level| (level.text.as_str(), level.rows)).collect()
}

#[test]
fn texts_taken_for_missing_values_are_counted() {
    let schema = infer(INTERNET);
    assert_eq!(schema.columns[1].missing, 2);
    assert_eq!(texts(&schema.columns[1].missing_as), [("none", 2)]);
    // An empty field is no text.
    assert_eq!((schema.columns[2].missing, texts(&schema.columns[2].missing_as).len()), (3, 2));
}

#[test]
fn usual_marks_are_values_where_the_options_say_so() {
    let with = |usual_marks| infer_with(INTERNET, &ReadOptions { usual_marks, ..ReadOptions::default() });
    let one = with(UsualMarks::TextIn(vec!["internet".into()]));
    let levels = |column: usize| texts(one.columns[column].levels.as_deref().unwrap());
    assert_eq!(levels(1), [("DSL", 1), ("fibre", 1), ("none", 2)]);
    assert_eq!(levels(2), [("yes", 1)]);
    let all = with(UsualMarks::Text);
    assert_eq!(texts(all.columns[2].levels.as_deref().unwrap()), [("None", 1), ("none", 1), ("yes", 1)]);
    assert_eq!((all.columns[1].missing, all.columns[2].missing), (0, 1));
}

#[test]
fn marks_of_two_sides_add_up() {
    let one = |name: &str| UsualMarks::TextIn(vec![name.into()]);
    assert_eq!(one("a").and(&one("b")), UsualMarks::TextIn(vec!["a".into(), "b".into()]));
    assert_eq!(one("a").and(&one("a")), one("a"));
    assert_eq!(one("a").and(&UsualMarks::Missing), one("a"));
    assert_eq!(UsualMarks::Missing.and(&UsualMarks::Text), UsualMarks::Text);
}
