//! Predictions in SQL, from the logarithms of probabilities.

use super::is_mixture;
use super::write::{self as sql, Tables};
use crate::portable::{Body, CircuitTarget, ClassHead, Head, MixtureUnit, NumberHead, QUANTILES};
use std::fmt::Write;

/// Names of the quantiles, in the order of [`QUANTILES`].
const QUANTILE_NAMES: [&str; 3] = ["quantile_5", "quantile_50", "quantile_95"];

/// log softmax of `score` over the rows of `ugmm_scores` with equal `ugmm_row`.
const LOG_SOFTMAX: &str = "SELECT ugmm_row, class, score - top - ln(sum(exp(score - top)) OVER (PARTITION BY ugmm_row))\n  \
     FROM (SELECT ugmm_row, class, score, max(score) OVER (PARTITION BY ugmm_row) AS top FROM ugmm_scores) AS scores";

/// The columns of `ugmm_prediction`, each with the name for people.
pub fn outputs(body: &Body) -> Vec<(String, String)> {
    let classes = |names: &[String]| {
        let probabilities =
            names.iter().enumerate().map(|(class, name)| (format!("p{class}"), format!("probability of {name}")));
        let own = |name: &str| (name.to_owned(), name.to_owned());
        std::iter::once(own("label")).chain(probabilities).chain([own("entropy")]).collect::<Vec<_>>()
    };
    let named = |names: &[&str]| names.iter().map(|&name| (name.to_owned(), name.to_owned())).collect::<Vec<_>>();
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
            all.extend(named(&["log_likelihood"]));
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

/// Adds `ugmm_prediction` of classes from `ugmm_scores`.
pub fn predict_classes(tables: &mut Tables, head: &ClassHead) {
    tables.add(
        "ugmm_divided(ugmm_row, class, score)",
        &format!(
            "SELECT ugmm_row, ugmm_scores.class, score / {} + added\n  FROM ugmm_scores JOIN ugmm_classes ON ugmm_classes.class = \
             ugmm_scores.class",
            sql::number(head.temperature)
        ),
    );
    tables.add("ugmm_logs(ugmm_row, class, log_share)", &LOG_SOFTMAX.replace("ugmm_scores", "ugmm_divided"));
    of_classes(tables, head.names.len(), false);
}

/// Adds `ugmm_prediction` of classes from `ugmm_logs`, whose row of a class is absent where its probability is 0; a
/// density adds the log-likelihood.
pub fn of_classes(tables: &mut Tables, count: usize, density: bool) {
    tables.add(
        "ugmm_places(ugmm_row, class, name, log_share, place)",
        "SELECT ugmm_row, ugmm_logs.class, name, log_share, row_number() OVER (PARTITION BY ugmm_row ORDER BY log_share + decision DESC, \
         ugmm_logs.class)\n  FROM ugmm_logs JOIN ugmm_classes ON ugmm_classes.class = ugmm_logs.class",
    );
    let (mut names, mut shares) = (String::new(), String::new());
    for class in 0..count {
        let _ = write!(names, "p{class}, ");
        let _ = write!(shares, ",\n  max(CASE WHEN class = {class} THEN exp(log_share) ELSE 0e0 END)");
    }
    let entropy = "-sum(exp(log_share) * log_share)";
    tables.add(
        &format!("ugmm_classified(ugmm_row, label, {names}entropy)"),
        &format!(
            "SELECT ugmm_row, max(CASE WHEN place = 1 THEN name END){shares},\n  CASE WHEN {entropy} > 0e0 THEN {entropy} ELSE 0e0 END\n  \
             FROM ugmm_places GROUP BY ugmm_row"
        ),
    );
    if density {
        with_log_likelihood(tables, "ugmm_classified");
    } else {
        tables.add("ugmm_prediction", "SELECT * FROM ugmm_classified");
    }
}

/// Adds `ugmm_prediction`: the columns of a table, and the log-likelihood.
pub fn with_log_likelihood(tables: &mut Tables, from: &str) {
    tables.add(
        "ugmm_prediction",
        &format!(
            "SELECT {from}.*, ugmm_likelihoods.log_likelihood\n  FROM {from} JOIN ugmm_likelihoods ON ugmm_likelihoods.ugmm_row = {from}.ugmm_row"
        ),
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

/// Adds `ugmm_prediction` of a number from the scores of its cells.
pub fn predict_cells(tables: &mut Tables, head: &NumberHead) {
    tables.add("ugmm_logs(ugmm_row, class, log_share)", LOG_SOFTMAX);
    tables.add("ugmm_shares(ugmm_row, cell, share)", "SELECT ugmm_row, class, exp(log_share) FROM ugmm_logs");
    let mut shares = "ugmm_shares";
    if let Some(spread) = head.spread {
        stretched(tables, head, spread);
        shares = "ugmm_stretched";
    }
    let (first, below) = (head.first, head.below.unwrap_or(0.0));
    // Impossible cells are a point mass at the start of the first possible one.
    let at_low = match head.below {
        Some(_) => format!(
            "sum(CASE WHEN cell < {first} THEN share WHEN cell = {first} THEN share * {} ELSE 0e0 END)",
            sql::number(below)
        ),
        None => "0e0".into(),
    };
    tables.add(
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
    tables.add(
        "ugmm_densities(ugmm_row, share, at_low, below, start, stop, centre, weight)",
        &format!(
            "SELECT ugmm_row, share, at_low, below, start, stop, start + (CASE WHEN at_low > 0e0 THEN 0.5e0 * (1e0 - at_low / share) ELSE 0.5e0 END) * \
             (stop - start), {weight}\n  FROM (SELECT ugmm_row, share, at_low, start, stop, usual, {} AS below,\n    sum(usual * share) OVER (PARTITION BY \
             ugmm_row) AS inside\n    FROM ugmm_possible JOIN ugmm_cells ON ugmm_cells.cell = ugmm_possible.cell) AS possible",
            BELOW.replace("BY cell", "BY ugmm_possible.cell")
        ),
    );
    tables.add(
        "ugmm_means(ugmm_row, mean)",
        "SELECT ugmm_row, sum(weight * centre) FROM ugmm_densities GROUP BY ugmm_row",
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
        &format!("ugmm_prediction(ugmm_row, mean, deviation, {})", QUANTILE_NAMES.join(", ")),
        &format!(
            "SELECT ugmm_densities.ugmm_row, max(mean),\n  sqrt(sum(weight * ((centre - mean) * (centre - mean) + (stop - start) * (stop - start) / 12e0))){quantiles}\n  \
             FROM ugmm_densities JOIN ugmm_means ON ugmm_means.ugmm_row = ugmm_densities.ugmm_row GROUP BY ugmm_densities.ugmm_row"
        ),
    );
}

/// Adds `ugmm_stretched(ugmm_row, cell, share)`: the probabilities after the density is stretched about its median.
fn stretched(tables: &mut Tables, head: &NumberHead, spread: f64) {
    let count = head.nodes.len();
    let low = sql::number(head.range[0]);
    let width = sql::number((head.range[1] - head.range[0]) / count as f64);
    tables.add(
        "ugmm_cumulative(ugmm_row, cell, share, below)",
        &format!("SELECT ugmm_row, cell, share, {BELOW} FROM ugmm_shares"),
    );
    tables.add(
        "ugmm_medians(ugmm_row, median)",
        &format!(
            "SELECT ugmm_row, min(CASE WHEN share > 0e0 AND below + share >= 0.5e0 THEN {low} + {width} * (cell + CASE WHEN below < 0.5e0 THEN (0.5e0 - \
             below) / share ELSE 0e0 END) END)\n  FROM ugmm_cumulative GROUP BY ugmm_row"
        ),
    );
    let place = format!(
        "(median + ({low} + edge * {width} - median) / {} - {low}) / {width}",
        sql::number(spread)
    );
    tables.add(
        "ugmm_edges(ugmm_row, edge, place, cell)",
        &format!(
            "SELECT ugmm_row, edge, place, CASE WHEN place < {count} THEN CAST(floor(place) AS INTEGER) ELSE {} END\n  FROM (SELECT ugmm_row, edge, {} AS place\n    \
             FROM ugmm_medians CROSS JOIN (SELECT class AS edge FROM ugmm_nodes UNION ALL SELECT {count}) AS edges) AS places",
            count - 1,
            sql::clamped(&place, 0.0, count as f64)
        ),
    );
    let own = "below + share * (place - ugmm_edges.cell)";
    tables.add(
        "ugmm_at(ugmm_row, cell, at, next, kept)",
        &format!(
            "SELECT ugmm_row, edge, at, lead(at) OVER (PARTITION BY ugmm_row ORDER BY edge), max(at) OVER (PARTITION BY ugmm_row) - min(at) OVER (PARTITION BY \
             ugmm_row)\n  FROM (SELECT ugmm_edges.ugmm_row, edge, CASE WHEN {own} > 1e0 THEN 1e0 ELSE {own} END AS at\n    FROM ugmm_edges JOIN ugmm_cumulative ON \
             ugmm_cumulative.ugmm_row = ugmm_edges.ugmm_row AND ugmm_cumulative.cell = ugmm_edges.cell) AS edges"
        ),
    );
    let wide = "(next - at) / CASE WHEN kept > 2.3e-308 THEN kept ELSE 2.3e-308 END";
    tables.add(
        "ugmm_wide(ugmm_row, cell, share)",
        &format!(
            "SELECT ugmm_at.ugmm_row, ugmm_at.cell, CASE WHEN {wide} > 1e-3 * share THEN {wide} ELSE 1e-3 * share END\n  FROM ugmm_at JOIN ugmm_cumulative ON \
             ugmm_cumulative.ugmm_row = ugmm_at.ugmm_row AND ugmm_cumulative.cell = ugmm_at.cell"
        ),
    );
    tables.add(
        "ugmm_stretched(ugmm_row, cell, share)",
        "SELECT ugmm_row, cell, share / sum(share) OVER (PARTITION BY ugmm_row) FROM ugmm_wide",
    );
}

/// Adds `ugmm_prediction` of a whole number from `ugmm_logs`; class 0 is the number `first`.
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
        &format!("ugmm_numbers(ugmm_row, mean, deviation, {})", QUANTILE_NAMES.join(", ")),
        &format!(
            "SELECT ugmm_row, max(mean), sqrt(sum(share * (number - mean) * (number - mean))){quantiles}\n  FROM ugmm_cumulative GROUP BY ugmm_row"
        ),
    );
    with_log_likelihood(tables, "ugmm_numbers");
}

/// Adds `ugmm_prediction` of a mixture from `ugmm_logs`, which has the weights of its units.
pub fn predict_mixture(tables: &mut Tables, units: &[MixtureUnit], low: Option<f64>, high: Option<f64>) {
    let rows = units.iter().enumerate().map(|(class, unit)| {
        format!("{class}, {}, {}", sql::number(unit.mean), sql::number(unit.deviation))
    });
    tables.constants("ugmm_units(class, mean, deviation)", rows);
    let mean = "sum(exp(log_share) * mean) OVER (PARTITION BY ugmm_row)";
    tables.add(
        "ugmm_parts(ugmm_row, share, mean, deviation, whole_mean)",
        &format!(
            "SELECT ugmm_row, share, mean, deviation, {}\n  FROM (SELECT ugmm_row, exp(log_share) AS share, mean, deviation, {mean} AS whole_mean\n    FROM \
             ugmm_logs JOIN ugmm_units ON ugmm_units.class = ugmm_logs.class) AS parts",
            sql::clamped("whole_mean", low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY))
        ),
    );
    tables.add(
        "ugmm_numbers(ugmm_row, mean, deviation)",
        "SELECT ugmm_row, max(whole_mean), sqrt(sum(share * (deviation * deviation + (mean - whole_mean) * (mean - whole_mean))))\n  FROM ugmm_parts \
         GROUP BY ugmm_row",
    );
    with_log_likelihood(tables, "ugmm_numbers");
}
