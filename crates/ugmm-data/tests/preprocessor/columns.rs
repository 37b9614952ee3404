//! Columns of each kind.

use std::fs;

use ugmm_data::frame::{FrameReader, ReadOptions};
use ugmm_data::{Encoded, PreprocessingOptions, Preprocessor, Scaling, Table};

use crate::fixture::{
    NAN, all_rows, assert_same, by_input, fit_all, letters, numbers, ordered, scaled, table,
};

const GAP: f32 = f32::NAN;

#[test]
fn numbers_are_scaled_over_the_rows_learnt_from() {
    let table = table(&[("n", numbers(&[1.0, 3.0, NAN, 5.0, 100.0]))]);
    let learn = |scaling| Preprocessor::fit(&table, &[0, 1, 2, 3], None, &scaled(scaling)).unwrap();
    let deviation = (8.0_f64 / 3.0).sqrt();
    let standard = learn(Scaling::Standard);
    let expected = [-2.0, 0.0, NAN, 2.0, 97.0].map(|value| (value / deviation) as f32);
    assert_same(&by_input(&standard, &table)[0], &expected);
    assert_eq!(standard.scale_of(0), Some((3.0, deviation)));
    assert!((standard.to_data_units(0, 2.0).unwrap() - (3.0 + 2.0 * deviation)).abs() < 1e-12);

    let quantile = learn(Scaling::Quantile);
    // The normal quantile of 5/6.
    let end = 0.967_421_6;
    assert_same(&by_input(&quantile, &table)[0], &[-end, 0.0, GAP, end, end]);
    assert_eq!(quantile.scale_of(0), None);
    assert_eq!(quantile.to_data_units(0, f64::from(end) / 2.0).map(|value| value as f32), Some(4.0));
    assert_eq!([-9.0, 9.0].map(|value| quantile.to_data_units(0, value)), [Some(1.0), Some(5.0)]);

    let none = learn(Scaling::None);
    assert_same(&by_input(&none, &table)[0], &[1.0, 3.0, GAP, 5.0, 100.0]);
    assert_eq!((none.scale_of(0), none.to_data_units(0, 7.0)), (Some((0.0, 1.0)), Some(7.0)));
    assert_eq!(
        (none.scale_of(1), none.to_data_units(1, 7.0), none.to_data_units(0, NAN)),
        (None, None, None)
    );
}

#[test]
fn a_category_is_one_input_per_level_that_is_not_rare() {
    let table = table(&[("c", letters("aaabbbbxy z"))]);
    let rows: Vec<usize> = (0..10).collect();
    let plain = Preprocessor::fit(&table, &rows, None, &scaled(Scaling::None)).unwrap();
    assert_eq!(plain.names(), ["c=a", "c=b", "c=(other)"]);
    let inputs = plain.transform(&table, &[0, 3, 7, 8, 9, 10]).unwrap();
    let rare = [0.0, 0.0, 1.0];
    // The last level was not among the rows; it is one of the others.
    assert_same(&inputs, &[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], rare, rare, [GAP; 3], rare].concat());

    let standard = Preprocessor::fit(&table, &rows, None, &scaled(Scaling::Standard)).unwrap();
    let share = |count: f64| (count / 9.0, (count / 9.0 * (1.0 - count / 9.0)).sqrt());
    let scales = [3.0, 4.0, 2.0].map(share);
    for (input, scale) in scales.into_iter().enumerate() {
        assert_eq!(standard.scale_of(input), Some(scale));
    }
    let expected: Vec<f32> = scales
        .iter()
        .zip([0.0, 1.0, 0.0])
        .map(|((mean, deviation), value)| ((value - mean) / deviation) as f32)
        .collect();
    assert_same(&standard.transform(&table, &[3]).unwrap(), &expected);
    let quantile = Preprocessor::fit(&table, &rows, None, &scaled(Scaling::Quantile)).unwrap();
    assert_same(&quantile.transform(&table, &rows).unwrap(), &plain.transform(&table, &rows).unwrap());
}

#[test]
fn without_rare_levels_one_that_is_new_is_missing() {
    let table = table(&[("c", letters("aaabbbz"))]);
    let rows: Vec<usize> = (0..6).collect();
    for scaling in [Scaling::None, Scaling::Standard, Scaling::Quantile] {
        let preprocessor = Preprocessor::fit(&table, &rows, None, &scaled(scaling)).unwrap();
        assert_eq!(preprocessor.names(), ["c=a", "c=b"]);
        assert_same(&preprocessor.transform(&table, &[6]).unwrap(), &[GAP, GAP]);
    }
}

#[test]
fn a_level_may_be_called_other() {
    let mut levels = vec!["(other)"; 3];
    levels.extend(["((other))", "a", "a", "a"]);
    let data =
        ugmm_data::frame::ColumnData::Text(levels.iter().map(|level| Some(level.to_string())).collect());
    let table = table(&[("c", data)]);
    let preprocessor = fit_all(&table, &scaled(Scaling::None)).unwrap();
    assert_eq!(preprocessor.names(), ["c=(other)", "c=a", "c=(((other)))"]);
    assert_same(&preprocessor.transform(&table, &[0, 3]).unwrap(), &[1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn a_category_with_an_order_is_one_input() {
    let all = table(&[("size", letters("mls lq"))]);
    let rows: Vec<usize> = (0..5).collect();
    // The schema's order, q before s.
    let options = ordered(Scaling::None, "size", None);
    let preprocessor = Preprocessor::fit(&all, &rows, None, &options).unwrap();
    assert_eq!(preprocessor.names(), ["size"]);
    assert_same(&by_input(&preprocessor, &all)[0], &[1.0, 0.0, 3.0, GAP, 0.0, 2.0]);

    let order = ["q", "s", "m", "l", "x"];
    let expected = [2.0, 3.0, 1.0, NAN, 3.0, 0.0];
    let preprocessor =
        Preprocessor::fit(&all, &rows, None, &ordered(Scaling::None, "size", Some(&order))).unwrap();
    assert_same(&by_input(&preprocessor, &all)[0], &expected.map(|value| value as f32));
    let unknown = table(&[("size", letters("ux"))]);
    assert_same(&preprocessor.transform(&unknown, &[0, 1]).unwrap(), &[GAP, 4.0]);

    let options = ordered(Scaling::Standard, "size", Some(&order));
    let standard = Preprocessor::fit(&all, &rows, None, &options).unwrap();
    let (mean, deviation) = (2.25, (2.75_f64 / 4.0).sqrt());
    assert_same(&by_input(&standard, &all)[0], &expected.map(|value| ((value - mean) / deviation) as f32));
    let options = ordered(Scaling::Quantile, "size", Some(&order));
    let quantile = Preprocessor::fit(&all, &rows, None, &options).unwrap();
    // Ranks 1, 2, and 3 and 4 tied: quantiles of 1/8, 3/8 and 3/4. What is less than the least is at its place.
    assert_same(
        &by_input(&quantile, &all)[0],
        &[-0.318_639_36, 0.674_489_75, -1.150_349_4, GAP, 0.674_489_75, -1.150_349_4],
    );
}

#[test]
fn dates_and_booleans_of_a_file_are_inputs_and_streamed_rows_are_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.csv");
    let content = "when,open,kind,n,class,same\n\
        2024-01-01,yes,a,1.5,p,k\n2024-01-03,no,b,,q,k\n,,b,2,p,k\n2024-01-03,yes,b,3,q,k\n\
        2024-01-02,yes,a,0.5,q,k\n2024-01-02,no,a,4,q,k\n2024-01-01,no,,1,p,k\n2024-01-01,no,c,1,p,k\n";
    fs::write(&path, content).unwrap();
    let options = ReadOptions::default();
    let table = Table::read(&path, &options).unwrap();
    for scaling in [Scaling::None, Scaling::Standard, Scaling::Quantile] {
        let rows: Vec<usize> = (0..7).collect();
        let preprocessor = Preprocessor::fit(&table, &rows, Some("class"), &scaled(scaling)).unwrap();
        assert_eq!(preprocessor.names(), ["when", "open", "kind=a", "kind=b", "n"]);
        assert_eq!((preprocessor.inputs(), preprocessor.source_columns()), (5, vec![0, 1, 2, 2, 3]));
        let columns = by_input(&preprocessor, &table);
        match scaling {
            Scaling::None => {
                let days = [19_723.0, 19_725.0, GAP, 19_725.0, 19_724.0, 19_724.0, 19_723.0, 19_723.0];
                assert_same(&columns[0], &days);
            }
            Scaling::Standard => {
                assert_eq!(preprocessor.scale_of(0), Some((19_724.0, (4.0_f64 / 6.0).sqrt())))
            }
            Scaling::Quantile => assert_eq!(columns[0][5], 0.0),
        }
        let open = match scaling {
            Scaling::Standard => [1.0, -1.0],
            Scaling::None | Scaling::Quantile => [1.0, 0.0],
        };
        assert_eq!(columns[1][..2], open);

        let mut streamed = vec![7.0];
        let mut encoded = Encoded::default();
        for frame in FrameReader::open(&path, &preprocessor.requests(), &options, 3).unwrap() {
            encoded += preprocessor.append(&frame.unwrap(), &mut streamed);
        }
        assert_eq!(streamed[0], 7.0);
        assert_same(&streamed[1..], &preprocessor.transform(&table, &all_rows(&table)).unwrap());
        assert_eq!(encoded, Encoded { missing: 4, unseen: 1 });
    }
}

#[test]
fn what_there_is_nothing_to_learn_from_makes_no_input() {
    let table = table(&[
        ("target", letters("abababab")),
        ("n", numbers(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])),
        ("varies later", numbers(&[1.0, 1.0, NAN, 1.0, 1.0, 1.0, 1.0, 2.0])),
        ("never known", numbers(&[NAN; 8])),
        ("known later", numbers(&[NAN, NAN, NAN, NAN, NAN, NAN, NAN, 2.0])),
        ("level later", letters("aaa aaab")),
        ("all rare", letters("aabbccdd")),
        ("same", letters("aaaaaaaa")),
    ]);
    let rows: Vec<usize> = (0..7).collect();
    let preprocessor = Preprocessor::fit(&table, &rows, Some("target"), &scaled(Scaling::Standard)).unwrap();
    assert_eq!(preprocessor.names(), ["n"]);
    let requests = preprocessor.requests();
    assert_eq!((requests.len(), requests[0].name.as_str()), (1, "n"));
    assert_same(&preprocessor.transform(&table, &[3, 3]).unwrap(), &[0.0, 0.0]);
    assert!(preprocessor.transform(&table, &[]).unwrap().is_empty());
}

#[test]
fn one_number_written_in_two_ways_is_nothing_to_learn_from() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.csv");
    fs::write(&path, "same,n\n1,1\n1.0,2\n1,3\n1.0,4\n1,5\n1.0,6\n").unwrap();
    let table = Table::read(&path, &ReadOptions::default()).unwrap();
    assert_eq!(fit_all(&table, &scaled(Scaling::None)).unwrap().names(), ["n"]);
}

#[test]
fn large_offsets_and_numbers_at_the_ends_of_their_range_are_inputs() {
    let stamps: Vec<f64> = (0..8).map(|n| 1.7e12 + f64::from(n)).collect();
    let far = [f64::MAX, -f64::MAX, f64::MAX, -f64::MAX, f64::MAX, -f64::MAX, f64::MAX, -f64::MAX];
    let tiny: Vec<f64> = far.iter().map(|value| if *value > 0.0 { 5e-324 } else { 0.0 }).collect();
    let table = table(&[("stamp", numbers(&stamps)), ("far", numbers(&far)), ("tiny", numbers(&tiny))]);
    let standard = by_input(&fit_all(&table, &scaled(Scaling::Standard)).unwrap(), &table);
    for (input, n) in standard[0].iter().zip(0_u8..) {
        assert!((f64::from(*input) - (f64::from(n) - 3.5) / 5.25_f64.sqrt()).abs() < 1e-6, "{input}");
    }
    assert_eq!(standard[1][..2], [1.0, -1.0]);
    assert!(standard[2].iter().all(|input| input.is_finite()));
    let quantile = by_input(&fit_all(&table, &scaled(Scaling::Quantile)).unwrap(), &table);
    for column in &quantile[1..] {
        assert_eq!(column[..2], [0.674_489_75, -0.674_489_75]);
    }
    let none = by_input(&fit_all(&table, &scaled(Scaling::None)).unwrap(), &table);
    assert_eq!(none[1][..2], [f32::MAX, f32::MIN]);
}

#[test]
fn constant_numbers_are_inputs_if_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    // Constant in the table, constant in the rows learnt from, and what is no number.
    fs::write(&path, "a,b,c,text\n0.5,2,1,x\n0.5,2,2,x\n0.5,2,3,x\n0.5,9,4,x\n").unwrap();
    let table = Table::read(&path, &ReadOptions::default()).unwrap();
    let learn = |keep_constant| {
        let options = PreprocessingOptions { keep_constant, ..scaled(Scaling::Standard) };
        Preprocessor::fit(&table, &[0, 1, 2], None, &options).unwrap()
    };
    assert_eq!(learn(false).names(), ["c"]);
    let kept = learn(true);
    assert_eq!(kept.names(), ["a", "b", "c"]);
    assert_same(&by_input(&kept, &table)[0], &[0.5; 4]);
    assert_same(&by_input(&kept, &table)[1], &[2.0, 2.0, 2.0, 9.0]);
    assert_eq!(kept.scale_of(0), Some((0.0, 1.0)));
    // Other values of the column in another file are read as the numbers they are.
    fs::write(&path, "a,b,c\n0.25,2,1\n-1,2,2\n").unwrap();
    let mut inputs = Vec::new();
    for frame in FrameReader::open(&path, &kept.requests(), &ReadOptions::default(), 9).unwrap() {
        kept.append(&frame.unwrap(), &mut inputs);
    }
    assert_eq!((inputs[0], inputs[3]), (0.25, -1.0));
}

#[test]
fn a_row_of_weight_2_scales_as_two_rows() {
    let data = [
        ("n", numbers(&[1.0, 3.0, NAN, 5.0, 100.0, -2.0, 4.0, 3.0, 8.0])),
        ("c", letters("ababcab a")),
        ("d", letters("xyxyxyxyx")),
    ];
    let weights = [1.0, 2.0, 1.0, 3.0, 0.0, 1.0, 2.0, 2.0, 1.0];
    let once = table(&data);
    let places: Vec<usize> = (0..9).flat_map(|row| std::iter::repeat_n(row, weights[row] as usize)).collect();
    let weighted = once.clone().weighted(&weights).unwrap();
    for scaling in [Scaling::None, Scaling::Standard, Scaling::Quantile] {
        for options in [scaled(scaling), ordered(scaling, "c", None)] {
            let of_weights = fit_all(&weighted, &options).unwrap();
            let of_repeated = Preprocessor::fit(&once, &places, None, &options).unwrap();
            assert_eq!(of_weights.names(), of_repeated.names());
            for (found, expected) in by_input(&of_weights, &once).iter().zip(by_input(&of_repeated, &once)) {
                let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6 || a.is_nan() && b.is_nan();
                assert!(found.iter().zip(&expected).all(near), "{found:?} {expected:?}");
            }
        }
    }
    let equal = once.weighted(&[3.0; 9]).unwrap();
    assert_eq!((equal.rows(), equal.weights()), (9, None));
}
