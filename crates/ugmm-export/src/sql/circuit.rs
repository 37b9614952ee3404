//! Circuits in SQL.

use super::head;
use super::write::{self as sql, Tables};
use crate::portable::{Circuit, CircuitTarget, ClassHead, Region, Variable};
use std::collections::BTreeSet;
use std::fmt::Write;

/// What is known of a region before any row is read.
struct About {
    /// Whether it has the target.
    depends: bool,
    /// The number of regions below it, on the longest path.
    level: usize,
}

/// What is known of each region.
fn about(circuit: &Circuit) -> Vec<About> {
    let target = circuit.target.as_ref().map(|_| circuit.variables.len() - 1);
    let mut all: Vec<About> = Vec::new();
    for region in &circuit.regions {
        all.push(match region {
            Region::Inner { partitions, .. } => {
                let children = || partitions.iter().flatten().map(|&child| &all[child]);
                About {
                    depends: children().any(|child| child.depends),
                    level: 1 + children().map(|child| child.level).max().unwrap_or(0),
                }
            }
            leaf => About { depends: target.is_some() && leaf.variable() == target, level: 0 },
        });
    }
    all
}

/// Number of terms that the prediction of a row sums.
pub fn terms(circuit: &Circuit) -> usize {
    let alternatives = circuit.alternative_count().max(1);
    let of_region = |(region, about): (&Region, About)| match region {
        Region::Inner { weights, .. } if about.depends => alternatives * weights.len(),
        Region::Inner { weights, .. } => weights.len(),
        Region::Gaussians { means, .. } => means.len(),
        Region::Table { logs, .. } => logs.len(),
    };
    circuit.regions.iter().zip(about(circuit)).map(of_region).sum()
}

/// Adds all tables from the values of variables to `ugmm_prediction`.
pub fn write(tables: &mut Tables, circuit: &Circuit) {
    let about = about(circuit);
    evidence(tables, circuit);
    leaves(tables, circuit, &about);
    if circuit.target.is_some() {
        let rows = circuit.alternatives().into_iter().flat_map(|(region, logs)| {
            let units = circuit.units(region);
            logs.into_iter().enumerate().filter(|(_, log)| *log > f64::NEG_INFINITY).map(move |(at, log)| {
                format!("{}, {region}, {}, {}", at / units, at % units, sql::number(log))
            })
        });
        tables.constants("ugmm_of_target(alternative, region, unit, y)", rows);
        tables.add(
            "ugmm_with_0(ugmm_row, alternative, region, unit, y)",
            "SELECT ugmm_row, alternative, region, unit, y FROM ugmm_rows CROSS JOIN ugmm_of_target",
        );
        let count = circuit.alternative_count();
        tables.constants(
            "ugmm_alternatives(alternative)",
            (0..count).map(|alternative| alternative.to_string()),
        );
    }
    let highest = about.iter().map(|about| about.level).max().unwrap_or(0);
    for level in 1..=highest {
        for depends in [false, true] {
            let here = |index: &usize| about[*index].level == level && about[*index].depends == depends;
            let regions: Vec<usize> = (0..about.len()).filter(here).collect();
            if !regions.is_empty() {
                inner(tables, circuit, &about, level, depends, &regions);
            }
        }
    }
    prediction(tables, circuit, &about);
}

/// Adds `ugmm_facts(ugmm_row, impossible, log_share)` and `ugmm_evidence(ugmm_row, variable, x)`, in which the value of a
/// variable is NULL if it is missing or impossible.
fn evidence(tables: &mut Tables, circuit: &Circuit) {
    let features = circuit.variables.len() - usize::from(circuit.target.is_some());
    let (mut selects, mut impossible) = (Vec::new(), String::new());
    for (column, variable) in circuit.variables[..features].iter().enumerate() {
        let c = format!("c{column}");
        let ends = |change: &str, last: i64| {
            (change.to_owned(), Some(format!("{change} >= 0 AND {change} <= {last}")))
        };
        let (x, possible) = match variable {
            Variable::States { .. } => (c.clone(), None),
            Variable::Continuous { location, scale, low, high } => {
                let [location, scale] = [location, scale].map(|value| sql::number(*value));
                let ends = [(">=", low), ("<=", high)]
                    .into_iter()
                    .filter_map(|(sign, end)| end.map(|end| format!("{c} {sign} {}", sql::number(end))));
                let ends: Vec<String> = ends.collect();
                (format!("({c} - ({location})) / {scale}"), (!ends.is_empty()).then(|| ends.join(" AND ")))
            }
            Variable::Whole { low, high, floor } => {
                let round = if *floor { "floor" } else { "round" };
                ends(&format!("{round}({c}) - ({low})"), high - low)
            }
            Variable::Pixel => {
                let byte = format!("round({c} * 255e0)");
                let (x, possible) = ends(&byte, 255);
                (x, possible.map(|possible| format!("{possible} AND abs({c} * 255e0 - {byte}) < 0.02e0")))
            }
        };
        let x = possible.as_ref().map_or(x.clone(), |possible| format!("CASE WHEN {possible} THEN {x} END"));
        if let Some(possible) = possible {
            let _ = write!(impossible, "\n  + CASE WHEN {c} IS NULL OR {possible} THEN 0 ELSE 1 END");
        }
        selects.push(format!("SELECT ugmm_row, {column}, {x} FROM ugmm_values"));
    }
    tables.add(
        "ugmm_facts(ugmm_row, impossible, log_share)",
        &format!("SELECT ugmm_row, 0{impossible}, log_share FROM ugmm_values"),
    );
    if selects.is_empty() {
        selects.push("SELECT ugmm_row, -1, 0e0 FROM ugmm_rows".into());
    }
    tables.add("ugmm_evidence(ugmm_row, variable, x)", &selects.join("\n  UNION ALL "));
}

/// Adds `ugmm_nodes_0(ugmm_row, region, unit, y)`, the leaves without those of the target, and `ugmm_shifts(ugmm_row,
/// shift)`: of each variable the largest logarithm of a density is subtracted from all of them, beside which terms of
/// other variables would be lost.
fn leaves(tables: &mut Tables, circuit: &Circuit, about: &[About]) {
    let (mut units, mut gaussians, mut logs) = (Vec::new(), Vec::new(), Vec::new());
    for (index, region) in circuit.regions.iter().enumerate().filter(|(index, _)| !about[*index].depends) {
        let Some(variable) = region.variable() else { continue };
        let own = circuit.units(index);
        units.extend((0..own).map(|unit| format!("{variable}, {index}, {unit}")));
        match region {
            Region::Gaussians { means, precisions, peaks, .. } => {
                let known = (0..means.len()).filter(|&at| peaks[at] > f64::NEG_INFINITY);
                gaussians.extend(known.map(|at| {
                    let numbers = [means[at], precisions[at], peaks[at]].map(sql::number).join(", ");
                    format!("{variable}, {index}, {}, {numbers}", at % own)
                }));
            }
            Region::Table { logs: all, .. } => {
                let known = all.iter().enumerate().filter(|(_, log)| **log > f64::NEG_INFINITY);
                logs.extend(known.map(|(at, &log)| {
                    format!("{variable}, {}, {index}, {}, {}", at / own, at % own, sql::number(log))
                }));
            }
            Region::Inner { .. } => {}
        }
    }
    tables.constants("ugmm_leaf_units(variable, region, unit)", units);
    let mut selects = vec![
        "SELECT ugmm_row, region, unit, 0e0 FROM ugmm_leaf_units CROSS JOIN ugmm_evidence\n    WHERE ugmm_leaf_units.variable = ugmm_evidence.variable AND x IS NULL",
    ];
    if !logs.is_empty() {
        tables.constants("ugmm_logs_of_states(variable, state, region, unit, y)", logs);
        selects.push(
            "SELECT ugmm_row, region, unit, y FROM ugmm_logs_of_states CROSS JOIN ugmm_evidence\n    WHERE ugmm_logs_of_states.variable = ugmm_evidence.variable AND state = x",
        );
    }
    let has_gaussians = !gaussians.is_empty();
    if has_gaussians {
        tables.constants("ugmm_gaussians(variable, region, unit, mean, precision, peak)", gaussians);
        tables.add(
            "ugmm_terms_0(ugmm_row, variable, region, unit, term, weight)",
            &format!(
                "SELECT ugmm_row, ugmm_evidence.variable, region, unit, {}, 1e0\n  FROM ugmm_gaussians CROSS JOIN ugmm_evidence WHERE ugmm_gaussians.variable = \
                 ugmm_evidence.variable AND x IS NOT NULL",
                sql::exponent()
            ),
        );
        tables.log_sums("ugmm_sums_0", "ugmm_row, variable, region, unit", "ugmm_terms_0");
        tables.add(
            "ugmm_shifted(ugmm_row, variable, region, unit, y, largest)",
            "SELECT ugmm_row, variable, region, unit, y, max(y) OVER (PARTITION BY ugmm_row, variable) FROM ugmm_sums_0",
        );
        selects.push("SELECT ugmm_row, region, unit, y - largest FROM ugmm_shifted");
    }
    tables.add(
        "ugmm_shifts(ugmm_row, shift)",
        if has_gaussians {
            "SELECT ugmm_row, sum(largest)\n  FROM (SELECT DISTINCT ugmm_row, variable, largest FROM ugmm_shifted) AS of_variables GROUP BY ugmm_row"
        } else {
            "SELECT ugmm_row, 0e0 FROM ugmm_rows"
        },
    );
    tables.add("ugmm_nodes_0(ugmm_row, region, unit, y)", &selects.join("\n  UNION ALL "));
}

/// Adds the inner regions of a level, `ugmm_nodes_i(ugmm_row, region, unit, y)`, or `ugmm_with_i(ugmm_row, alternative,
/// region, unit, y)` for those that have the target.
fn inner(
    tables: &mut Tables,
    circuit: &Circuit,
    about: &[About],
    level: usize,
    depends: bool,
    regions: &[usize],
) {
    let (mut links, mut weighed, mut below) = (Vec::new(), Vec::new(), BTreeSet::new());
    for &index in regions {
        let Region::Inner { units, partitions, weights } = &circuit.regions[index] else { continue };
        let mut first = 0;
        for children in partitions {
            for &child in children {
                links.push(format!("{index}, {first}, {child}, {}", children.len()));
                below.insert((about[child].depends, about[child].level));
            }
            first += children.first().map_or(0, |&child| circuit.units(child));
        }
        let width = weights.len() / (*units).max(1);
        let known = weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
        weighed.extend(known.map(|(at, &weight)| {
            format!("{index}, {}, {}, {}", at / width, at % width, sql::number(weight.ln()))
        }));
    }
    let (kind, keys) = if depends { ("with", "ugmm_row, alternative") } else { ("nodes", "ugmm_row") };
    let of = format!("{kind}_{level}");
    tables.constants(&format!("ugmm_links_{of}(parent, first, child, children)"), links);
    tables.constants(&format!("ugmm_weights_{of}(region, unit, place, log_weight)"), weighed);
    let children: Vec<String> = below
        .into_iter()
        .map(|(of_target, level)| match (depends, of_target) {
            (_, true) => format!("SELECT {keys}, region, unit, y FROM ugmm_with_{level}"),
            (false, false) => format!("SELECT {keys}, region, unit, y FROM ugmm_nodes_{level}"),
            (true, false) => {
                format!("SELECT {keys}, region, unit, y FROM ugmm_nodes_{level} CROSS JOIN ugmm_alternatives")
            }
        })
        .collect();
    // A product with a factor 0 has fewer rows than factors.
    tables.add_large(
        &format!("ugmm_products_{of}({keys}, region, place, y)"),
        &format!(
            "SELECT {keys}, parent, first + unit, sum(y)\n  FROM ugmm_links_{of} CROSS JOIN ({}) AS nodes WHERE child = region\n  GROUP BY {keys}, parent, \
             first + unit, children HAVING count(*) = children",
            children.join("\n    UNION ALL ")
        ),
    );
    tables.add(
        &format!("ugmm_terms_{of}({keys}, region, unit, term, weight)"),
        &format!(
            "SELECT {keys}, ugmm_weights_{of}.region, unit, y + log_weight, 1e0\n  FROM ugmm_weights_{of} CROSS JOIN ugmm_products_{of}\n  WHERE ugmm_weights_{of}.region = \
             ugmm_products_{of}.region AND ugmm_weights_{of}.place = ugmm_products_{of}.place"
        ),
    );
    tables.log_sums(&format!("ugmm_{of}"), &format!("{keys}, region, unit"), &format!("ugmm_terms_{of}"));
}

/// Adds `ugmm_likelihoods(ugmm_row, log_likelihood)` and `ugmm_target`.
fn prediction(tables: &mut Tables, circuit: &Circuit, about: &[About]) {
    let root = circuit.regions.len() - 1;
    let level = about[root].level;
    if circuit.target.is_some() {
        tables.add(
            "ugmm_roots(ugmm_row, class, term, weight)",
            &format!("SELECT ugmm_row, alternative, y, 1e0 FROM ugmm_with_{level} WHERE region = {root}"),
        );
    } else {
        tables.add(
            "ugmm_roots(ugmm_row, term, weight)",
            &format!("SELECT ugmm_row, y, 1e0 FROM ugmm_nodes_{level} WHERE region = {root}"),
        );
    }
    tables.log_sums("ugmm_all", "ugmm_row", "ugmm_roots");
    let nothing = sql::number(f64::NEG_INFINITY);
    tables.add(
        "ugmm_parts_of_likelihoods(ugmm_row, impossible, part, y)",
        "SELECT ugmm_row, impossible, log_share, NULL FROM ugmm_facts\n  UNION ALL SELECT ugmm_row, 0, shift, NULL FROM ugmm_shifts\n  \
         UNION ALL SELECT ugmm_row, 0, NULL, y FROM ugmm_all",
    );
    tables.add(
        "ugmm_likelihoods(ugmm_row, log_likelihood)",
        &format!(
            "SELECT ugmm_row, CASE WHEN max(impossible) = 0 AND max(y) IS NOT NULL THEN max(y) + sum(part) ELSE {nothing} END\n  FROM \
             ugmm_parts_of_likelihoods GROUP BY ugmm_row"
        ),
    );
    let Some(target) = &circuit.target else { return };
    tables.add(
        "ugmm_logs(ugmm_row, class, log_share)",
        &head::LOG_SOFTMAX
            .replace("ugmm_scores", "(SELECT ugmm_row, class, term AS score FROM ugmm_roots) AS roots"),
    );
    match target {
        CircuitTarget::Classes { names } => {
            let zeros = vec![0.0; names.len()];
            let head = ClassHead {
                names: names.clone(),
                labels: None,
                temperature: 1.0,
                offsets: zeros.clone(),
                decision: zeros,
            };
            head::classes(tables, &head);
            head::of_classes(tables, names.len());
        }
        CircuitTarget::Whole { first, count } => head::predict_whole(tables, *first, *count),
        CircuitTarget::Number { units, low, high } => head::predict_mixture(tables, units, *low, *high),
    }
}
