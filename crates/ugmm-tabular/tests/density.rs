//! Densities of tables: columns, files, impossible rows, and unusual values.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;
use ugmm_data::frame::{ReadOptions, Schema};
use ugmm_tabular::column::OTHER;
use ugmm_tabular::density::{DensityRows, DensityStructure};
use ugmm_tabular::distribution::Predictions;
use ugmm_tabular::read::{Batch, ReadTarget, TableReader};
use ugmm_tabular::run::{EpochProgress, Progress, Stage};
use ugmm_tabular::target::{PreparedTarget, prepare_target};
use ugmm_tabular::{
    Column, DensityModel, DensityOptions, DensityReport, Device, Engine, Run, Table, TableModel, fit_density,
    load,
};

const ROWS: usize = 240;

/// A table of all kinds of columns, with missing values; weight depends on height, colour on kind.
fn text() -> String {
    let mut text = String::from("height,weight,count,day,seen,member,colour,constant,kind\n");
    for i in 0..ROWS {
        let kind = i % 3;
        let noise = |step: usize| ((i * step) % 17) as f64 / 17.0 - 0.5;
        let height = 150.0 + 20.0 * kind as f64 + 8.0 * noise(5);
        let weight =
            if i % 11 == 0 { String::new() } else { format!("{:.3}", 0.5 * height + 3.0 * noise(7)) };
        let count = 3 * kind + i % 4;
        let day = format!("2024-0{}-{:02}", 1 + i % 9, 1 + (i * 7) % 28);
        let seen = format!("2024-03-01T{:02}:30", i % 24);
        let member = if i % 13 == 0 { "" } else { ["yes", "no"][usize::from((i / 3) % 4 == 0)] };
        let colour = match i {
            5 => "mauve",
            _ => ["red", "green", "blue"][(kind + usize::from(i % 10 == 9)) % 3],
        };
        text += &format!(
            "{height:.3},{weight},{count},{day},{seen},{member},{colour},x,{}\n",
            ["a", "b", "c"][kind]
        );
    }
    text
}

fn table_at(path: &Path, target: Option<&str>) -> (Table, Option<PreparedTarget>) {
    let options = ReadOptions::default();
    let mut schema = Schema::infer(path, &options).unwrap();
    let target = target.map(|target| prepare_target(&mut schema, target, None).unwrap());
    (Table::read_as(path, schema, &options).unwrap(), target)
}

fn learned(path: &Path, target: Option<&str>, structure: DensityStructure) -> (DensityModel, DensityReport) {
    let (table, target) = table_at(path, target);
    let options = DensityOptions { structure, epochs: Some(30), ..DensityOptions::default() };
    let interrupted = AtomicBool::new(false);
    let mut progress = ();
    let mut run = Run::new(&mut progress, &interrupted);
    fit_density(&table, target.as_ref(), &options, &mut run).unwrap()
}

/// The columns of a density that is trained on this share of the rows.
fn columns_at(path: &Path, target: Option<&str>, validation: f64) -> Vec<Column> {
    let (table, target) = table_at(path, target);
    let options = DensityOptions { validation, ..DensityOptions::default() };
    DensityRows::prepare(&table, target.as_ref(), &options).unwrap().columns().to_vec()
}

fn with_table() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text()).unwrap();
    (folder, path)
}

fn rows_of(path: &Path, model: &DensityModel) -> Batch {
    let options = ReadOptions::default();
    let mut reader = TableReader::open(path, model, ReadTarget::IfThere, &[], &options).unwrap();
    reader.next().unwrap().unwrap()
}

#[test]
fn columns_are_taken_as_what_they_hold() {
    let (_folder, path) = with_table();
    let columns = columns_at(&path, Some("kind"), 0.0);
    let kinds: Vec<(&str, &str)> = columns.iter().map(|column| (column.name(), column.kind_name())).collect();
    let expected = [
        ("height", "number"),
        ("weight", "number"),
        ("count", "whole number"),
        ("day", "date"),
        ("seen", "time"),
        ("member", "true or false"),
        ("colour", "category"),
        ("kind", "category"),
    ];
    assert_eq!(kinds, expected);
    // Rare levels share a state; a target has no such state.
    assert_eq!(columns[6].states().unwrap(), ["blue", "green", "red", OTHER]);
    assert_eq!(columns[7].states().unwrap(), ["a", "b", "c"]);
    // A count is not below 0, and its range ends at the largest training value, because many rows have it.
    assert_eq!(columns[2].possible_values(), "a whole number from 0 to 9");
    assert_eq!(columns[2].parse("9").unwrap(), 9.0);
    assert_eq!(columns[0].possible_values(), "a number of at least 0");
    assert!(columns[4].possible_values().starts_with("a date from "), "{}", columns[4].possible_values());
    for (column, wrong) in
        [(2, "-1"), (2, "10"), (2, "1.5"), (0, "tall"), (0, "-0.5"), (3, "yesterday"), (6, "pink")]
    {
        let message = columns[column].parse(wrong).unwrap_err().to_string();
        assert!(message.contains("cannot be") && message.contains(wrong), "{message}");
    }
    assert_eq!(columns[3].text(columns[3].parse("2024-02-29").unwrap()), "2024-02-29");
    assert_eq!(columns[5].text(columns[5].parse("true").unwrap()), "yes");
}

#[test]
fn very_many_whole_numbers_are_a_number() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("wide.csv");
    let rows: String = (0..50).map(|i| format!("{},{}\n", i * 100, i % 7)).collect();
    std::fs::write(&path, format!("wide,few\n{rows}")).unwrap();
    let columns = columns_at(&path, None, 0.0);
    assert_eq!(columns[0].kind_name(), "number");
    assert_eq!(columns[1].kind_name(), "whole number");
    assert_eq!(columns[0].possible_values(), "a number of at least 0");
    // Seven rows at an end are not many: another row may lie beyond it.
    assert_eq!(columns[1].possible_values(), "a whole number from 0 to 12");
}

/// Held-out rows have no influence on levels, ranges or parameters.
#[test]
fn held_out_rows_are_not_looked_at() {
    let (folder, path) = with_table();
    let texts: Vec<String> = text().lines().map(str::to_owned).collect();
    let columns = |text: &str| {
        let path = folder.path().join("changed.csv");
        std::fs::write(&path, text).unwrap();
        learned(&path, Some("kind"), DensityStructure::ChowLiu)
    };
    let (model, report) = learned(&path, Some("kind"), DensityStructure::ChowLiu);
    // Finds the held-out rows by changing one row after the other: the range of the training rows remains the
    // same.
    let held_out: Vec<usize> = (0..ROWS / 2)
        .filter(|&row| {
            let mut lines = texts.clone();
            let rest = lines[row + 1].split_once(',').unwrap().1.to_owned();
            lines[row + 1] = format!("99999.125,{rest}");
            let path = folder.path().join("marked.csv");
            std::fs::write(&path, lines.join("\n")).unwrap();
            let columns = columns_at(&path, Some("kind"), 0.2);
            columns[0].range().unwrap().high < 1000.0
        })
        .collect();
    assert!(held_out.len() > 10);
    let mut lines = texts.clone();
    for (place, &row) in held_out.iter().enumerate() {
        let fields: Vec<&str> = texts[row + 1].split(',').collect();
        let mut fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
        // The held-out rows get decimals, outliers, and a level that is frequent among them.
        (fields[0], fields[1]) = (format!("{}.5", 1000 + place), format!("-{place}.25"));
        fields[2] = if place % 2 == 0 { "999".into() } else { "1".into() };
        fields[6] = "violet".into();
        lines[row + 1] = fields.join(",");
    }
    let (changed, other) = columns(&lines.join("\n"));
    assert_eq!(changed.columns(), model.columns());
    assert_eq!(changed.circuit(), model.circuit());
    assert_eq!(other.training_log_likelihoods, report.training_log_likelihoods);
    assert_eq!(report.validation_log_likelihoods.unwrap().model.impossible, 0);
    // No weight of a training row is negative.
    assert_eq!(other.validation_log_likelihoods.unwrap().model.impossible, held_out.len());
}

#[test]
fn a_density_is_ahead_of_independent_columns_and_predicts() {
    let (_folder, path) = with_table();
    for structure in [
        DensityStructure::Auto,
        DensityStructure::ChowLiu,
        DensityStructure::RandomTrees,
        DensityStructure::Mixture,
    ] {
        let (model, report) = learned(&path, Some("kind"), structure);
        let held_out = report.validation_log_likelihoods.unwrap();
        let [own, independent] = [held_out.model, held_out.independent].map(|found| found.mean.unwrap());
        assert!(own > independent + 1.0, "{structure:?}: {held_out:?}");
        assert!(report.predictions.unwrap().loss() < 0.2, "{structure:?}: {:?}", report.predictions);
        assert_eq!((report.training_rows, report.validation_rows), (192, 48));
        assert_eq!(model.columns().len(), 8);
        let Predictions::Classes(found) = model.predict(&rows_of(&path, &model).rows.values).unwrap() else {
            panic!("the target is one of classes");
        };
        for row in found.log_probabilities.chunks(3) {
            assert!((row.iter().map(|log| log.exp()).sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }
}

/// Stages by name and number of epochs, with the circuits that were reported in each.
#[derive(Default)]
struct Stages(Vec<StageOfRun>);

/// Name, number of epochs, and reports of a stage.
type StageOfRun = (String, usize, Vec<(usize, usize)>);

impl Progress for Stages {
    fn on_stage(&mut self, stage: &Stage) {
        self.0.push((stage.name.to_owned(), 0, Vec::new()));
    }

    fn on_epoch(&mut self, _stage: &Stage, progress: &EpochProgress) {
        let (_, epochs, circuits) = self.0.last_mut().unwrap();
        *epochs = progress.epoch;
        circuits.extend(progress.circuit);
    }
}

#[test]
fn progress_names_structures_and_circuits_and_a_structure_far_behind_is_given_up() {
    let (_folder, path) = with_table();
    let ((table, _), options) =
        (table_at(&path, None), DensityOptions { epochs: Some(30), ..Default::default() });
    let (mut stages, interrupted) = (Stages::default(), AtomicBool::new(false));
    let (_, report) = fit_density(&table, None, &options, &mut Run::new(&mut stages, &interrupted)).unwrap();
    let names: Vec<&str> = stages.0.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names[..4],
        [
            "structure 1 of 4 (hidden Chow-Liu tree)",
            "structure 2 of 4 (mixture)",
            "structure 3 of 4 (random trees)",
            "structure 4 of 4 (independent columns)"
        ]
    );
    for (name, _, circuits) in &stages.0[..4] {
        assert!(circuits.iter().all(|circuit| *circuit == (1, 4)), "{name}: {circuits:?}");
    }
    let (last, _, mut circuits) = stages.0.pop().unwrap();
    circuits.sort_unstable();
    circuits.dedup();
    assert_eq!(circuits, [(2, 4), (3, 4), (4, 4)]);
    assert!(last.starts_with("more of the best structure ("), "{last}");
    // Independent columns are far behind in this table.
    assert_eq!(report.tried.len(), 4);
    let epochs = stages.0[3].1;
    assert!((3..30).contains(&epochs) && report.structure != DensityStructure::Independent, "{epochs}");
}

#[test]
fn the_same_seed_gives_the_same_model_and_files_keep_it() {
    let (folder, path) = with_table();
    let (model, _) = learned(&path, Some("kind"), DensityStructure::ChowLiu);
    let (again, _) = learned(&path, Some("kind"), DensityStructure::ChowLiu);
    assert_eq!(model, again);
    let file = folder.path().join("model.safetensors");
    model.save(&file).unwrap();
    let first = std::fs::read(&file).unwrap();
    let read = DensityModel::load(&file).unwrap();
    assert_eq!(read, model);
    let rows = rows_of(&path, &model).rows.values;
    assert_eq!(read.log_likelihood(&rows).unwrap(), model.log_likelihood(&rows).unwrap());
    read.save(&file).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), first);
    let model = load(&file, &Device::default()).unwrap();
    let message = Engine::of(&*model).network(&file, "ugmm prune").unwrap_err().to_string();
    assert!(message.contains("this is a density model, and ugmm prune needs a network"), "{message}");
}

/// A file with any change is either rejected with a message or is still a valid model.
#[test]
fn hostile_files_are_refused() {
    let (folder, path) = with_table();
    let (model, _) = learned(&path, None, DensityStructure::Mixture);
    let file = folder.path().join("model.safetensors");
    model.save(&file).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let refused = |bytes: &[u8]| -> String {
        std::fs::write(&file, bytes).unwrap();
        let message = load(&file, &Device::default()).err().unwrap().to_string();
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(message.starts_with(&file.display().to_string()), "{message}");
        message
    };
    for length in (0..bytes.len()).step_by(bytes.len() / 97) {
        refused(&bytes[..length]);
    }
    refused(&[&bytes[..], &[0]].concat());
    // The header's JSON is changed without a change of its length.
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let text = String::from_utf8(bytes[8..header].to_vec()).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}: {}", &text[..600]);
        let mut text = text.replacen(from, to, 1);
        while !text.len().is_multiple_of(8) {
            text.push(' ');
        }
        let mut changed = (text.len() as u64).to_le_bytes().to_vec();
        changed.extend_from_slice(text.as_bytes());
        changed.extend_from_slice(&bytes[header..]);
        refused(&changed)
    };
    for (from, to, reason) in [
        (r#"\"format_version\":1"#, r#"\"format_version\":9"#, "format version 9"),
        (r#"\"units\":"#, r#"\"units\":99999999"#, "are needed"),
        (r#"\"components\":"#, r#"\"components\":461168601842738790"#, "are needed"),
        (r#"\"high\":9"#, r#"\"high\":9999999999"#, "entries"),
        (r#"\"integer\":{\"low\":0"#, r#"\"integer\":{\"low\":-9223372036854775808"#, ""),
        (r#"\"low\":0.0"#, r#"\"low\":5e300"#, "beyond the ends"),
        (r#"\"low\":0.0"#, r#"\"low\":1e400"#, ""),
        (r#"\"least\":0.0"#, r#"\"least\":1.0"#, "is not the circuit's variable"),
        (r#"\"has_target\":false"#, r#"\"has_target\":7"#, "damaged"),
        (r#"\"columns\":["#, r#"\"columns\":[1,"#, "damaged"),
        (r#"\"partitions\":[["#, r#"\"partitions\":[[77777,"#, "region"),
        (r#"regions.0.weights"#, r#"regions.0.weighty"#, "missing"),
        (r#"ugmm_density"#, r#"ugmm_dens"#, "ugmm"),
    ] {
        let message = changed(from, to);
        assert!(message.contains(reason), "{from}: {message}");
    }
    // Parameters become NaN, and weights do not sum to 1.
    let tensors: serde_json::Value = serde_json::from_str(&text).unwrap();
    let start = |name: &str| header + tensors[name]["data_offsets"][0].as_u64().unwrap() as usize;
    for (name, value) in [
        ("regions.0.means", f64::NAN),
        ("regions.0.means", f64::INFINITY),
        ("regions.0.sigmas", 0.0),
        ("regions.0.sigmas", -1.0),
        ("regions.0.weights", -1.0),
        ("regions.0.weights", 1e300),
        ("regions.5.probabilities", 7.0),
        ("regions.8.weights", f64::NAN),
    ] {
        let mut changed = bytes.clone();
        changed[start(name)..start(name) + 8].copy_from_slice(&value.to_le_bytes());
        let message = refused(&changed);
        assert!(message.contains("region"), "{message}");
    }
}

#[test]
fn values_that_cannot_be_make_a_row_impossible_and_are_named() {
    let (folder, path) = with_table();
    let (model, _) = learned(&path, None, DensityStructure::ChowLiu);
    let new = folder.path().join("new.csv");
    let header = text().lines().next().unwrap().to_owned();
    let rows = "150,75,2,2024-05-05,2024-03-01T05:30,yes,red,x,a\n\
                150,75,900,2024-05-05,2024-03-01T05:30,yes,pink,x,a\n\
                150,,2.5,2024-05-05,2024-03-01T05:30,yes,red,x,a\n";
    std::fs::write(&new, format!("{header}\n{rows}")).unwrap();
    let batch = rows_of(&new, &model);
    assert_eq!((batch.rows.missing, batch.rows.unseen), (1, 1));
    let outside: Vec<(usize, f64)> =
        batch.rows.outside.iter().map(|found| (found.row, found.number)).collect();
    // A number with a fraction is rounded and counted.
    assert_eq!((outside, batch.rows.rounded), (vec![(1, 900.0)], 1));
    assert_eq!(batch.row(2)[2], 3.0);
    let surprises = model.surprises(&batch.rows).unwrap();
    assert!(surprises[0].log_likelihood.is_finite() && surprises[2].log_likelihood.is_finite());
    assert_eq!((surprises[1].log_likelihood, surprises[1].share_at_most), (f64::NEG_INFINITY, 0.0));
    assert_eq!(model.columns()[surprises[1].column.as_ref().unwrap().column].name(), "count");
    // An impossible value gives no information, but the other columns do.
    assert!(model.log_likelihood(&batch.rows.values).unwrap().iter().all(|level| level.is_finite()));
}

#[test]
fn the_column_that_is_wrong_is_the_one_that_surprises() {
    let (folder, path) = with_table();
    let (model, _) = learned(&path, None, DensityStructure::ChowLiu);
    let new = folder.path().join("new.csv");
    let mut lines: Vec<String> = text().lines().map(str::to_owned).collect();
    lines.truncate(31);
    // This row gets the weight of another height.
    lines[7] = lines[7].replacen(&lines[7].split(',').nth(1).unwrap().to_owned(), "140.000", 1);
    std::fs::write(&new, lines.join("\n")).unwrap();
    let surprises = model.surprises(&rows_of(&new, &model).rows).unwrap();
    let strange = &surprises[6];
    assert_eq!(model.columns()[strange.column.as_ref().unwrap().column].name(), "weight");
    assert_eq!(strange.share_at_most, 0.0);
    let ordinary = surprises.iter().filter(|surprise| surprise.share_at_most > 0.02).count();
    assert!(ordinary >= 26, "{ordinary} of 30");
}

/// Rows with missing values are compared with usual rows over the same columns.
#[test]
fn a_row_is_not_the_more_usual_for_what_is_missing() {
    let (_folder, path) = with_table();
    let (model, _) = learned(&path, None, DensityStructure::ChowLiu);
    let batch = rows_of(&path, &model);
    let mut rows = batch.rows.clone();
    let width = model.columns().len();
    rows.values.chunks_exact_mut(width).for_each(|row| row[3..].fill(f64::NAN));
    let shares: Vec<f64> =
        model.surprises(&rows).unwrap().iter().map(|surprise| surprise.share_at_most).collect();
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    assert!((0.3..0.7).contains(&mean), "{mean}");
}

#[test]
fn missing_values_are_filled_in_by_what_they_depend_on() {
    let (_folder, path) = with_table();
    let (model, _) = learned(&path, None, DensityStructure::ChowLiu);
    let width = model.columns().len();
    let rows = rows_of(&path, &model).rows.values;
    let wanted = vec![true; width];
    for (row, filled) in rows.chunks_exact(width).zip(model.fill(&rows, &wanted).unwrap()) {
        let missing = row.iter().filter(|value| value.is_nan()).count();
        assert_eq!(filled.cells.len(), missing);
        for cell in filled.cells.iter().filter(|cell| cell.column == 1) {
            // The value is within about three standard deviations of the line that weights follow.
            assert!((cell.value - 0.5 * row[0]).abs() < 9.0, "{} {}", cell.value, row[0]);
            assert!((0.0..12.0).contains(&cell.uncertainty), "{}", cell.uncertainty);
        }
        for cell in filled.cells.iter().filter(|cell| cell.column == 5) {
            assert!((0.0..=1.0).contains(&cell.value) && (0.3..=1.0).contains(&cell.uncertainty));
        }
    }
    let row = &rows[..width];
    let draws = model.complete(row, 50, 7).unwrap();
    assert_eq!(draws, model.complete(row, 50, 7).unwrap());
    for draw in draws.chunks_exact(width) {
        assert!(draw.iter().zip(row).all(|(drawn, known)| known.is_nan() || drawn == known));
        assert!(draw.iter().all(|value| value.is_finite()));
    }
}

#[test]
fn what_cannot_be_learned_is_said() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("table.csv");
    let try_text = |text: &str, options: DensityOptions| -> String {
        std::fs::write(&path, text).unwrap();
        let (table, _) = table_at(&path, None);
        let interrupted = AtomicBool::new(false);
        let mut progress = ();
        let mut run = Run::new(&mut progress, &interrupted);
        fit_density(&table, None, &options, &mut run).unwrap_err().to_string()
    };
    let usual = DensityOptions::default;
    assert!(try_text("a,b\n1,x\n1,x\n", usual()).contains("constant columns have no information"));
    let halves = DensityOptions { structure: DensityStructure::Halves, ..usual() };
    assert!(try_text(&text(), halves).contains("the structure \"halves\" is for images"));
    let share = DensityOptions { validation: 1.5, ..usual() };
    assert!(try_text(&text(), share).contains("validation is 1.5"));
    let units = DensityOptions { units: Some(0), ..usual() };
    assert!(try_text(&text(), units).contains("units is 0"));
}

/// The tables of whole numbers are not in the file: a small file must not allocate gigabytes for them, nor
/// for scopes.
#[test]
fn what_a_file_makes_is_bounded_by_its_size() {
    let (folder, path) = with_table();
    let (model, _) = learned(&path, None, DensityStructure::Mixture);
    let file = folder.path().join("model.safetensors");
    model.save(&file).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let description = &metadata.metadata().as_ref().unwrap()["ugmm_density"];
    let description: serde_json::Value = serde_json::from_str(description).unwrap();
    let refusal = |variables: serde_json::Value, regions: serde_json::Value| {
        let mut description = description.clone();
        description["variables"] = variables;
        description["regions"] = regions;
        let metadata = std::collections::HashMap::from([("ugmm_density".into(), description.to_string())]);
        let none: [(String, safetensors::tensor::TensorView); 0] = [];
        std::fs::write(&file, safetensors::serialize(none, Some(metadata)).unwrap()).unwrap();
        load(&file, &Device::default()).err().unwrap().to_string()
    };
    let wide = serde_json::json!([{ "name": null, "kind": { "integer": { "low": 0, "high": 65535 } } }]);
    let leaf = serde_json::json!({
        "gaussians": { "variable": 0, "units": 2000, "components": 1, "held": 0, "trained": true }
    });
    let message = refusal(wide.clone(), serde_json::json!([leaf]));
    assert!(message.contains("would have 131072000 entries, where at most"), "{message}");
    // The description is a list of many small elements.
    let many = |count: usize, value: &serde_json::Value| serde_json::Value::Array(vec![value.clone(); count]);
    let message = refusal(many(60_000, &wide[0]), many(60_000, &leaf));
    assert!(message.contains("60000 regions over 60000 variables"), "{message}");
}
