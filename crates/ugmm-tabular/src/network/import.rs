//! Networks that were trained elsewhere, as models of tables.

use super::model::NetworkModel;
use super::part::TablePart;
use crate::error::TabularError;
use crate::target::Target;
use ugmm_data::frame::{ColumnData, Request, UsualMarks};
use ugmm_data::{ClassLabels, PreprocessingOptions, Preprocessor, Scaling, Table};
use ugmm_network::model_file::{Columns, ModelParts};
use ugmm_network::{ClassObjective, Classification, LabelEncoding, Model, Network, Predictor, UgmmError};

/// Names for the inputs and outputs of a network without a table.
#[derive(Clone, Debug, Default)]
pub struct ImportedNames {
    /// Names of the features, which are columns of numbers in the network's units; x1, x2, … if empty.
    pub features: Vec<String>,
    /// Name of the target.
    pub target: String,
    /// Names of the classes in the order of class indices; 0, 1, … if empty. A network with one output needs them.
    pub classes: Vec<String>,
}

impl NetworkModel {
    /// The model of a network without a table. A network with several outputs predicts one class for each. A network with one
    /// output scores rows whose last input is the index of their class, as in the paper's generative experiment.
    ///
    /// # Errors
    ///
    /// Returns an error if the names do not fit the network, are empty or occur twice, or a network with one output has no
    /// feature or is given no classes.
    pub fn imported(network: Network, names: ImportedNames) -> Result<Self, TabularError> {
        let (inputs, outputs) = (network.inputs(), network.outputs());
        let (features, objective) = match outputs {
            1 => (inputs - 1, ClassObjective::Generative { label: LabelEncoding::Index }),
            _ => (inputs, ClassObjective::Discriminative),
        };
        let classes = match (names.classes.len(), outputs) {
            (0, 1) => {
                let expected = "the names of the classes, because the network has one output only";
                return Err(UgmmError::setting("classes", "empty", expected).into());
            }
            (0, _) => (0..outputs).map(|class| class.to_string()).collect(),
            (found, 2..) if found != outputs => {
                let (what, unit) = ("the list of classes", "names");
                return Err(UgmmError::Size { what, found, unit, expected: outputs }.into());
            }
            _ => names.classes,
        };
        let columns = match names.features.len() {
            0 => (1..=features).map(|feature| format!("x{feature}")).collect(),
            found if found != features => {
                let (what, unit) = ("the list of columns", "names");
                return Err(UgmmError::Size { what, found, unit, expected: features }.into());
            }
            _ => names.features,
        };
        let task = Classification::new(features, classes.len(), objective)?;
        let preprocessor = unscaled(columns)?;
        let target = Target::Classes(ClassLabels::from_names(classes)?);
        let parts = ModelParts {
            model: Model::Ugmm(network),
            task: task.into(),
            columns: Columns {
                features: preprocessor.names(),
                target: names.target.clone(),
                classes: target.class_names(),
                reading: None,
            },
            standardization: None,
            training: None,
            temperature: None,
            temperature_after_weights: false,
            spread: None,
            history: None,
        };
        let part = TablePart {
            preprocessor,
            target,
            target_request: Request::text(names.target),
            target_times: false,
            novelty: None,
            missing_marks: Vec::new(),
            usual_marks: UsualMarks::default(),
            images: None,
            ranges: Vec::new(),
            words: Vec::new(),
            rare_rows: Vec::new(),
            conformal: None,
        };
        Self::new(parts, part)
    }
}

/// The preprocessor of columns of numbers that are inputs as they are.
fn unscaled(names: Vec<String>) -> Result<Preprocessor, TabularError> {
    // Two different numbers, so that the column is not constant, and no boolean.
    let numbers = || ColumnData::Numbers(vec![0.25, 0.75]);
    let table = Table::from_columns(names.into_iter().map(|name| (name, numbers())).collect())?;
    let options = PreprocessingOptions { scaling: Scaling::None, ..PreprocessingOptions::default() };
    Ok(Preprocessor::fit(&table, &[0, 1], None, &options)?)
}
