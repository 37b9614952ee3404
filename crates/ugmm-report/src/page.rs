//! A report as one self-contained HTML page.

use crate::figures::{self, MapRow, NeuronFigures, RowFigures};
use crate::report::{Matters, Measures, Report};
use crate::text::{escaped, script_json};
use crate::{Chart, Text};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write;

/// Largest sizes of neurons, rows and maps in bytes; with everything else a page stays below 5 MB.
const NEURON_BYTES: usize = 2_900_000;
const ROW_BYTES: usize = 1_000_000;
const MAP_BYTES: usize = 700_000;

/// An HTML page and what it contains.
#[derive(Clone, Debug)]
pub struct Page {
    /// The HTML.
    pub html: String,
    /// Number of neurons on the page.
    pub neurons: usize,
    /// Number of rows on the page.
    pub rows: usize,
    /// What was left out to limit the size, in addition to the report's own notes: one sentence each.
    pub cut: Vec<Text>,
}

/// The data that the page's script reads.
#[derive(Serialize)]
struct Content {
    layers: usize,
    importance: Option<Chart>,
    effects: Vec<Chart>,
    network: Chart,
    neurons: Vec<NeuronFigures>,
    first_neuron: String,
    rows: Vec<RowFigures>,
    maps: Vec<MapRow>,
    measures: Option<MeasuresContent>,
    training: Vec<Chart>,
    #[serde(skip)]
    what_if: Option<String>,
}

#[derive(Serialize)]
struct MeasuresContent {
    facts: Vec<(Text, Text)>,
    charts: Vec<Chart>,
}

/// The report as a page below 5 MB. For a large network it contains as many neurons, rows and maps as fit:
/// the most important neurons of each layer, the first rows, the first classes. It states what was left out.
#[must_use]
pub fn page(report: &Report) -> Page {
    let mut notes = report.notes.clone();
    let known = notes.len();
    let size = report.maps.as_ref().map(|maps| (maps.width, maps.height));
    let neurons = neurons(report);
    let rows = fitting(report.rows.iter().map(|row| figures::row(row, &report.target, size)), ROW_BYTES);
    let maps = report.maps.as_ref().map(figures::maps).unwrap_or_default();
    let all_maps = maps.len();
    let maps = fitting(maps.into_iter(), MAP_BYTES);
    let mut cut = |what: &str, kept: usize, all: usize| {
        if kept < all {
            notes.push(format!("To keep the page small, {kept} of {all} {what} are on it.").into());
        }
    };
    cut("neurons", neurons.len(), report.neurons.len());
    cut("rows chosen", rows.len(), report.rows.len());
    cut("classes with pictures", maps.len(), all_maps);
    let content = Content {
        layers: report.network.columns.len().saturating_sub(1),
        importance: report.matters.as_ref().and_then(figures::importance),
        effects: report.matters.as_ref().map(figures::effects).unwrap_or_default(),
        network: figures::network_figure(report),
        first_neuron: report.neurons.first().map(|neuron| neuron.id.clone()).unwrap_or_default(),
        neurons,
        rows,
        maps,
        measures: report.measures.as_ref().map(|measures| MeasuresContent {
            facts: match measures {
                Measures::Classes { facts, .. } | Measures::Numbers { facts, .. } => facts.clone(),
            },
            charts: figures::measures(measures),
        }),
        training: report.training.iter().flat_map(figures::training).collect(),
        what_if: report.what_if.clone(),
    };
    let title = format!("{}: uGMM network", report.target);
    let parts = [
        ("{program}", escaped(report.program.as_str())),
        ("{title}", escaped(&title)),
        ("{css}", include_str!("../assets/page.css").to_owned()),
        ("{body}", body(report, &notes, &content)),
        ("{report}", script_json(&content)),
        ("{chart_script}", include_str!("../assets/chart.js").to_owned()),
        ("{page_script}", include_str!("../assets/page.js").to_owned()),
    ];
    let (neurons, rows) = (content.neurons.len(), content.rows.len());
    let html = filled(include_str!("../assets/page.html"), &parts);
    Page { html, neurons, rows, cut: notes.split_off(known) }
}

/// Replaces marks in the template by parts, in order; a part is never searched for marks.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let mut html = String::new();
    let mut rest = template;
    for (mark, part) in parts {
        let (before, after) = rest.split_once(mark).expect("the template has all marks, in this order");
        html += before;
        html += part;
        rest = after;
    }
    html + rest
}

/// As many figures as fit into `bytes`.
fn fitting<T: Serialize>(figures: impl Iterator<Item = T>, mut bytes: usize) -> Vec<T> {
    let fits = |figure: &T| {
        let size = script_json(figure).len();
        let fits = size <= bytes;
        bytes = bytes.saturating_sub(if fits { size } else { bytes });
        fits
    };
    figures.take_while(fits).collect()
}

/// Figures of the first neuron of each layer, then of the second of each and so on, as long as they fit;
/// sorted in the order of the report.
fn neurons(report: &Report) -> Vec<NeuronFigures> {
    let mut ranks = vec![0usize; report.network.columns.len() + 1];
    let mut order: Vec<(usize, usize)> = Vec::new();
    for (index, neuron) in report.neurons.iter().enumerate() {
        let layer = neuron.layer.min(ranks.len() - 1);
        order.push((ranks[layer], index));
        ranks[layer] += 1;
    }
    order.sort_unstable();
    let drawn = order.iter().map(|&(_, index)| figures::neuron(&report.neurons[index]));
    let drawn = fitting(drawn, NEURON_BYTES);
    let mut kept: Vec<(usize, NeuronFigures)> =
        order.into_iter().map(|(_, index)| index).zip(drawn).collect();
    kept.sort_by_key(|(index, _)| *index);
    kept.into_iter().map(|(_, figures)| figures).collect()
}

fn body(report: &Report, notes: &[Text], content: &Content) -> String {
    let e = |text: &Text| escaped(text.as_str());
    let mut html = String::new();
    let has_rows = !content.rows.is_empty();
    let sections = [
        ("matters", "What matters", content.importance.is_some()),
        ("figure-1", "Network", true),
        ("neurons", "Neurons", !content.neurons.is_empty()),
        ("rows", "Rows", has_rows),
        ("changed", "What if", content.what_if.is_some()),
        ("classes", "Classes", !content.maps.is_empty()),
        ("predictions", "Predictions", content.measures.is_some()),
        ("course", "Training", !content.training.is_empty()),
    ];
    let _ = write!(
        html,
        "<header>\n<h1 dir=\"auto\">{}</h1>\n<p class=\"quiet\">A uGMM network seen from inside: {} on {}</p>\n",
        e(&report.target),
        e(&report.model),
        e(&report.table)
    );
    html += "<dl class=\"facts\">";
    for (name, value) in &report.facts {
        let _ = write!(html, "<div><dt>{}</dt><dd dir=\"auto\">{}</dd></div>", e(name), e(value));
    }
    html += "</dl>\n";
    if !notes.is_empty() {
        html += "<ul class=\"notes\">";
        notes.iter().for_each(|note| {
            let _ = write!(html, "<li>{}</li>", e(note));
        });
        html += "</ul>\n";
    }
    html += "<nav aria-label=\"Sections\">";
    for (id, name, _) in sections.iter().filter(|(_, _, present)| *present) {
        let _ = write!(html, "<a href=\"#{id}\">{name}</a>");
    }
    html += "</nav>\n<noscript><p>The charts are drawn by the script in this page, which is switched off.</p></noscript>\n\
             </header>\n<main>\n";
    for (id, name, _) in sections.iter().filter(|(_, _, present)| *present) {
        let _ = write!(
            html,
            "<section id=\"{id}\">\n<h2>{name}</h2>\n{}</section>\n",
            section(id, report, content)
        );
    }
    let _ = write!(html, "</main>\n<footer class=\"quiet\">Made by {}.</footer>", e(&report.program));
    html
}

/// The static content of a section, before its script runs.
fn section(id: &str, report: &Report, content: &Content) -> Cow<'static, str> {
    let text = match id {
        "matters" => {
            let about = |text: fn(&Matters) -> &Text| {
                report.matters.as_ref().map_or_else(String::new, |matters| escaped(text(matters).as_str()))
            };
            let importance = about(|matters| &matters.about_importance);
            let mut text = format!("<p class=\"quiet\">{importance}</p>\n<div id=\"importance\"></div>\n");
            if !content.effects.is_empty() {
                let effects = about(|matters| &matters.about_effects);
                text += "<h3>How the prediction depends on them</h3>\n";
                text += &format!(
                    "<p class=\"quiet\">{effects}</p>\n<div id=\"effects\" class=\"grid curves\"></div>\n"
                );
            }
            return text.into();
        }
        "changed" => {
            let panel = content.what_if.as_deref().unwrap_or_default();
            let text = "<p class=\"quiet\">The prediction for other values. “What if?” at a row starts from its values.</p>\n";
            return format!("{text}{panel}").into();
        }
        "figure-1" => {
            "<p class=\"quiet\">Each neuron is a mixture of Gaussians, one for each input. An edge is the darker and thicker the \
             larger the mixing weight π of that input is in its neuron, relative to the largest of the layer. A larger dot \
             has more of the outputs by these weights. <span class=\"screen-only\">Choose a neuron to see its \
             components.</span></p>\n<div id=\"network\"></div>\n"
        }
        "neurons" => {
            "<p class=\"screen-only\"><label for=\"neuron-picker\">Neuron </label><select id=\"neuron-picker\"></select></p>\n\
             <div id=\"neuron\"></div>\n"
        }
        "rows" if content.rows.iter().any(|row| !row.is_unsure()) => {
            "<p class=\"quiet\">What each input adds to the logarithm of the prediction's probability, compared with the average row; and \
             how responsible it is: the output's activation is divided among the neurons below by their responsibilities, and so \
             on down to the inputs. The first says what the prediction rests on, the second what the neurons answer to.</p>\n<div id=\"row\"></div>\n\
             <h3>Rows the model is least sure of</h3>\n<div id=\"unsure-rows\" class=\"rows\"></div>\n\
             <h3>Other rows</h3>\n<div id=\"other-rows\" class=\"rows\"></div>\n"
        }
        "rows" => {
            "<p class=\"quiet\">What each input adds to the logarithm of the prediction's probability, compared with the average row; and \
             how responsible it is: the output's activation is divided among the neurons below by their responsibilities, and so \
             on down to the inputs. The first says what the prediction rests on, the second what the neurons answer to.</p>\n<div id=\"row\"></div>\n\
             <h3>Rows, the model being least sure of the first</h3>\n<div id=\"unsure-rows\" class=\"rows\"></div>\n"
        }
        "classes" => {
            "<p class=\"quiet\">Each class pixel by pixel. π: how much of it goes there by the mixing weights (of a network with \
             one output, from the neurons that are responsible for its rows). μ: the mean that is expected there, by the same \
             weights; all classes on one scale. Responsibility: the mean over its rows. The palest and the darkest shade stand for \
             the numbers given and for what is beyond, a twenty-fifth of the pixels at either end.</p>\n<div id=\"maps\"></div>\n"
        }
        "predictions" => "<div id=\"measures\"></div>\n",
        _ => "<div id=\"training\"></div>\n",
    };
    text.into()
}
