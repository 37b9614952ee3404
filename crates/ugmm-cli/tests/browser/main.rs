//! Pages of `ugmm report` in a real browser: they open, charts are drawn, neurons and rows can be selected,
//! and the page makes no request to the network. Without Chromium the tests print this and pass, unless
//! `UGMM_REQUIRE_BROWSER` is set.

mod webdriver;

use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use webdriver::{Browser, browser};

const ENTER: &str = "\u{e007}";
const ARROW_DOWN: &str = "\u{e015}";

/// A script that returns the charts without any line, dot or cell with a position.
const EMPTY_CHARTS: &str = "return [...document.querySelectorAll('figure.chart')].filter((figure) => {
    const marks = figure.querySelectorAll('path.line, path.bars, path.histogram, path.cell, path.edge, circle');
    return ![...marks].some((mark) => mark.getBoundingClientRect().width > 0);
  }).map((figure) => figure.dataset.chart)";
const CHARTS: &str =
    "return [...document.querySelectorAll('figure.chart')].map((figure) => figure.dataset.chart)";

fn ugmm(folder: &Path, arguments: &[&str]) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_ugmm")).current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Trains on a table and writes a report, whose size must be reasonable.
fn page(browser: &Browser, folder: &TempDir, table: &str, target: &str, options: &[&str]) {
    let at = folder.path();
    std::fs::write(at.join("table.csv"), table).unwrap();
    let train = ["train", "table.csv", "--target", target, "-o", "model.safetensors", "--epochs", "15", "-q"];
    ugmm(at, &[&train, options].concat());
    ugmm(at, &["report", "model.safetensors", "--data", "table.csv", "-o", "page.html"]);
    let page = at.join("page.html");
    assert!(page.metadata().unwrap().len() < 5_000_000);
    media(browser, "light");
    browser.requests();
    browser.open(&page);
    // Only the page itself is requested; `is_sound` checks later requests.
    let requests = browser.requests();
    assert!(requests.len() == 1 && requests[0].ends_with("/page.html"), "{requests:?}");
}

/// Sets light or dark colours, and disables smooth scrolling, so that elements to click on do not move.
fn media(browser: &Browser, scheme: &str) {
    let features = json!([
        { "name": "prefers-color-scheme", "value": scheme },
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ]);
    browser.devtools("Emulation.setEmulatedMedia", json!({ "features": features }));
}

/// Checks that the open page has no errors and made no more requests.
fn is_sound(browser: &Browser) {
    assert_eq!(browser.run(EMPTY_CHARTS), json!([]));
    assert_eq!(browser.console(), Vec::<String>::new());
    assert_eq!(browser.requests(), Vec::<String>::new());
}

fn has_charts(browser: &Browser, expected: &[&str]) {
    let found = browser.run(CHARTS);
    for chart in expected {
        assert!(found.as_array().unwrap().iter().any(|id| id == chart), "{chart} in {found}");
    }
}

fn iris() -> String {
    let table = ugmm_data::iris();
    let mut text = format!("{},species\n", table.feature_names.join(","));
    for (row, label) in table.labels.iter().enumerate() {
        let values: Vec<String> = table.row(row).iter().map(f32::to_string).collect();
        text += &format!("{},{label}\n", values.join(","));
    }
    text
}

/// Brightness of the background: the sum of red, green and blue.
fn brightness(browser: &Browser) -> i64 {
    let sum = "return getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3)
      .reduce((sum, part) => sum + Number(part), 0)";
    browser.run(sum).as_i64().unwrap()
}

#[test]
fn neurons_and_rows_are_chosen_by_mouse_and_keyboard() {
    let Some(browser) = browser() else { return };
    let folder = TempDir::new().unwrap();
    page(&browser, &folder, &iris(), "species", &["--hidden", "12,6"]);
    is_sound(&browser);
    has_charts(
        &browser,
        &[
            "importance",
            "effect-1",
            "effect-4",
            "network",
            "confusion",
            "reliability",
            "training-loss",
            "validation-loss",
            "learning-rate",
        ],
    );
    // Each of three classes has a curve over the intervals, and the values at a place are read off.
    let curves = "return document.querySelectorAll('[data-chart=effect-1] path.line:not(.dashed)').length";
    assert_eq!(browser.run(curves), json!(3));
    browser.point_at("[data-chart=effect-1] svg");
    let readout = browser.run("return document.querySelector('.readout').textContent");
    assert!(readout.as_str().unwrap().contains("virginica: "), "{readout}");

    let neuron = || browser.run("return document.getElementById('neuron-picker').value");
    let drawn = || browser.run("return document.querySelector('#neuron figure').dataset.chart");
    let node = |place: usize| {
        let id = browser.run(&format!(
            "return document.querySelectorAll('#network [data-neuron]')[{place}].dataset.neuron"
        ));
        id.as_str().unwrap().to_owned()
    };
    let (clicked, pressed) = (node(3), node(14));
    let name = |id: &str| json!(format!("neuron-{}", id.replace('.', "-")));
    browser.click(&format!("#network [data-neuron='{clicked}']"));
    assert_eq!((neuron(), drawn()), (json!(clicked), name(&clicked)));
    browser.press(&format!("#network [data-neuron='{pressed}']"), ENTER);
    assert_eq!((neuron(), drawn()), (json!(pressed), name(&pressed)));
    browser.press("#neuron-picker", ARROW_DOWN);
    assert_ne!(neuron(), json!(pressed));
    assert_eq!(drawn(), name(neuron().as_str().unwrap()));
    // Goes from a neuron of the second layer to one of its inputs.
    let second =
        browser.run("return document.querySelector('#network [data-neuron^=\"2.\"]').dataset.neuron");
    browser.click(&format!("#network [data-neuron={second}]"));
    browser.click("#neuron button.link");
    assert!(neuron().as_str().unwrap().starts_with("1."), "{}", neuron());

    let row = || browser.run("return document.querySelector('#row h3').textContent");
    let number = |place: usize| {
        let number =
            browser.run(&format!("return document.querySelectorAll('[data-row]')[{place}].dataset.row"));
        number.as_str().unwrap().to_owned()
    };
    let (clicked, pressed) = (number(4), number(30));
    assert_ne!(clicked, pressed);
    browser.click(&format!("[data-row='{clicked}']"));
    assert_eq!(row(), json!(format!("Row {clicked}")));
    browser.press(&format!("[data-row='{pressed}']"), ENTER);
    assert_eq!(row(), json!(format!("Row {pressed}")));
    assert_eq!(browser.run("return document.querySelectorAll('[aria-pressed=true]').length"), json!(1));
    // Contributions have a sign, and the largest has a bar of full length; the fractions of a row's four
    // inputs sum to 1.
    let adds = "return [...document.querySelectorAll('#row td:nth-last-child(2)')].map((cell) => cell.textContent).join('')";
    let adds = browser.run(adds);
    assert!(adds.as_str().unwrap().matches(['+', '-']).count() == 4, "{adds}");
    let widest = "return Math.max(...[...document.querySelectorAll('#row td:nth-last-child(2) .bar i')].map((bar) => parseFloat(bar.style.width)))";
    assert_eq!(browser.run(widest).as_f64(), Some(100.0));
    let sum = "return [...document.querySelectorAll('#row td:last-child .bar i')].reduce((sum, bar) => sum + parseFloat(bar.style.width), 0)";
    assert!((browser.run(sum).as_f64().unwrap() - 100.0).abs() < 0.2);

    browser.point_at("#neuron svg");
    let readout = browser
        .run("const r = document.querySelector('.readout'); return r && !r.hidden ? r.textContent : ''");
    assert!(readout.as_str().unwrap().contains("mixture of all components: "), "{readout}");
    is_sound(&browser);
}

#[test]
fn values_of_a_row_can_be_changed() {
    let Some(browser) = browser() else { return };
    let folder = TempDir::new().unwrap();
    let mut table = "size,colour,seen,__proto__,kind\n".to_owned();
    for row in 0..120 {
        let size = if row % 9 == 0 { String::new() } else { format!("{}.5", row * 7 % 23) };
        let colour = ["red", "green", "", "b<u>lue"][row * 5 % 4];
        let kind = ["fox", "owl"][usize::from(row * 7 % 23 > 11 || colour == "red")];
        table += &format!("{size},{colour},{},{},{kind}\n", ["yes", "no"][row / 3 % 2], row % 5);
    }
    page(&browser, &folder, &table, "kind", &["--hidden", "8"]);
    is_sound(&browser);
    // At the values of each row the panel predicts what the report says.
    let apart = browser.run(
        "const apart = [];
         const rows = JSON.parse(document.getElementById('report').textContent).rows;
         for (const row of rows) {
           document.getElementById('what-if').dispatchEvent(new CustomEvent('row', { detail: row.values }));
           const shown = [...document.querySelectorAll('#what-if .prediction .part')].map((part) => part.textContent);
           const [label, chance] = row.predicted.split(', ');
           const percent = (text) => parseFloat(text.match(/([0-9.]+) %$/)[1]);
           const found = shown.find((text) => text.startsWith(`▸ ${label}`));
           if (!found || Math.abs(percent(found) - percent(chance)) > 0.051) apart.push([row.number, row.predicted, shown]);
         }
         return [rows.length > 20, apart]",
    );
    assert_eq!(apart, json!([true, []]));
    browser.click("#row button.link");
    let first = "document.querySelector('#what-if .prediction').textContent";
    let value = |column: usize, control: &str| {
        format!("document.querySelectorAll('#what-if .column')[{column}].querySelector('{control}')")
    };
    let changed = browser.run(&format!(
        "const before = {first};
         const list = {};
         list.value = list.value === 'red' ? 'green' : 'red';
         list.dispatchEvent(new Event('change'));
         const slider = {};
         slider.value = slider.value > 10 ? 1 : 20;
         slider.dispatchEvent(new Event('input'));
         return [before !== {first}, {}.value === String(Number(slider.value))]",
        value(1, "select"),
        value(0, "input[type=range]"),
        value(0, "input[type=number]"),
    ));
    assert_eq!(changed, json!([true, true]));
    is_sound(&browser);
}

#[test]
fn a_page_is_dark_narrow_and_printed() {
    let Some(browser) = browser() else { return };
    let folder = TempDir::new().unwrap();
    page(&browser, &folder, &iris(), "species", &["--hidden", "12"]);
    let light = brightness(&browser);
    media(&browser, "dark");
    let dark = brightness(&browser);
    assert!(light > 600 && dark < 150, "{light} {dark}");
    is_sound(&browser);

    let width = |px: usize| {
        let size = json!({ "width": px, "height": 800, "deviceScaleFactor": 1, "mobile": true });
        browser.devtools("Emulation.setDeviceMetricsOverride", size);
        // Charts are redrawn before the frame after the next.
        let frames = "const done = arguments[arguments.length - 1];
          requestAnimationFrame(() => requestAnimationFrame(() => done(document.documentElement.scrollWidth)))";
        browser.run_async(frames).as_u64().unwrap()
    };
    assert!(width(400) <= 400);
    let widest = "return Math.max(...[...document.querySelectorAll('.chart svg')].map((svg) => svg.viewBox.baseVal.width))";
    assert!(browser.run(widest).as_f64().unwrap() <= 400.0);
    // Narrow curves are below each other.
    let lefts = "return new Set([...document.querySelectorAll('#effects figure')].map((one) => one.getBoundingClientRect().left)).size";
    assert_eq!(browser.run(lefts), json!(1));
    is_sound(&browser);
    // This is the beginning of a PDF file in base64.
    assert!(browser.print().starts_with("JVBERi"));
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
fn numbers_images_and_generative_models_have_their_charts() {
    let Some(browser) = browser() else { return };
    let folder = TempDir::new().unwrap();
    page(&browser, &folder, &iris(), "petal_width", &["--task", "regression", "--hidden", "8"]);
    has_charts(
        &browser,
        &["importance", "effect-1", "network", "predicted-and-right", "tenths", "training-loss"],
    );
    let densities = browser.run("return document.querySelectorAll('#row [data-chart$=density]').length");
    assert_eq!(densities, json!(1));
    is_sound(&browser);

    let names: Vec<String> =
        (1..=6).flat_map(|row| (1..=6).map(move |column| format!("pixel_{row}_{column}"))).collect();
    let mut images = format!("{},shape\n", names.join(","));
    for image in 0..60 {
        let is_bright = |pixel: usize| if image % 2 == 0 { pixel / 6 == 2 } else { pixel % 6 == 3 };
        let noise = |pixel: usize| (image * 31 + pixel * 17) % 11;
        let value = |pixel| format!("0.{}{}", if is_bright(pixel) { 8 } else { 1 }, noise(pixel) % 10);
        let pixels: Vec<String> = (0..36).map(value).collect();
        images += &format!("{},{}\n", pixels.join(","), ["line", "post"][image % 2]);
    }
    page(&browser, &folder, &images, "shape", &["--scaling", "none", "--hidden", "8"]);
    has_charts(&browser, &["class-1-pi", "class-1-mu", "class-2-responsibility"]);
    let pictures =
        browser.run("return document.querySelectorAll('#row [data-chart$=image], button.row .chart').length");
    assert!(pictures.as_u64().unwrap() > 20, "{pictures}");
    is_sound(&browser);

    page(&browser, &folder, &iris(), "species", &["--objective", "hybrid", "--hidden", "8"]);
    let labels = browser.run("return document.getElementById('network').textContent");
    assert!(labels.as_str().unwrap().contains("species=setosa"), "{labels}");
    is_sound(&browser);
}

#[test]
fn what_stands_in_a_table_is_shown_and_never_run() {
    let Some(browser) = browser() else { return };
    let folder = TempDir::new().unwrap();
    let names = [
        "</script><script>boom=1</script>",
        "<img src=x onerror=boom=1>",
        "a & b \"\"q\"\" 'x' &lt;",
        "two\nlines\tand\u{202e}turned",
        "שלום",
        "__proto__",
        "{chart_script}",
    ];
    let header: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let mut table = format!("{},\"<b>target</b>\"\n", header.join(","));
    for row in 0..60 {
        let values: Vec<String> = (0..names.len()).map(|k| format!("{}", (row * (k + 3)) % 13)).collect();
        let label =
            ["</script><script>boom=1</script>", "\"\"<!--\"\"", "--><img src=x onerror=boom=1>"][row % 3];
        table += &format!("{},\"{label}\"\n", values.join(","));
    }
    page(&browser, &folder, &table, "<b>target</b>", &["--hidden", "8"]);
    is_sound(&browser);
    assert_eq!(browser.run("return typeof boom"), json!("undefined"));
    assert_eq!(
        browser.run("return document.querySelectorAll('img, b:not(button b), main script:not(#what-if + script)').length"),
        json!(0)
    );
    assert_eq!(browser.run("return document.querySelector('h1').textContent"), json!("<b>target</b>"));
    let text = browser.run("return document.getElementById('row').textContent");
    for name in [
        "</script><script>boom=1</script>",
        "a & b \"q\" 'x' &lt;",
        "two\\nlines\\tand\\u{202e}turned",
        "שלום",
        "__proto__",
    ] {
        assert!(text.as_str().unwrap().contains(name), "{name} in {text}");
    }
    // Content injected into the page could not send anything; the test sees errors.
    browser.run("fetch('http://127.0.0.1:9/').catch(() => 0); console.error('seen')");
    let console = browser.console();
    let has = |word: &str| console.iter().any(|line| line.contains(word));
    assert!(has("Content Security Policy") && has("seen"), "{console:?}");
    let choose: Value = browser.run("return document.querySelectorAll('#network [data-neuron]').length");
    assert_eq!(choose, json!(11));
}
