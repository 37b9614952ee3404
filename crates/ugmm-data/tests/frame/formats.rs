//! Delimiters, encodings, compression, headers and lines.

use ugmm_data::frame::{Encoding, ReadOptions, Request, Schema};

use crate::fixture::{
    Fixture, gzip, infer, infer_with, numbers, read, refusal, refusal_with, strings, texts, zstd,
};

#[test]
fn what_programs_write_is_read_alike() {
    let expected = texts("a,b,c\n1,2,x\n3,4,y\n", &ReadOptions::default());
    for content in [
        "\u{feff}a,b,c\n1,2,x\n3,4,y\n",
        "\u{feff}\"a\",\"b\",\"c\"\r\n1,2,x\r\n3,4,y\r\n",
        "a,b,c\r1,2,x\r3,4,y\r",
        "a,b,c\n1,2,x\n3,4,y",
        "\"a\",\"b\",\"c\"\n\"1\",\"2\",\"x\"\n3,4,\"y\"",
        " a ,\tb, c\n 1 ,\t2, x \n3,4,y\n",
        "a;b;c\n1;2;x\n3;4;y\n",
        "a\tb\tc\n1\t2\tx\n3\t4\ty\n",
        "a|b|c\n1|2|x\n3|4|y\n",
    ] {
        assert_eq!(texts(content, &ReadOptions::default()), expected, "{content:?}");
        for compressed in [gzip(content.as_bytes()), zstd(content.as_bytes())] {
            assert_eq!(texts(compressed, &ReadOptions::default()), expected, "{content:?} compressed");
        }
    }
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    for (content, expected) in [
        ("\n\na,b,c\n\n1,2,x\n  \n3,4,y\n\n\n", [5, 7]),
        ("a,b,c\r\n\r\n1,2,x\r\n3,4,y", [3, 4]),
        ("a,\"b\nb\",c\n1,2,\"x\ny\nz\"\n3,4,y\n", [3, 6]),
        ("a,\"b\r\nb\",c\r\n1,2,\"x\r\n\r\ny\"\r\n3,4,y\r\n", [3, 6]),
        ("a,b,c\r1,\"2\r\",x\r3,4,y", [2, 4]),
        ("# by hand\n# twice\na,b,c\n# here, too\n1,2,x\n3,4,y\n#end", [5, 6]),
        ("\u{feff}\u{a0}\na,b,c\n1,2,x\n\u{3000}\n3,4,y", [3, 5]),
    ] {
        assert_eq!(texts(content, &ReadOptions::default()).2, expected, "{content:?}");
    }
}

#[test]
fn concatenated_compressed_files_are_one() {
    for compress in [gzip, zstd] {
        let mut bytes = compress(b"a,b\n1,2\n");
        bytes.extend(compress(b"3,4\n"));
        assert_eq!(infer(bytes).rows, 2);
    }
}

#[test]
fn delimiter_header_and_comment_can_be_given() {
    let options = ReadOptions {
        delimiter: Some(b':'),
        comment: Some(b'%'),
        has_header: false,
        ..ReadOptions::default()
    };
    let (names, rows, lines) = texts("%x\n1:a,b\n%y:z\n2:c", &options);
    assert_eq!((names, lines), (strings(&["x1", "x2"]), vec![2, 4]));
    assert_eq!(rows, [["1", "a,b"], ["2", "c"]]);
    for delimiter in [b'"', b'\n', b'a', b'5', 0xe9] {
        let options = ReadOptions { delimiter: Some(delimiter), ..ReadOptions::default() };
        assert!(refusal_with("a,b\n1,2\n", &options).starts_with("the columns cannot be separated by "));
    }
    let options = ReadOptions { delimiter: Some(b'#'), comment: Some(b'#'), ..ReadOptions::default() };
    assert!(refusal_with("a,b\n1,2\n", &options).starts_with("comments cannot begin with \"#\"; "));
}

#[test]
fn a_header_may_begin_with_the_mark_of_comments() {
    let (names, rows, _) = texts("#id,name\n1,x\n#2,y\n", &ReadOptions::default());
    assert_eq!(names, ["#id", "name"]);
    assert_eq!(rows, [["1", "x"], ["#2", "y"]]);
}

#[test]
fn columns_without_names_are_numbered() {
    assert_eq!(texts(",a,\n0,1,2\n1,3,4\n", &ReadOptions::default()).0, ["x1", "a", "x3"]);
    // Where another column has that name, too.
    assert_eq!(texts("x2,\n1,2\n", &ReadOptions::default()).0, ["x2", "unnamed_x2"]);
}

#[test]
fn two_columns_of_one_name_are_refused() {
    assert_eq!(
        refusal("a,b, a\n1,2,3\n"),
        "t: columns 1 and 3 are both named \"a\"; every column needs a name of its own"
    );
}

#[test]
fn a_missing_header_is_noticed() {
    let expected = "t, row 1: the header seems to be missing, because the first line holds numbers (\"5.1\", \"3.5\"); \
                    add a first line that names every column; if the file has no header";
    assert_eq!(refusal("5.1,3.5\n4.9,3.0\n"), expected);
    let fixture = Fixture::new("5.1,3.5\n4.9,3.0\n");
    let error = fixture.frames(&[Request::text("a")], &ReadOptions::default(), 10).unwrap_err();
    assert_eq!(fixture.message(&error), expected);
    // Names of columns that count them.
    assert_eq!(infer("0,1,2\n5,6,7\n").columns.len(), 3);
    assert_eq!(read("5.1,3.5\n4.9,3.0\n", &[Request::text("3.5")]).rows, [2]);
}

#[test]
fn files_without_data_are_refused() {
    let empty = "t is empty; a table needs rows and, unless it is read without one, a header line";
    for content in ["", "\n", "\u{feff}", " \r\n\r\n", "# only\n# comments\n"] {
        assert_eq!(refusal(content), empty, "{content:?}");
        assert_eq!(refusal(gzip(content.as_bytes())), empty, "{content:?}");
    }
    for content in ["a,b", "a,b\n", "a,b\r\n\r\n"] {
        assert_eq!(refusal(content), "t has columns but no rows of data", "{content:?}");
        let fixture = Fixture::new(content);
        let error = fixture.frames(&[Request::text("a")], &ReadOptions::default(), 10).unwrap_err();
        assert_eq!(fixture.message(&error), "t has columns but no rows of data");
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let options = ReadOptions::default();
    let error = Schema::infer(directory.path(), &options).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is a directory, not a file", directory.path().display()));
    let error = Schema::infer(&directory.path().join("none"), &options).unwrap_err();
    assert!(error.to_string().ends_with("none does not exist"));
}

#[test]
fn ragged_rows_are_refused() {
    assert_eq!(refusal("a,b\n1,2\n3\n"), "t, row 3: 1 field, where the first row has 2");
    assert_eq!(refusal("a,\"b\n\"\n\n\"1\n\",2\n1,2,3\n"), "t, row 6: 3 fields, where the first row has 2");
    let options = ReadOptions { has_header: false, ..ReadOptions::default() };
    assert_eq!(refusal_with("1,2\n3,4\n5,6,7\n", &options), "t, row 3: 3 fields, where the first row has 2");
}

#[test]
fn quotes_that_are_never_closed_are_refused() {
    for content in ["a,c\n1,\"x\n2,y\n3,z\n", "a,c\n1,\"x", "a,c\n1,\"x\"\"\n"] {
        assert_eq!(
            refusal(content),
            "t, row 2: a quoted field begins but its closing quote is missing",
            "{content:?}"
        );
    }
    let (_, rows, _) = texts("a,c\n1,5\"\n2,\"x\"y\n", &ReadOptions::default());
    assert_eq!(rows, [["1", "5\""], ["2", "xy"]]);
}

#[test]
fn other_encodings_are_refused() {
    let text = "a,b\r\n1,2\r\n";
    let units: Vec<u16> = text.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let wide_little: Vec<u8> = text.chars().flat_map(|unit| u32::from(unit).to_le_bytes()).collect();
    let wide_big: Vec<u8> = text.chars().flat_map(|unit| u32::from(unit).to_be_bytes()).collect();
    for (content, encoding) in [
        (little.clone(), "UTF-16LE"),
        (big.clone(), "UTF-16BE"),
        (wide_little.clone(), "UTF-32LE"),
        (wide_big.clone(), "UTF-32BE"),
        ([&[0xff, 0xfe, 0, 0][..], &wide_little].concat(), "UTF-32"),
        ([&[0, 0, 0xfe, 0xff][..], &wide_big].concat(), "UTF-32"),
    ] {
        let remedy = match encoding.starts_with("UTF-16") {
            true => "; if the text is in this encoding",
            false => "",
        };
        let expected = format!(
            "t seems to be {encoding} text; convert it to UTF-8, for example with: iconv -f {encoding} -t UTF-8 OLD > NEW{remedy}"
        );
        assert_eq!(refusal(&content), expected);
        assert_eq!(refusal(gzip(&content)), expected);
    }
    let advice = "the text is not UTF-8; save the file as UTF-8; if the text is as Windows wrote it in Western Europe (Latin-1)";
    let latin1 = format!("t, row 3, column \"b\": {advice}");
    assert_eq!(refusal(b"a,b\r\n1,2\r\n3,\xe9\r\n"), latin1);
    assert_eq!(refusal(b"a,b\n1,2\n\"3,\"\"\",\"x\xe9\"\n"), latin1);
    assert_eq!(refusal(b"a,\xe9,c\n1,2,3\n"), format!("t, row 1, column \"x2\": {advice}"));
    let mut late = b"a,b\n".to_vec();
    late.extend(b"1,2\n".repeat(500_000));
    late.extend(b"\n\xff,2\n");
    assert_eq!(refusal(&late), format!("t, row 500003, column \"a\": {advice}"));
}

/// Text of several blocks, whose characters lie across their ends.
#[test]
fn stated_and_marked_encodings_are_read() {
    let stated = |label: &str| ReadOptions { encoding: Encoding::of(label), ..ReadOptions::default() };
    let mut text = "naïve,größe\r\n".to_owned();
    (0..60_000).for_each(|row| text += &format!("é{},\"ü, “{}”\"\r\n", row % 7, row % 90));
    let expected = texts(&text, &ReadOptions::default());
    let units: Vec<u16> = text.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let western: Vec<u8> = text
        .chars()
        .map(|character| match character {
            '“' => 0x93,
            '”' => 0x94,
            other => u8::try_from(u32::from(other)).unwrap(),
        })
        .collect();
    for (content, options) in [
        ([&[0xff, 0xfe][..], &little].concat(), ReadOptions::default()),
        ([&[0xfe, 0xff][..], &big].concat(), ReadOptions::default()),
        (little, stated("utf-16le")),
        (big, stated("UTF-16BE")),
        (western, stated("latin1")),
        (text.clone().into_bytes(), stated("utf-8")),
        // A mark decides.
        (format!("\u{feff}{text}").into_bytes(), stated("windows-1252")),
    ] {
        assert!(texts(&content, &options) == expected, "{options:?}");
        assert!(texts(gzip(&content), &options) == expected, "{options:?}, compressed");
    }
    assert_eq!(
        refusal_with(b"a,b\n1,2\n3,\x81\xff\n", &stated("shift_jis")),
        "t cannot be read: line 3 is not Shift_JIS text"
    );
    assert_eq!(Encoding::of("replacement"), None);
}

#[test]
fn other_kinds_of_files_are_refused() {
    assert_eq!(
        refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        "t is an old Excel workbook (.xls), or one with a password, which cannot be read as a table; open it with a spreadsheet \
         program, save it as .xlsx without a password, and give that file"
    );
    for (content, what) in [
        (&b"SQLite format 3\0"[..], "a SQLite database"),
        (b"%PDF-1.7", "a PDF document"),
        (b"[\n {\"a\": 1}]", "a JSON file"),
        (b"{\"a\": 1}\n", "a file of JSON lines"),
    ] {
        let message = refusal(content);
        assert!(message.starts_with(&format!("t is {what}, which cannot be read as a table; ")), "{message}");
    }
    assert_eq!(
        refusal(gzip(b"PAR1rest")),
        "t is a compressed Parquet file, which cannot be read as a table; decompress it; Parquet is compressed inside"
    );
}

#[test]
fn damaged_compression_is_refused() {
    let content =
        "a,b\n".to_owned() + &(0..300_000).map(|n| format!("{n},{}\n", n % 977 * 31)).collect::<String>();
    for (name, bytes) in [("gzip", gzip(content.as_bytes())), ("zstd", zstd(content.as_bytes()))] {
        for length in [20, bytes.len() / 2, bytes.len() - 1] {
            assert_eq!(
                refusal(&bytes[..length]),
                format!("t: the {name} data breaks off before its end; fetch the file again"),
                "{name} {length}"
            );
        }
        // Both end with a checksum; gzip has the length after it.
        let mut damaged = bytes.clone();
        damaged[bytes.len() - if name == "gzip" { 5 } else { 1 }] ^= 0x5a;
        let message = refusal(&damaged);
        assert!(message.starts_with(&format!("t: the {name} data is damaged (")), "{message}");
    }
}

#[test]
fn long_fields_are_read() {
    let long = "x".repeat(3_000_000);
    let (_, rows, _) = texts(format!("a,b\n1,\"{long}\"\n2,y\n"), &ReadOptions::default());
    assert_eq!(rows[0][1].len(), long.len());
    assert_eq!(rows[1], ["2", "y"]);
}

#[test]
fn endless_rows_are_refused() {
    let content = format!("a,b\n1,\"{}\n", "x".repeat(70 << 20));
    assert_eq!(
        refusal(content),
        "t, row 2: the row goes on for more than 64 MiB; a closing quote may be missing"
    );
}

#[test]
fn a_delimiter_is_part_of_the_schema() {
    assert_eq!(infer("a;b\n1;2\n3;4\n").delimiter, Some(';'));
    let options = ReadOptions { delimiter: Some(b','), ..ReadOptions::default() };
    assert_eq!(infer_with("a;b\n1;2\n3;4\n", &options).columns.len(), 1);
    assert_eq!(
        numbers(&read("a\n1\n2\n", &[infer("a\n1\n2\n").request("a").unwrap()]).columns[0]),
        [1.0, 2.0]
    );
}
