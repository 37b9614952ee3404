//! The structure of exports: every operation takes what is there, inputs are the table's columns, and the outputs are
//! those that are documented. `scripts/check_exports.py` compares what they compute with the program.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use ugmm_export::onnx::model_proto;
use ugmm_export::onnx::proto::ModelProto;
use ugmm_export::portable::{Body, Head, PortableModel};
use ugmm_export::{Choices, ExportError, Form, export};
use ugmm_tabular::{Device, TableModel, load};

/// A model of each kind that an earlier version wrote: `density`, `hybrid`, `mlp` and `number`.
fn model(name: &str) -> Box<dyn TableModel> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ugmm-cli/tests/models/0.1.0");
    load(&models.join(format!("{name}.safetensors")), &Device::default()).unwrap()
}

fn portable(name: &str) -> PortableModel {
    PortableModel::of(&*model(name)).unwrap()
}

/// Checks that values are made before they are taken, and once; returns the names of inputs and outputs.
fn checked(model: &ModelProto) -> (Vec<String>, Vec<String>) {
    let graph = model.graph.as_ref().unwrap();
    let mut made: HashSet<&str> = HashSet::new();
    let names = graph.input.iter().map(|input| input.name.as_str());
    for name in names.chain(graph.initializer.iter().map(|constant| constant.name.as_str())) {
        assert!(made.insert(name), "{name} is there twice");
    }
    for constant in &graph.initializer {
        let size: i64 = constant.dims.iter().product();
        let bytes = match constant.data_type {
            1 => 4,
            8 => 0,
            _ => 8,
        };
        assert_eq!(constant.raw_data.as_ref().map_or(0, Vec::len) as i64, size * bytes, "{}", constant.name);
        assert_eq!(constant.string_data.len() as i64, if bytes == 0 { size } else { 0 });
    }
    for node in &graph.node {
        let missing = node.input.iter().find(|input| !made.contains(input.as_str()));
        assert!(missing.is_none(), "{} takes {missing:?}, which is not there", node.name);
        assert!(node.output.iter().all(|output| made.insert(output)), "{}", node.name);
    }
    assert!(graph.output.iter().all(|output| made.contains(output.name.as_str())));
    let names =
        |list: &[ugmm_export::onnx::proto::ValueInfoProto]| list.iter().map(|one| one.name.clone()).collect();
    (names(&graph.input), names(&graph.output))
}

#[test]
fn graphs_begin_with_the_columns_and_end_with_the_predictions() {
    let columns = ["length", "legs", "colour, of fur", "wild", "born", "kind"];
    let classes = ["label", "probabilities", "entropy"];
    let numbers = ["mean", "deviation", "quantiles"];
    let outputs: [(&str, Vec<&str>); 4] = [
        ("density", [&classes[..], &["log_likelihood"]].concat()),
        ("hybrid", classes.to_vec()),
        ("mlp", classes.to_vec()),
        ("number", numbers.to_vec()),
    ];
    for (name, expected) in outputs {
        let portable = portable(name);
        let target = portable.target.as_ref().unwrap().name.clone();
        let proto = model_proto(&portable, false).unwrap();
        let (inputs, found) = checked(&proto);
        let wanted: HashSet<&str> = columns.into_iter().filter(|column| *column != target).collect();
        assert!(inputs.iter().all(|input| wanted.contains(input.as_str())), "{name}: {inputs:?}");
        assert_eq!(found, expected, "{name}");
        let facts: Vec<&str> = proto.metadata_props.iter().map(|fact| fact.key.as_str()).collect();
        assert!(
            ["program", "engine", "columns", "target"].iter().all(|fact| facts.contains(fact)),
            "{facts:?}"
        );
        let versions: Vec<i64> = proto.opset_import.iter().map(|set| set.version).collect();
        assert_eq!((proto.ir_version, versions), (8, vec![18, 3]));
    }
}

#[test]
fn a_density_divides_its_log_likelihood_by_column() {
    let (_, outputs) = checked(&model_proto(&portable("density"), true).unwrap());
    assert_eq!(outputs.last().map(String::as_str), Some("log_conditionals"));
    let message = model_proto(&portable("number"), true).unwrap_err().to_string();
    assert!(message.starts_with("the ONNX graph of a network has no output by column"), "{message}");
}

#[test]
fn the_description_is_complete() {
    for name in ["hybrid", "mlp", "number"] {
        let portable = portable(name);
        let Body::Network(network) = &portable.body else { panic!("{name} is a network") };
        let more = network.head.alternatives().map_or(0, |all| all[0].len());
        let inputs = network.features() + more;
        let first = match &network.layers[0] {
            ugmm_export::portable::Layer::Mixture(layer) => layer.inputs,
            ugmm_export::portable::Layer::Linear(layer) => layer.inputs,
        };
        assert_eq!(first, inputs, "{name}");
        if let Head::Number(head) = &network.head {
            assert!(head.edges.windows(2).all(|pair| pair[0] < pair[1]));
            assert_eq!(head.edges.len() - 1 + head.first, head.nodes.len());
        }
    }
}

#[test]
fn each_form_has_an_ending() {
    let form = |name: &str| Form::of(&PathBuf::from(name));
    assert_eq!(form("a.onnx"), Ok(Form::Onnx));
    assert_eq!(form("a.JS"), Ok(Form::JavaScript));
    assert_eq!(form("a.html"), Ok(Form::Page));
    assert_eq!(form("a.c"), Ok(Form::C));
    let message = form("a.pkl").unwrap_err().to_string();
    assert!(
        message.starts_with("\".pkl\" is no form of a model to export; the file must end in .onnx"),
        "{message}"
    );
    assert!(form("model").unwrap_err().to_string().starts_with("a name without an ending is no form"));
    assert_eq!(form("a.sql"), Ok(Form::Sql));
    let by_column = Choices { by_column: true, ..Choices::default() };
    let error = export(&*model("number"), Form::C, by_column).unwrap_err();
    assert_eq!(error, ExportError::NoChoice { form: "C" });
    let table = Choices { table: Some("flowers"), ..Choices::default() };
    let error = export(&*model("number"), Form::C, table).unwrap_err();
    assert_eq!(error, ExportError::NoTable { form: "C" });
}

#[test]
fn every_form_is_written_and_no_text_of_a_table_ends_it() {
    for name in ["density", "hybrid", "mlp", "number"] {
        let model = model(name);
        for form in [Form::Onnx, Form::JavaScript, Form::Page, Form::C, Form::Sql] {
            let bytes = export(&*model, form, Choices::default()).unwrap();
            let is_text = std::str::from_utf8(&bytes).is_ok();
            assert!(bytes.len() > 1000 && (is_text || form == Form::Onnx), "{name}, {form:?}");
        }
    }
    let mut portable = portable("number");
    portable.columns[0].name = "</script>*/\"\n`${x}".into();
    let page = ugmm_export::javascript::page(&portable);
    assert_eq!(page.matches("</script>").count(), 1);
    let c = ugmm_export::c::file(&portable);
    assert!(!c.contains("*/\"") && c.contains("x___script") && c.contains(r#""</script>*/\"\012`${x}""#));
}
