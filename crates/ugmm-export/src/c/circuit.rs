//! Circuits in C.

use super::{has_classes, write as c};
use crate::portable::{Circuit, CircuitTarget, MixtureUnit, PortableModel, Region, Variable};
use std::fmt::Write;

pub fn write(out: &mut String, circuit: &Circuit, model: &PortableModel) {
    *out += include_str!("../../assets/c/circuit.c");
    *out += "\n";
    regions(out, circuit, model.columns.len());
    let is_mixture = matches!(circuit.target, Some(CircuitTarget::Number { .. }));
    c::constant(out, "ALTERNATIVES", circuit.alternative_count().max(1));
    c::constant(out, "TARGET_IS_MIXTURE", u8::from(is_mixture));
    *out += include_str!("../../assets/c/circuit_forward.c");
    match &circuit.target {
        None => {}
        Some(CircuitTarget::Classes { .. }) => *out += include_str!("../../assets/c/classes.c"),
        Some(CircuitTarget::Whole { first, .. }) => {
            c::constant(out, "FIRST", format!("({first}.0)"));
            *out += include_str!("../../assets/c/whole.c");
        }
        Some(CircuitTarget::Number { units, low, high }) => mixture(out, units, *low, *high),
    }
    variables(out, circuit, model.columns.len());
    *out += "\nint ugmm_predict(const struct ugmm_row *row, struct ugmm_prediction *prediction) {\n  double values[COLUMNS + 1], \
             roots[ALTERNATIVES], log_share = 0.0, shift, all;\n  int impossible;\n  encode(row, values, &log_share);\n  \
             impossible = standardize(values);\n  shift = roots_of(values, roots);\n  all = log_sum_exp(roots, ALTERNATIVES);\n  \
             prediction->log_likelihood = impossible ? -INFINITY : all + shift + log_share;\n";
    if circuit.target.is_some() {
        *out += "  for (int i = 0; i < ALTERNATIVES; i++) roots[i] -= all;\n";
    }
    *out += match &circuit.target {
        None => "",
        target if has_classes(target.as_ref()) => {
            "  {\n    static const double decision[UGMM_CLASSES] = {0.0};\n    of_classes(roots, decision, prediction);\n  }\n"
        }
        Some(CircuitTarget::Number { .. }) => "  of_mixture(roots, prediction);\n",
        Some(_) => "  of_whole(roots, prediction);\n",
    };
    *out += "  return 1;\n}\n";
}

fn regions(out: &mut String, circuit: &Circuit, features: usize) {
    let (mut entries, mut depends, mut offset, mut widest) = (Vec::new(), Vec::new(), 0, 1);
    for (index, region) in circuit.regions.iter().enumerate() {
        let units = circuit.units(index);
        let of_target = match region {
            Region::Inner { partitions, .. } => partitions.iter().flatten().any(|&child| depends[child]),
            leaf => leaf.variable().is_some_and(|variable| variable >= features),
        };
        let variable = region.variable().map_or(-1, |variable| variable as i64);
        let start = format!("{{{variable}, {units}, {offset}, {}", u8::from(of_target));
        entries.push(match region {
            Region::Gaussians { components, means, precisions, peaks, .. } => {
                c::doubles(out, &format!("means_{index}"), means.iter().copied());
                c::doubles(out, &format!("precisions_{index}"), precisions.iter().copied());
                c::doubles(out, &format!("peaks_{index}"), peaks.iter().copied());
                format!(
                    "{start}, {components}, means_{index}, precisions_{index}, peaks_{index}, NULL, NULL, 0, NULL}}"
                )
            }
            Region::Table { logs, .. } => {
                c::doubles(out, &format!("logs_{index}"), logs.iter().copied());
                format!("{start}, 0, NULL, NULL, NULL, logs_{index}, NULL, 0, NULL}}")
            }
            Region::Inner { partitions, weights, .. } => {
                let lists = partitions.iter().flat_map(|children| {
                    std::iter::once(children.len()).chain(children.iter().copied())
                });
                c::ints(out, &format!("partitions_{index}"), std::iter::once(partitions.len()).chain(lists));
                c::doubles(out, &format!("weights_{index}"), weights.iter().map(|weight| weight.ln()));
                let width = weights.len() / units.max(1);
                widest = widest.max(width);
                format!(
                    "{start}, 0, NULL, NULL, NULL, NULL, partitions_{index}, {width}, weights_{index}}}"
                )
            }
        });
        depends.push(of_target);
        offset += units;
    }
    c::constant(out, "REGIONS", entries.len());
    c::constant(out, "VALUES", offset);
    c::constant(out, "WIDEST", widest);
    let _ = writeln!(out, "static const struct region regions[REGIONS] = {{\n  {}}};", entries.join(",\n  "));
}

fn mixture(out: &mut String, units: &[MixtureUnit], low: Option<f64>, high: Option<f64>) {
    *out += include_str!("../../assets/c/mixture.c");
    *out += "\n";
    let end = |end: f64| format!("({})", c::number(end));
    c::constant(out, "LOW", end(low.unwrap_or(f64::NEG_INFINITY)));
    c::constant(out, "HIGH", end(high.unwrap_or(f64::INFINITY)));
    let mut first = 0;
    let mut entries = Vec::new();
    for unit in units {
        let (count, mean, deviation) = (unit.means.len(), c::number(unit.mean), c::number(unit.deviation));
        entries.push(format!("{{{first}, {count}, {mean}, {deviation}}}"));
        first += count;
    }
    let _ =
        writeln!(out, "static const struct unit units[ALTERNATIVES] = {{\n  {}}};", entries.join(",\n  "));
    c::doubles(out, "unit_weights", units.iter().flat_map(|unit| &unit.weights).copied());
    c::doubles(out, "unit_means", units.iter().flat_map(|unit| &unit.means).copied());
    c::doubles(out, "unit_sigmas", units.iter().flat_map(|unit| &unit.sigmas).copied());
    *out += include_str!("../../assets/c/mixture_target.c");
}

/// The function that turns values of columns into those of variables.
fn variables(out: &mut String, circuit: &Circuit, features: usize) {
    *out += "\n/* Replaces values of columns by those of variables; returns whether one is impossible, which counts as missing. */\n\
             static int standardize(double *x) {\n  int impossible = 0;\n";
    for (column, variable) in circuit.variables[..features].iter().enumerate() {
        let (change, possible) = match variable {
            Variable::States { .. } => continue,
            Variable::Continuous { location, scale, low, high } => {
                let ends = [("<", low), (">", high)];
                let outside = ends
                    .into_iter()
                    .filter_map(|(sign, end)| Some(format!("x[{column}] {sign} {}", c::number((*end)?))));
                let outside: Vec<String> = outside.collect();
                if !outside.is_empty() {
                    let _ =
                        writeln!(out, "  if ({}) x[{column}] = NAN, impossible = 1;", outside.join(" || "));
                }
                let [location, scale] = [location, scale].map(|value| c::number(*value));
                (format!("(x[{column}] - ({location})) / {scale}"), None)
            }
            Variable::Whole { low, high, floor } => {
                let round = if *floor { "floor" } else { "round" };
                (format!("{round}(x[{column}]) - ({low}.0)"), Some((high - low).to_string()))
            }
            Variable::Pixel => {
                let _ = writeln!(
                    out,
                    "  if (fabs(x[{column}] * 255.0 - round(x[{column}] * 255.0)) >= 0.02) x[{column}] = NAN, impossible = 1;"
                );
                (format!("round(x[{column}] * 255.0)"), Some("255".into()))
            }
        };
        let _ = writeln!(out, "  x[{column}] = {change};");
        if let Some(last) = possible {
            let _ = writeln!(
                out,
                "  if (x[{column}] < 0.0 || x[{column}] > {last}.0) x[{column}] = NAN, impossible = 1;"
            );
        }
    }
    *out += "  (void)x;\n  return impossible;\n}\n";
}
