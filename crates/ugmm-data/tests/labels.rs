//! Class names and their numbers.

use ugmm_data::ClassLabels;

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn classes(labels: &[&str]) -> ClassLabels {
    ClassLabels::from_labels(&strings(labels)).unwrap()
}

#[test]
fn numbers_are_ordered_as_numbers() {
    assert_eq!(classes(&["10", "9", "-1", "10", "2.5"]).names(), ["-1", "2.5", "9", "10"]);
}

#[test]
fn text_is_ordered_lexicographically() {
    assert_eq!(classes(&["b", "10", "9", "a", "b"]).names(), ["10", "9", "a", "b"]);
    assert_eq!(classes(&["10", "9", "nan"]).names(), ["10", "9", "nan"]);
}

#[test]
fn labels_are_compared_as_text() {
    assert_eq!(classes(&["1.0", "1", "0"]).names(), ["0", "1", "1.0"]);
}

#[test]
fn encoding_and_names_are_inverse() {
    let labels = strings(&["b", "a", "c", "a"]);
    let classes = ClassLabels::from_labels(&labels).unwrap();
    let numbers = classes.encode(&labels).unwrap();
    assert_eq!(numbers, [1, 0, 2, 0]);
    let names: Vec<&str> = numbers.iter().filter_map(|&number| classes.name(number)).collect();
    assert_eq!(names, labels);
    assert_eq!((classes.len(), classes.is_empty(), classes.name(3)), (3, false, None));
}

#[test]
fn an_unknown_label_is_named_with_its_row() {
    let error = classes(&["a", "b"]).encode(&strings(&["a", "B"])).unwrap_err();
    assert_eq!(error.to_string(), "data row 2: \"B\" is not a known label; the known ones are \"a\", \"b\"");
}

#[test]
fn bad_names_are_refused() {
    let refusal = |names: &[&str]| ClassLabels::from_names(strings(names)).unwrap_err().to_string();
    assert_eq!(refusal(&[]), "there are no class labels; at least one is needed");
    assert_eq!(refusal(&["a", ""]), "the name of class 1 is empty; every class needs a name");
    assert_eq!(
        refusal(&["a", "b", "a"]),
        "the class name \"a\" occurs twice; every class needs a name of its own"
    );
}

#[test]
fn names_are_checked_when_they_are_read_back() {
    let stored = serde_json::to_string(&classes(&["b", "a"])).unwrap();
    assert_eq!(stored, r#"["a","b"]"#);
    assert_eq!(serde_json::from_str::<ClassLabels>(&stored).unwrap(), classes(&["a", "b"]));
    let error = serde_json::from_str::<ClassLabels>(r#"["a","a"]"#).unwrap_err();
    assert_eq!(error.to_string(), "the class name \"a\" occurs twice; every class needs a name of its own");
}
