//! Tests of pages and figures of synthetic reports: with any content they are complete, and texts appear
//! unchanged.

use resvg::tiny_skia::Pixmap;
use resvg::usvg::{Options, Tree};
use ugmm_report::{
    Axis, Bin, Chart, ClassMaps, Column, ColumnEffect, ColumnImportance, Component, Density, Diagram, Edge,
    EffectPoints, Figure, Histogram, InputShare, Maps, Mark, Matters, Measures, Neuron, Node, Report, Row,
    Scale, Text, Training, Units, figures, page, png, short, svg,
};

const HOSTILE: &str = "</script><b>&\"'\n\u{0}\u{202e}]]>{report}שלום🙂";

fn component(input: usize, neuron: Option<&str>) -> Component {
    Component {
        name: format!("{HOSTILE}{input}").into(),
        neuron: neuron.map(String::from),
        weight: 0.125,
        mean: input as f64 - 4.0,
        sigma: 0.5,
        values: Some(Histogram { from: -2.0, to: 2.0, counts: (0..28).map(f64::from).collect() }),
        units: Units {
            scale: match input % 2 {
                0 => Scale::Linear { offset: 10.0, factor: 2.0 },
                _ => Scale::Curve(vec![(-1.0, 1.0), (0.0, 10.0), (1.0, 1000.0)]),
            },
            text: if input == 2 { |value| format!("{value:.0} days") } else { short },
        },
    }
}

fn neuron(layer: usize, number: usize) -> Neuron {
    Neuron {
        id: format!("{layer}.{number}"),
        name: format!("neuron {layer}.{number}").into(),
        layer,
        importance: 0.01,
        components: 10,
        dropped: 3,
        leading: (0..8).map(|input| component(input, (layer > 1).then_some("1.1"))).collect(),
        mixture: (0..121).map(|place| f64::from(place % 17) / 7.0).collect(),
        range: (-2.5, 2.5),
        inputs: Some(Histogram { from: -2.0, to: 2.0, counts: vec![0.1; 28] }),
        activations: Some(Histogram { from: 1.0, to: 1.0, counts: vec![5.0] }),
        units: "value".into(),
    }
}

fn diagram() -> Diagram {
    let column = |neurons: usize, layer: usize| Column {
        heading: HOSTILE.into(),
        extent: "2 of 9".into(),
        nodes: (0..neurons)
            .map(|number| Node {
                name: format!("{HOSTILE} {number}").into(),
                neuron: (layer > 0).then(|| format!("{layer}.{}", number + 1)),
                size: 0.5,
                note: HOSTILE.into(),
            })
            .collect(),
    };
    let edge = |column, from, to| Edge { column, from, to, strength: 0.7, note: HOSTILE.into() };
    Diagram {
        columns: vec![column(3, 0), column(2, 1), column(1, 2)],
        edges: vec![edge(0, 2, 1), edge(1, 0, 0)],
    }
}

fn row(number: usize, unsure: bool) -> Row {
    Row {
        number,
        unsure,
        doubt: "entropy 0.5".into(),
        predicted: HOSTILE.into(),
        right: Some(HOSTILE.into()),
        is_right: Some(true),
        chances: vec![(HOSTILE.into(), 0.6), ("b".into(), f64::NAN)],
        density: Some(Density {
            from: 0.0,
            to: 1.0,
            values: vec![0.0, 1.0, f64::INFINITY],
            right: Some(3.0),
        }),
        inputs: vec![InputShare { name: HOSTILE.into(), value: "1".into(), adds: Some(-0.5), share: 1.0 }],
        path: diagram(),
        picture: Some(vec![0.0, 0.5, 1.0, -1.0, 0.2, 0.1]),
        speaking_for: Some(vec![0.0; 6]),
        speaking_against: Some(vec![0.0; 6]),
        responsible: Some(vec![0.0; 6]),
        values: serde_json::Map::from_iter([(HOSTILE.into(), HOSTILE.into())]),
    }
}

fn matters() -> Matters {
    let numbers = |text| EffectPoints::Numbers {
        x: vec![-2.0, 0.0, 5.0],
        text,
        values: Some(Histogram { from: -2.0, to: 5.0, counts: vec![1.0, 3.0] }),
    };
    let levels =
        EffectPoints::Levels { names: vec![HOSTILE.into(), "b".into(), "c".into()], rows: vec![3, 2, 1] };
    let effect = |points, missing: Option<f64>| ColumnEffect {
        name: HOSTILE.into(),
        points,
        effects: vec![vec![-0.2, 0.1, 0.3], vec![0.2, -0.1, -0.3]],
        missing: missing.map(|missing| vec![missing, -missing]),
        missing_rows: 4,
    };
    Matters {
        about_importance: HOSTILE.into(),
        measure: "rise of log-loss".into(),
        importances: [(0.5, Some(0.1)), (-0.1, Some(0.02)), (0.0, None)]
            .map(|(importance, deviation)| ColumnImportance { name: HOSTILE.into(), importance, deviation })
            .to_vec(),
        about_effects: HOSTILE.into(),
        units: "difference of probability".into(),
        outputs: vec![HOSTILE.into(), "b".into()],
        effects: vec![
            effect(numbers(short), Some(0.4)),
            effect(numbers(|days| format!("day {days}")), None),
            effect(levels, Some(-0.45)),
        ],
    }
}

fn report(neurons: Vec<Neuron>) -> Report {
    Report {
        matters: Some(matters()),
        what_if: None,
        program: HOSTILE.into(),
        model: HOSTILE.into(),
        table: HOSTILE.into(),
        target: HOSTILE.into(),
        facts: vec![(HOSTILE.into(), HOSTILE.into())],
        notes: vec![HOSTILE.into()],
        network: diagram(),
        neurons,
        rows: vec![row(1, true), row(2, false)],
        maps: Some(Maps {
            width: 3,
            height: 2,
            classes: vec![ClassMaps {
                name: HOSTILE.into(),
                rows: 1,
                weights: vec![0.1, 0.2, f64::NAN, 0.3, 0.0, 0.4],
                means: vec![f64::NAN; 6],
                responsibilities: vec![0.0; 6],
            }],
        }),
        measures: Some(Measures::Classes {
            facts: vec![("accuracy".into(), "1".into())],
            classes: vec![HOSTILE.into(), "b".into()],
            confusion: vec![vec![3, 0], vec![0, 0]],
            reliability: vec![
                Bin { rows: 3, probability: 0.9, accuracy: 1.0 },
                Bin { rows: 0, probability: 0.0, accuracy: 0.0 },
            ],
        }),
        training: Some(Training {
            training_loss: vec![f32::MAX, 1.0, 0.5],
            validation_loss: vec![2.0; 3],
            best_epoch: Some(2),
            loss: HOSTILE.into(),
            ..Training::default()
        }),
    }
}

/// The JSON in the page's script element.
fn content(html: &str) -> serde_json::Value {
    let (_, rest) = html.split_once("<script type=\"application/json\" id=\"report\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_page_holds_what_it_was_given_and_nothing_else_runs() {
    let html = page(&report(vec![neuron(1, 1), neuron(1, 2), neuron(2, 1)])).html;
    assert_eq!(html.matches("</script").count(), 3, "three scripts, each ended once");
    assert!(!html.contains("<b>"));
    assert!(html.contains("&lt;/script&gt;&lt;b&gt;&amp;&quot;&#39;\\n\\u{0}\\u{202e}]]&gt;{report}שלום🙂"));
    let content = content(&html);
    assert_eq!(content["rows"][0]["predicted"], Text::from(HOSTILE).as_str());
    assert_eq!(content["neurons"][2]["links"][0], "1.1");
    let charts = content["measures"]["charts"].as_array().unwrap();
    assert_eq!(
        charts.iter().map(|chart| chart["id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["confusion", "reliability"]
    );
    assert_eq!(content["importance"]["marks"][0]["heights"], serde_json::json!([0.5, -0.1, 0]));
    // Effects share one vertical scale, which has room for the values of missing ones.
    let effects = content["effects"].as_array().unwrap();
    assert_eq!(effects.len(), 3);
    for effect in effects {
        let [from, to] = ["from", "to"].map(|end| effect["y"][end].as_f64().unwrap());
        assert!(from < -0.45 && (-0.6..0.6).contains(&from) && (0.45..0.6).contains(&to), "{effect}");
        assert_eq!(effect["y"], effects[0]["y"]);
    }
    let dot = &effects[0]["marks"][3];
    assert_eq!((&dot["y"], &dot["name"]), (&serde_json::json!([0.4]), &"missing value".into()));
    assert!(dot["x"][0].as_f64().unwrap() > 5.0 && dot["notes"][0].as_str().unwrap().ends_with(" +0.4"));
    let ticks: Vec<&str> = effects[1]["x"]["ticks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tick| tick["text"].as_str().unwrap())
        .collect();
    assert!(ticks.iter().all(|text| text.starts_with("day ")), "{ticks:?}");
    assert_eq!(effects[2]["x"]["ticks"][3]["text"], "missing");
    // Neither style nor script of the page loads anything, and the page forbids it.
    assert!(html.contains("default-src 'none'"));
    for word in ["http-equiv=\"refresh\"", "src=", "@import", "url(http", "fetch(", "XMLHttpRequest", "eval("]
    {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn a_page_stays_small_with_all_layers_on_it() {
    let neurons = (1..=3000).map(|number| neuron(1, number)).chain((1..=10).map(|number| neuron(2, number)));
    let page = page(&report(neurons.collect()));
    assert!(page.html.len() < 5_000_000, "{}", page.html.len());
    assert!((50..3000).contains(&page.neurons), "{}", page.neurons);
    assert_eq!(page.cut.len(), 1);
    let said = format!("{} of 3010 neurons are on it", page.neurons);
    assert!(page.cut[0].as_str().contains(&said) && page.html.contains(&said), "{:?}", page.cut);
    let content = content(&page.html);
    let ids: Vec<&str> =
        content["neurons"].as_array().unwrap().iter().map(|neuron| neuron["id"].as_str().unwrap()).collect();
    assert!(ids.ends_with(&["2.10"]) && ids[..2] == ["1.1", "1.2"], "{ids:?}");
}

#[test]
fn every_figure_is_a_well_formed_drawing() {
    let report = report(vec![neuron(1, 1), neuron(2, 1)]);
    let figures = figures(&report, &["2.1".into(), "7.7".into()]);
    let ids: Vec<&str> = figures.iter().map(|figure| figure.id.as_str()).collect();
    assert_eq!(
        ids,
        ["network", "neuron-2-1", "classes", "importance", "effects", "confusion", "reliability", "training"]
    );
    for figure in &figures {
        for width in [10.0, 300.0, 720.0] {
            let svg = svg(figure, width);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", figure.id);
            let tree = Tree::from_str(&svg, &Options::default()).unwrap();
            assert_eq!(f64::from(tree.size().width()), width);
        }
    }
}

#[test]
fn numbers_of_another_kind_have_their_figures() {
    let pairs = vec![(1.0, 1.5), (2.0, 2.0), (-1e300, 1e300)];
    let measures = Measures::Numbers { facts: Vec::new(), pairs, deciles: vec![0.1; 10] };
    let report = Report { measures: Some(measures), ..report(Vec::new()) };
    let ids: Vec<String> = figures(&report, &[]).iter().map(|figure| figure.id.clone()).collect();
    assert!(ids.contains(&"predicted-and-right".into()) && ids.contains(&"tenths".into()), "{ids:?}");
    content(&page(&report).html);
    // A bar below 0 reaches from the line of 0 downwards, and one above it upwards.
    let importance = figures(&Report { matters: Some(matters()), ..Report::default() }, &[]).remove(1);
    let drawn = svg(&importance, 400.0);
    let bars = drawn.lines().find(|line| line.contains("z\" fill=\"#33658a\"")).unwrap();
    let bars: Vec<[f64; 2]> = bars
        .split('M')
        .filter_map(|bar| {
            let (start, rest) = bar.split_once('V')?;
            let end = rest.split('H').next()?;
            Some([start.split(' ').nth(1)?.parse().ok()?, end.parse().ok()?])
        })
        .collect();
    assert!(bars.len() == 2 && bars[0][0] == bars[1][0], "{bars:?}");
    assert!(bars[0][1] < bars[0][0] && bars[1][1] > bars[1][0], "{bars:?}");
    // An empty report still gives a page.
    content(&page(&Report::default()).html);
}

/// Number of dark pixels in a picture that contains only a title.
fn ink(title: &str) -> usize {
    let chart = Chart {
        id: "a".into(),
        title: title.into(),
        description: "".into(),
        height: 40.0,
        ratio: None,
        x: Axis::hidden(0.0, 1.0),
        y: Axis::hidden(0.0, 1.0),
        marks: Vec::<Mark>::new(),
    };
    let picture = Pixmap::decode_png(&png(&Figure::of(chart), 200.0, 2.0).unwrap()).unwrap();
    assert_eq!(picture.width(), 400);
    picture.pixels().iter().filter(|pixel| pixel.red() < 128).count()
}

/// The crate's own fonts suffice on any machine, for every character that figures contain on their own.
#[test]
fn pictures_have_text() {
    assert_eq!(ink(""), 0);
    let letters = ink("petal length");
    assert!(letters > 200, "{letters}");
    assert!(ink("petal length petal length") > 3 * letters / 2);
    for sign in "πμσ±→−–…≥0".chars() {
        assert!(ink(&sign.to_string()) > 5, "{sign}");
    }
}

#[test]
fn pictures_have_bounds() {
    let figure = figures(&report(Vec::new()), &[]).remove(0);
    let error = png(&figure, 1e9, 1.0).unwrap_err().to_string();
    assert!(error.contains("pixels cannot be made") || error.contains("cannot be drawn"), "{error}");
}
