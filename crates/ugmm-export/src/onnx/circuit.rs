//! Circuits as graphs.

use super::Outputs;
use super::inputs::Inputs;
use crate::error::ExportError;
use crate::portable::Circuit;

pub fn build(_: &mut Outputs, _: &Circuit, _: &Inputs, _: bool) -> Result<(), ExportError> {
    Err(ExportError::Unable { form: "ONNX", reason: "densities are not exported yet".into() })
}
