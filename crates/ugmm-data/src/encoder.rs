//! From the columns of a table to the inputs of a network.

use serde::{Deserialize, Serialize};

use crate::encoded::Encoded;
use crate::frame::{Frame, ReadAs, Request, UNSEEN, Values};

/// How the columns of a table become inputs: a number is one input, a category one input for each of its levels, 1 for
/// the row's level and 0 for the others. A value that is missing, and a category that was not there when the encoder was
/// made, is NaN in all inputs of its column: the network does without it.
///
/// It is stored as the list of its requests.
///
/// ```
/// use ugmm_data::Encoder;
/// use ugmm_data::frame::{Frame, ReadAs, Request, Values};
///
/// let colours = ReadAs::Codes(vec!["blue".into(), "red".into()]);
/// let encoder = Encoder::new(vec![
///     Request { name: "length".into(), read_as: ReadAs::Numbers(Default::default()) },
///     Request { name: "colour".into(), read_as: colours },
/// ]);
/// assert_eq!(encoder.names(), ["length", "colour=blue", "colour=red"]);
/// let columns = vec![Values::Numbers(vec![5.1]), Values::Codes(vec![Some(1)])];
/// let mut inputs = Vec::new();
/// encoder.encode(&Frame { columns, rows: vec![2] }, &mut inputs);
/// assert_eq!(inputs, [5.1, 0.0, 1.0]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Encoder {
    requests: Vec<Request>,
}

impl Encoder {
    /// An encoder of these columns; one that is read as text makes no input.
    pub fn new(requests: Vec<Request>) -> Self {
        Self { requests }
    }

    /// An encoder of columns of plain numbers.
    pub fn numbers(names: &[String]) -> Self {
        let number = |name: &String| Request {
            name: name.clone(),
            read_as: ReadAs::Numbers(crate::frame::NumberFormat::default()),
        };
        Self { requests: names.iter().map(number).collect() }
    }

    /// What to read from a file, in this order.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The inputs' names: the column's, and for a category with the level after an equals sign.
    pub fn names(&self) -> Vec<String> {
        let of = |request: &Request| match &request.read_as {
            ReadAs::Codes(levels) => levels.iter().map(|level| format!("{}={level}", request.name)).collect(),
            ReadAs::Text => Vec::new(),
            ReadAs::Numbers(_) | ReadAs::Booleans | ReadAs::Days => vec![request.name.clone()],
        };
        self.requests.iter().flat_map(of).collect()
    }

    /// Appends the inputs of the frame's rows, `[rows, inputs]` row-major; NaN where a value is missing. The frame's first
    /// columns must be those of [`Self::requests`]; numbers beyond `f32` are saturated.
    ///
    /// # Panics
    ///
    /// When the frame has fewer columns or columns of another kind.
    pub fn encode(&self, frame: &Frame, inputs: &mut Vec<f32>) -> Encoded {
        let mut encoded = Encoded::default();
        for row in 0..frame.rows.len() {
            for (request, values) in self.requests.iter().zip(&frame.columns) {
                match (&request.read_as, values) {
                    (ReadAs::Codes(levels), Values::Codes(codes)) => {
                        let start = inputs.len();
                        match codes[row] {
                            Some(code) if code != UNSEEN => {
                                inputs.resize(start + levels.len(), 0.0);
                                inputs[start + code as usize] = 1.0;
                            }
                            other => {
                                inputs.resize(start + levels.len(), f32::NAN);
                                encoded.missing += usize::from(other.is_none());
                                encoded.unseen += usize::from(other.is_some());
                            }
                        }
                    }
                    (ReadAs::Numbers(_) | ReadAs::Booleans | ReadAs::Days, Values::Numbers(numbers)) => {
                        encoded.missing += usize::from(numbers[row].is_nan());
                        // NaN stays NaN.
                        inputs.push(numbers[row].clamp(f32::MIN.into(), f32::MAX.into()) as f32);
                    }
                    (ReadAs::Text, _) => {}
                    (read_as, values) => panic!("{}: {values:?} is not {read_as:?}", request.name),
                }
            }
        }
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_unknown_is_nan_in_all_inputs_of_its_column() {
        let levels = ReadAs::Codes(["a", "b", "c"].map(String::from).to_vec());
        let encoder = Encoder::new(vec![
            Request { name: "kind".into(), read_as: levels },
            Request { name: "open".into(), read_as: ReadAs::Booleans },
        ]);
        let kinds = Values::Codes(vec![None, Some(UNSEEN), Some(2)]);
        let frame =
            Frame { columns: vec![kinds, Values::Numbers(vec![1.0, f64::NAN, 1e300])], rows: vec![2, 3, 4] };
        let mut inputs = Vec::new();
        assert_eq!(encoder.encode(&frame, &mut inputs), Encoded { missing: 2, unseen: 1 });
        assert_eq!(inputs.len(), 12);
        assert!(inputs[..3].iter().chain(&inputs[4..8]).all(|value| value.is_nan()));
        assert_eq!((inputs[3], &inputs[8..]), (1.0, &[0.0, 0.0, 1.0, f32::MAX][..]));
    }
}
