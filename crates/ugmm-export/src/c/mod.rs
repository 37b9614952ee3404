//! Models as C99: one file without allocation, which needs the standard library of mathematics only.

mod circuit;
mod names;
mod network;
mod write;

use crate::portable::{Body, CircuitTarget, Column, Head, Kind, PortableModel, RowNeeds};
use names::{identifiers, text};
use std::fmt::Write;

/// The text of a C file with the model.
#[must_use]
pub fn file(model: &PortableModel) -> String {
    let mut out = String::from("/* A model of ugmm in C99. Compile it with -lm.\n");
    for (key, value) in &model.card {
        // The end of a comment must not stand in it.
        let _ = writeln!(out, " * {key}: {}", value.replace("*/", "* /").replace(['\n', '\r'], " "));
    }
    out += " */\n#include <float.h>\n#include <math.h>\n#include <stddef.h>\n#include <string.h>\n\n";
    declare(&mut out, model);
    out += include_str!("../../assets/c/common.c");
    out += include_str!("../../assets/c/clamp.c");
    encoding(&mut out, model);
    match &model.body {
        Body::Network(network) => network::write(&mut out, network, model),
        Body::Circuit(circuit) => circuit::write(&mut out, circuit, model),
    }
    out
}

/// The names of the row's fields, in the order of columns.
fn fields(model: &PortableModel) -> Vec<String> {
    identifiers(model.columns.iter().map(|column| column.name.as_str()))
}

/// The structures and the function that a program uses.
fn declare(out: &mut String, model: &PortableModel) {
    *out += "/* The values of a row. A missing number is NAN, a missing text is NULL or \"\". */\nstruct ugmm_row {\n";
    match &model.image {
        Some(image) => {
            let pixels = image.rows * image.columns;
            let _ = writeln!(
                out,
                "  double image[{pixels}]; /* {} x {} pixels from 0 to 1, row by row */",
                image.rows, image.columns
            );
        }
        None => {
            for (column, field) in model.columns.iter().zip(fields(model)) {
                let of = if column.states.is_some() { "const char *" } else { "double " };
                let _ = writeln!(out, "  {of}{field}; /* {} */", about(column));
            }
        }
    }
    *out += "};\n\nstruct ugmm_prediction {\n";
    if let Some(names) = model.classes() {
        let _ = writeln!(out, "  int label; /* index of ugmm_classes */");
        let _ = writeln!(out, "  double probabilities[{}];", names.len());
        *out += "  double entropy; /* in nats */\n";
    } else if model.target.is_some() {
        *out += "  double mean, deviation;\n  double quantiles[3]; /* 5 %, 50 %, 95 % */\n";
    }
    if let Body::Circuit(_) = &model.body {
        *out += "  double log_likelihood; /* of the row without the target, in nats */\n";
    }
    *out += "};\n\n";
    if model.image.is_none() {
        *out += "/* The fields of a row and the columns' names, for macros that do something with each number and each text. */\n#define UGMM_FIELDS(NUMBER, TEXT)";
        for (column, field) in model.columns.iter().zip(fields(model)) {
            let kind = if column.states.is_some() { "TEXT" } else { "NUMBER" };
            let _ = write!(out, " \\\n  {kind}({field}, {})", text(&column.name));
        }
        *out += "\n\n";
    }
    if let Some(names) = model.classes() {
        let all: Vec<String> = names.iter().map(|name| text(name)).collect();
        let _ = writeln!(out, "#define UGMM_CLASSES {}", names.len());
        let _ = writeln!(out, "const char *const ugmm_classes[UGMM_CLASSES] = {{{}}};\n", all.join(", "));
    }
    let needs = match model.needs {
        RowNeeds::Nothing => "1; a row may be without any value",
        RowNeeds::OneValue => "1 if the row has a value, else 0",
        RowNeeds::EveryValue => "1 if the row has all values, else 0",
    };
    let _ = writeln!(out, "/* Computes a prediction. Returns {needs}. */");
    *out += "int ugmm_predict(const struct ugmm_row *row, struct ugmm_prediction *prediction);\n\n";
}

/// A column for people, in a comment.
fn about(column: &Column) -> String {
    let days = if matches!(column.kind, Kind::Date | Kind::Month) { "days since 1970-01-01; " } else { "" };
    format!("{}: {days}{}", column.name, column.values).replace("*/", "* /").replace(['\n', '\r'], " ")
}

/// The function that turns a row into numbers and states.
fn encoding(out: &mut String, model: &PortableModel) {
    let texts = || model.columns.iter().filter(|column| column.states.is_some());
    if texts().any(|column| column.kind == Kind::Truth) {
        *out += include_str!("../../assets/c/truth.c");
    }
    if texts().any(|column| column.kind != Kind::Truth) {
        *out += include_str!("../../assets/c/levels.c");
    }
    for (index, column) in model.columns.iter().enumerate() {
        let Some(states) = column.states.as_ref().filter(|_| column.kind != Kind::Truth) else { continue };
        let levels: Vec<String> = states
            .levels
            .iter()
            .map(|level| {
                format!("{{{}, {}, {}}}", text(&level.text), level.state, write::number(level.log_share))
            })
            .collect();
        let _ = write!(out, "\nstatic const struct level levels_{index}[] = {{{}}};\n", levels.join(", "));
    }
    *out += "\n/* Numbers and indices of states; the logarithm of the shares of rare levels. */\n";
    let _ = writeln!(out, "#define COLUMNS {}", model.columns.len());
    *out += "static void encode(const struct ugmm_row *row, double *values, double *log_share) {\n";
    match &model.image {
        Some(image) => {
            let places: Vec<String> = image.places.iter().map(ToString::to_string).collect();
            let _ = writeln!(out, "  static const int places[COLUMNS] = {{{}}};", write::wrapped(&places));
            *out += "  for (int i = 0; i < COLUMNS; i++) values[i] = row->image[places[i]];\n";
        }
        None => {
            for ((index, column), field) in model.columns.iter().enumerate().zip(fields(model)) {
                let _ = match (&column.states, column.kind) {
                    (None, _) => writeln!(out, "  values[{index}] = row->{field};"),
                    (Some(_), Kind::Truth) => writeln!(out, "  values[{index}] = truth_of(row->{field});"),
                    (Some(states), _) => {
                        let unseen = states.unseen.map_or(-1, |state| state as i64);
                        let count = states.levels.len();
                        writeln!(
                            out,
                            "  values[{index}] = state_of(levels_{index}, {count}, {unseen}, row->{field}, log_share);"
                        )
                    }
                };
            }
        }
    }
    *out += "  (void)log_share;\n}\n";
}

/// The part of the prediction that counts known values and returns 0 for rows that lack them.
fn check_needs(out: &mut String, needs: RowNeeds) {
    *out += match needs {
        RowNeeds::Nothing => return,
        RowNeeds::OneValue => {
            "  for (int i = 0; i < COLUMNS; i++) known += !isnan(values[i]);\n  if (known == 0) return 0;\n"
        }
        RowNeeds::EveryValue => {
            "  for (int i = 0; i < COLUMNS; i++) known += !isnan(values[i]);\n  if (known < COLUMNS) return 0;\n"
        }
    };
}

/// What the target of a circuit is, for the parts of the code that it needs.
fn has_classes(target: Option<&CircuitTarget>) -> bool {
    matches!(target, Some(CircuitTarget::Classes { .. }))
}

/// The head of a network that predicts a number.
fn number_head(head: &Head) -> Option<&crate::portable::NumberHead> {
    match head {
        Head::Number(head) => Some(head),
        Head::Classes(_) => None,
    }
}
