//! Predictions in SQL, from the logarithms of probabilities.

use super::is_mixture;
use super::write::{self as sql, Tables};
use crate::portable::{Body, CircuitTarget, ClassHead, Head, MixtureUnit, NumberHead, QUANTILES};
use std::fmt::Write;

/// Names of the quantiles, in the order of [`QUANTILES`].
const QUANTILE_NAMES: [&str; 3] = ["quantile_5", "quantile_50", "quantile_95"];

/// Name of the log-likelihood of a row.
const LOG_LIKELIHOOD: &str = "log_likelihood";

/// log softmax of `score` over the rows of `ugmm_scores` with equal `ugmm_row`.
pub const LOG_SOFTMAX: &str = "SELECT ugmm_row, class, score - top - ln(sum(exp(score - top)) OVER (PARTITION BY ugmm_row))\n  \
     FROM (SELECT ugmm_row, class, score, max(score) OVER (PARTITION BY ugmm_row) AS top FROM ugmm_scores) AS scores";

/// The columns of `ugmm_prediction` behind `ugmm_row`, each with the name for people.
pub fn outputs(body: &Body) -> Vec<(String, String)> {
    let classes = |names: &[String]| {
        let probabilities = names
            .iter()
            .enumerate()
            .map(|(class, name)| (format!("p{class}"), format!("probability of {name}")));
        let own = |name: &str| (name.to_owned(), name.to_owned());
        std::iter::once(own("label")).chain(probabilities).chain([own("entropy")]).collect::<Vec<_>>()
    };
    let named =
        |names: &[&str]| names.iter().map(|&name| (name.to_owned(), name.to_owned())).collect::<Vec<_>>();
    let numbers = || {
        let quantiles = if is_mixture(body) { &[][..] } else { &QUANTILE_NAMES };
        named(&[&["mean", "deviation"], quantiles].concat())
    };
    match body {
        Body::Network(network) => match &network.head {
            Head::Classes(head) => classes(&head.names),
            Head::Number(_) => numbers(),
        },
        Body::Circuit(circuit) => {
            let mut all = match &circuit.target {
                None => Vec::new(),
                Some(CircuitTarget::Classes { names }) => classes(names),
                Some(_) => numbers(),
            };
            all.extend(named(&[LOG_LIKELIHOOD]));
            all
        }
    }
}

/// Whether the prediction has quantiles.
pub fn has_quantiles(body: &Body) -> bool {
    outputs(body).iter().any(|(own, _)| own == QUANTILE_NAMES[0])
}

/// Adds `ugmm_classes(class, name, added, decision)`.
pub fn classes(tables: &mut Tables, head: &ClassHead) {
    let all = head.names.iter().zip(&head.offsets).zip(&head.decision).enumerate();
    let rows = all.map(|(class, ((name, &offset), &decision))| {
        format!("{class}, {}, {}, {}", sql::text(name), sql::number(offset), sql::number(decision))
    });
    tables.constants("ugmm_classes(class, name, added, decision)", rows);
}

/// Adds `ugmm_target` of classes from `ugmm_scores`.
pub fn predict_classes(tables: &mut Tables, head: &ClassHead) {
    tables.add(
        "ugmm_divided(ugmm_row, class, score)",
        &format!(
            "SELECT ugmm_row, ugmm_scores.class, score / {} + added\n  FROM ugmm_classes CROSS JOIN ugmm_scores WHERE ugmm_classes.class = \
             ugmm_scores.class",
            sql::number(head.temperature)
        ),
    );
    tables.add("ugmm_logs(ugmm_row, class, log_share)", &LOG_SOFTMAX.replace("ugmm_scores", "ugmm_divided"));
    of_classes(tables, head.names.len());
}

/// Adds `ugmm_target` of classes from `ugmm_logs`, whose row of a class is absent where its probability is 0.
pub fn of_classes(tables: &mut Tables, count: usize) {
    tables.add(
        "ugmm_places(ugmm_row, class, name, log_share, place)",
        "SELECT ugmm_row, ugmm_logs.class, name, log_share, row_number() OVER (PARTITION BY ugmm_row ORDER BY log_share + decision DESC, \
         ugmm_logs.class)\n  FROM ugmm_classes CROSS JOIN ugmm_logs WHERE ugmm_classes.class = ugmm_logs.class",
    );
    let (mut names, mut shares) = (String::new(), String::new());
    for class in 0..count {
        let _ = write!(names, "p{class}, ");
        let _ = write!(shares, ",\n  max(CASE WHEN class = {class} THEN exp(log_share) ELSE 0e0 END)");
    }
    let entropy = "-sum(exp(log_share) * log_share)";
    tables.add(
        &format!("ugmm_target(ugmm_row, label, {names}entropy)"),
        &format!(
            "SELECT ugmm_row, max(CASE WHEN place = 1 THEN name END){shares},\n  CASE WHEN {entropy} > 0e0 THEN {entropy} ELSE 0e0 END\n  \
             FROM ugmm_places GROUP BY ugmm_row"
        ),
    );
}

/// Adds `ugmm_prediction`, which has the columns of `ugmm_target` and `ugmm_likelihoods` and all rows of the table; what a
/// row does not have is NULL.
pub fn prediction(tables: &mut Tables, body: &Body) {
    let names: Vec<String> = outputs(body).into_iter().map(|(own, _)| own).collect();
    let select = |table: &str, has: &dyn Fn(&str) -> bool| {
        let columns = names.iter().map(|name| if has(name) { name } else { "NULL" });
        format!("SELECT ugmm_row, {} FROM {table}", columns.collect::<Vec<_>>().join(", "))
    };
    let mut selects = vec![select("ugmm_rows", &|_| false)];
    if names != [LOG_LIKELIHOOD] {
        selects.push(select("ugmm_target", &|name| name != LOG_LIKELIHOOD));
    }
    if matches!(body, Body::Circuit(_)) {
        selects.push(select("ugmm_likelihoods", &|name| name == LOG_LIKELIHOOD));
    }
    let columns = names.join(", ");
    tables.add(&format!("ugmm_found(ugmm_row, {columns})"), &selects.join("\n  UNION ALL "));
    let largest: Vec<String> = names.iter().map(|name| format!("max({name})")).collect();
    tables.add(
        &format!("ugmm_prediction(ugmm_row, {columns})"),
        &format!("SELECT ugmm_row, {} FROM ugmm_found GROUP BY ugmm_row", largest.join(", ")),
    );
}

/// Adds the numbers of the cells of a predicted number, `ugmm_nodes(class)`, and their ends,
/// `ugmm_cells(cell, start, stop, usual)`.
pub fn cells(tables: &mut Tables, head: &NumberHead) {
    tables.constants("ugmm_nodes(class)", (0..head.nodes.len()).map(|node| node.to_string()));
    let [from, to] = head.usual.unwrap_or([0, 0]);
    let rows = head.edges.windows(2).enumerate().map(|(cell, ends)| {
        let usual = u8::from((from..to).contains(&cell));
        format!("{cell}, {}, {}, {usual}", sql::number(ends[0]), sql::number(ends[1]))
    });
    tables.constants("ugmm_cells(cell, start, stop, usual)", rows);
}

/// The probability of the cells before each cell.
const BELOW: &str = "coalesce(sum(share) OVER (PARTITION BY ugmm_row ORDER BY cell ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0e0)";

/// Adds `ugmm_target` of a number from the scores of its cells.
pub fn predict_cells(tables: &mut Tables, head: &NumberHead) {
    tables.add("ugmm_logs(ugmm_row, class, log_share)", LOG_SOFTMAX);
    tables.add("ugmm_shares(ugmm_row, cell, share)", "SELECT ugmm_row, class, exp(log_share) FROM ugmm_logs");
    let mut shares = "ugmm_shares";
    if let Some(spread) = head.spread {
        stretched(tables, head, spread);
        shares = "ugmm_stretched";
    }
    let first = head.first;
    // Impossible cells are a point mass at the start of the first possible one.
    let at_low = match head.below {
        Some(below) => format!(
            "sum(CASE WHEN cell < {first} THEN share WHEN cell = {first} THEN share * {} ELSE 0e0 END)",
            sql::number(below)
        ),
        None => "0e0".into(),
    };
    tables.add_large(
        "ugmm_possible(ugmm_row, cell, share, at_low)",
        &format!(
            "SELECT ugmm_row, CASE WHEN cell < {first} THEN 0 ELSE cell - {first} END AS place, sum(share), {at_low}\n  FROM {shares} GROUP BY \
             ugmm_row, CASE WHEN cell < {first} THEN 0 ELSE cell - {first} END"
        ),
    );
    // The moments are those given that the number is in a usual cell, if nearly all of the probability is there.
    let weight = match head.usual {
        Some(_) => "CASE WHEN inside > 0.95e0 THEN usual * share / inside ELSE share END",
        None => "share",
    };
    let below = BELOW.replace("BY cell", "BY ugmm_cells.cell");
    tables.add(
        "ugmm_densities(ugmm_row, share, at_low, below, start, stop, centre, weight)",
        &format!(
            "SELECT ugmm_row, share, at_low, below, start, stop,\n    start + (CASE WHEN at_low > 0e0 THEN 0.5e0 * (1e0 - at_low / share) ELSE 0.5e0 END) * (stop - \
             start), {weight}\n  FROM (SELECT ugmm_row, share, at_low, start, stop, usual, {below} AS below,\n    sum(usual * share) OVER (PARTITION BY ugmm_row) AS \
             inside\n    FROM ugmm_cells CROSS JOIN ugmm_possible WHERE ugmm_cells.cell = ugmm_possible.cell) AS possible"
        ),
    );
    tables.add(
        "ugmm_centred(ugmm_row, share, at_low, below, start, stop, centre, weight, mean)",
        "SELECT ugmm_row, share, at_low, below, start, stop, centre, weight, sum(weight * centre) OVER (PARTITION BY ugmm_row) FROM ugmm_densities",
    );
    let quantiles: String = QUANTILES
        .into_iter()
        .map(|probability| {
            let probability = sql::number(probability);
            let share = "CASE WHEN share - at_low > 2.3e-308 THEN share - at_low ELSE 2.3e-308 END";
            let part = format!("({probability} - below - at_low) / {share}");
            format!(
                ",\n  coalesce(min(CASE WHEN share > 0e0 AND below + share >= {probability} THEN start + ({}) * (stop - start) END), max(stop))",
                sql::clamped(&part, 0.0, 1.0)
            )
        })
        .collect();
    tables.add(
        &format!("ugmm_target(ugmm_row, mean, deviation, {})", QUANTILE_NAMES.join(", ")),
        &format!(
            "SELECT ugmm_row, max(mean), sqrt(sum(weight * ((centre - mean) * (centre - mean) + (stop - start) * (stop - start) / 12e0))){quantiles}\n  FROM \
             ugmm_centred GROUP BY ugmm_row"
        ),
    );
}

/// Adds `ugmm_stretched(ugmm_row, cell, share)`: the probabilities after the density is stretched about its median.
fn stretched(tables: &mut Tables, head: &NumberHead, spread: f64) {
    let count = head.nodes.len();
    let low = sql::number(head.range[0]);
    let width = sql::number((head.range[1] - head.range[0]) / count as f64);
    tables.add_large(
        "ugmm_cumulative(ugmm_row, cell, share, below)",
        &format!("SELECT ugmm_row, cell, share, {BELOW} FROM ugmm_shares"),
    );
    tables.add(
        "ugmm_medians(ugmm_row, median)",
        &format!(
            "SELECT ugmm_row, min(CASE WHEN share > 0e0 AND below + share >= 0.5e0 THEN {low} + {width} * (cell + CASE WHEN below < 0.5e0 THEN (0.5e0 - below) / share \
             ELSE 0e0 END) END)\n  FROM ugmm_cumulative GROUP BY ugmm_row"
        ),
    );
    let place =
        format!("(median + ({low} + edge * {width} - median) / {} - {low}) / {width}", sql::number(spread));
    tables.add(
        "ugmm_edges(ugmm_row, edge, place, cell)",
        &format!(
            "SELECT ugmm_row, edge, place, CASE WHEN place < {count} THEN CAST(floor(place) AS INTEGER) ELSE {} END\n  FROM (SELECT ugmm_row, edge, {} AS place\n    FROM \
             ugmm_medians CROSS JOIN (SELECT class AS edge FROM ugmm_nodes UNION ALL SELECT {count}) AS edges) AS places",
            count - 1,
            sql::clamped(&place, 0.0, count as f64)
        ),
    );
    let found = "ugmm_cumulative.ugmm_row = ugmm_edges.ugmm_row AND ugmm_cumulative.cell = ugmm_edges";
    let at = "below + share * (place - ugmm_edges.cell)";
    tables.add(
        "ugmm_below(ugmm_row, edge, share)",
        &format!(
            "SELECT ugmm_edges.ugmm_row, edge, CASE WHEN {at} > 1e0 THEN 1e0 ELSE {at} END\n  FROM ugmm_edges CROSS JOIN ugmm_cumulative WHERE {found}.cell"
        ),
    );
    tables.add(
        "ugmm_steps(ugmm_row, edge, step, kept)",
        "SELECT ugmm_row, edge, lead(share) OVER (PARTITION BY ugmm_row ORDER BY edge) - share, max(share) OVER (PARTITION BY ugmm_row) - min(share) OVER (PARTITION BY ugmm_row) \
         FROM ugmm_below",
    );
    let wide = "step / CASE WHEN kept > 2.3e-308 THEN kept ELSE 2.3e-308 END";
    tables.add(
        "ugmm_wide(ugmm_row, cell, share)",
        &format!(
            "SELECT ugmm_edges.ugmm_row, edge, CASE WHEN {wide} > 1e-3 * share THEN {wide} ELSE 1e-3 * share END\n  FROM ugmm_steps AS ugmm_edges CROSS JOIN \
             ugmm_cumulative WHERE {found}.edge"
        ),
    );
    tables.add(
        "ugmm_stretched(ugmm_row, cell, share)",
        "SELECT ugmm_row, cell, share / sum(share) OVER (PARTITION BY ugmm_row) FROM ugmm_wide",
    );
}

/// Adds `ugmm_target` of a whole number from `ugmm_logs`; class 0 is the number `first`.
pub fn predict_whole(tables: &mut Tables, first: i64, count: usize) {
    tables.add(
        "ugmm_shares(ugmm_row, cell, share, mean)",
        &format!(
            "SELECT ugmm_row, class, exp(log_share), sum(exp(log_share) * (class + ({first}))) OVER (PARTITION BY ugmm_row) FROM ugmm_logs"
        ),
    );
    tables.add(
        "ugmm_cumulative(ugmm_row, number, share, mean, below)",
        &format!("SELECT ugmm_row, cell + ({first}), share, mean, {BELOW} FROM ugmm_shares"),
    );
    let last = first + count as i64 - 1;
    let quantiles: String = QUANTILES
        .into_iter()
        .map(|probability| {
            let least = sql::number(probability - 1e-12);
            format!(",\n  coalesce(min(CASE WHEN below + share >= {least} AND share > 0e0 THEN number END), {last})")
        })
        .collect();
    tables.add(
        &format!("ugmm_target(ugmm_row, mean, deviation, {})", QUANTILE_NAMES.join(", ")),
        &format!(
            "SELECT ugmm_row, max(mean), sqrt(sum(share * (number - mean) * (number - mean))){quantiles}\n  FROM ugmm_cumulative GROUP BY ugmm_row"
        ),
    );
}

/// Adds `ugmm_target` of a mixture from `ugmm_logs`, which has the weights of its units.
pub fn predict_mixture(tables: &mut Tables, units: &[MixtureUnit], low: Option<f64>, high: Option<f64>) {
    let rows = units
        .iter()
        .enumerate()
        .map(|(class, unit)| format!("{class}, {}, {}", sql::number(unit.mean), sql::number(unit.deviation)));
    tables.constants("ugmm_units(class, mean, deviation)", rows);
    let mean = "sum(exp(log_share) * mean) OVER (PARTITION BY ugmm_row)";
    tables.add(
        "ugmm_parts(ugmm_row, share, mean, deviation, whole_mean)",
        &format!(
            "SELECT ugmm_row, share, mean, deviation, {}\n  FROM (SELECT ugmm_row, exp(log_share) AS share, mean, deviation, {mean} AS whole_mean\n    FROM \
             ugmm_units CROSS JOIN ugmm_logs WHERE ugmm_units.class = ugmm_logs.class) AS parts",
            sql::clamped("whole_mean", low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY))
        ),
    );
    tables.add(
        "ugmm_target(ugmm_row, mean, deviation)",
        "SELECT ugmm_row, max(whole_mean), sqrt(sum(share * (deviation * deviation + (mean - whole_mean) * (mean - whole_mean))))\n  FROM ugmm_parts \
         GROUP BY ugmm_row",
    );
}
