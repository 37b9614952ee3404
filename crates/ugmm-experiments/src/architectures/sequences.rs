//! uGMM gates and transformers.

use super::contest::{Contender, Contest, Options, Practice, mnist, parameters, width_for};
use crate::ExperimentError;
use crate::mnist::dataset;
use std::path::Path;
use ugmm::architecture::{MixedConfig, MixedInput, MixedLayerConfig as Layer};
use ugmm_data::{EncodedText, paradise_lost};
use ugmm_network::Init;
use ugmm_network::training::{Dataset, Features};

const DIGITS: usize = 10;
/// Hidden states of the uGMM networks that read rows of images.
const ROWS_HIDDEN: usize = 64;
/// σ floor of a head that reads hidden states, which lie between −1 and 1.
const STATE_MIN_SIGMA: f64 = 0.5;

/// Characters that are read at once, from the first on.
const WINDOW: usize = 96;
/// Shares of the text to learn from, and to hold out (--validation); the rest is for testing.
const TRAINING_SHARE: f64 = 0.9;
const VALIDATION_SHARE: f64 = 0.05;
/// Characters with --quick.
const QUICK_CHARACTERS: usize = 60_000;
/// Features of a character.
const EMBEDDING: usize = 32;
const TEXT_HIDDEN: usize = 96;
const MODEL: usize = 64;
const HEADS: usize = 4;
const LAYERS: usize = 2;
const FEED_FORWARD: usize = 64;

pub fn of_rows(folder: &Path, options: &Options) -> Result<Contest, ExperimentError> {
    let [train, measured] = mnist(folder, options)?;
    let (images, steps, features) = (train.images.count, train.images.rows, train.images.columns);
    let input = MixedInput::Sequence { steps, features };
    let network =
        |recurrent: Layer, head: Layer| MixedConfig::new(input, vec![recurrent, Layer::LastStep, head]);
    // Scaled, as log-densities of states hardly differ at first (docs/guide/architectures.md).
    let ugmm_head = || Layer::UgmmDense {
        outputs: DIGITS,
        min_sigma: STATE_MIN_SIGMA,
        init: Init::Wide,
        dropout: 0.0,
        input_dropout: 0.0,
    };
    let lstm = |hidden| network(Layer::Lstm { hidden }, Layer::Linear { outputs: DIGITS });
    let gru = |hidden| network(Layer::Gru { hidden }, Layer::Linear { outputs: DIGITS });
    let hidden = ROWS_HIDDEN;
    let ugmm_lstm = network(
        Layer::UgmmLstm { hidden, min_sigma: STATE_MIN_SIGMA, init: Init::Wide, dropout: 0.0 },
        ugmm_head(),
    );
    let gates = Layer::UgmmGru {
        hidden,
        min_sigma: STATE_MIN_SIGMA,
        init: Init::Wide,
        dropout: 0.0,
        update_shift: 1.0,
        scale_states: true,
    };
    let ugmm_gru = network(gates, ugmm_head());
    let lstm_hidden = width_for(parameters(&ugmm_lstm)?, lstm)?;
    let gru_hidden = width_for(parameters(&ugmm_gru)?, gru)?;
    let epochs = if options.quick { 4 } else { 6 };
    // Each learning rate is the best on held-out images of those tried (docs/results/architectures.md).
    let at = |full: f64, quick: f64| Practice {
        epochs,
        learning_rate: if options.quick { quick } else { full },
        ..Practice::default()
    };
    let named = |name: String, config, practice| Contender { name, config, practice };
    Ok(Contest {
        name: "rows of MNIST",
        description: format!(
            "Rows of MNIST: {images} images to learn from, each read as {steps} steps of {features} pixels."
        ),
        train: dataset(train)?,
        measured: dataset(measured)?,
        input,
        is_text: false,
        contenders: vec![
            named(format!("uGMM LSTM {hidden}"), ugmm_lstm, at(2e-2, 6e-2)),
            named(format!("LSTM {lstm_hidden}"), lstm(lstm_hidden), at(1e-2, 2e-2)),
            named(format!("uGMM GRU {hidden}"), ugmm_gru, at(4e-2, 6e-2)),
            named(format!("GRU {gru_hidden}"), gru(gru_hidden), at(1e-2, 2e-2)),
        ],
    })
}

pub fn of_text(options: &Options) -> Result<Contest, ExperimentError> {
    let EncodedText { alphabet, numbers } = EncodedText::of(&paradise_lost());
    let symbols = alphabet.len();
    let share = |share: f64| (share * numbers.len() as f64) as usize;
    let (learned, held_out) = (share(TRAINING_SHARE), share(TRAINING_SHARE + VALIDATION_SHARE));
    let (mut train, mut measured) = match options.validation {
        true => (&numbers[..learned], &numbers[learned..held_out]),
        false => (&numbers[..learned], &numbers[held_out..]),
    };
    if options.quick {
        (train, measured) = (&train[..QUICK_CHARACTERS], &measured[..QUICK_CHARACTERS / 10]);
    }
    let input = MixedInput::Symbols { steps: WINDOW, symbols };
    let embedding = || Layer::Embedding { features: EMBEDDING };
    let recurrent = |layer: Layer, head: Layer| MixedConfig::new(input, vec![embedding(), layer, head]);
    let transformer = |d_ff: usize, ugmm_feed_forward: bool| {
        let encoder = Layer::TransformerEncoder {
            d_ff,
            heads: HEADS,
            layers: LAYERS,
            dropout: 0.1,
            causal: true,
            ugmm_feed_forward,
            ugmm_projections: false,
            min_sigma: 1.0,
            init: Init::Wide,
        };
        let head = Layer::Linear { outputs: symbols };
        let embedding = Layer::Embedding { features: MODEL };
        MixedConfig::new(input, vec![embedding, Layer::PositionalEncoding, encoder, Layer::LayerNorm, head])
    };
    let lstm = |hidden| recurrent(Layer::Lstm { hidden }, Layer::Linear { outputs: symbols });
    let hidden = TEXT_HIDDEN;
    let ugmm_lstm = recurrent(
        Layer::UgmmLstm { hidden, min_sigma: STATE_MIN_SIGMA, init: Init::Wide, dropout: 0.0 },
        Layer::Linear { outputs: symbols },
    );
    let ugmm_transformer = transformer(FEED_FORWARD, true);
    let lstm_hidden = width_for(parameters(&ugmm_lstm)?, lstm)?;
    let d_ff = width_for(parameters(&ugmm_transformer)?, |d_ff| transformer(d_ff, false))?;
    let epochs = if options.quick { 8 } else { 10 };
    // Chosen as those of rows.
    let at = |learning_rate: f64| Practice { epochs, batch_size: 32, learning_rate, ..Practice::default() };
    let named = |name: String, config, practice| Contender { name, config, practice };
    Ok(Contest {
        name: "text",
        description: format!(
            "Paradise Lost: {} characters to learn from, read in windows of {WINDOW} from a state that knows nothing; \
             {symbols} different ones.",
            train.len()
        ),
        train: windows(train, symbols)?,
        measured: windows(measured, symbols)?,
        input,
        is_text: true,
        contenders: vec![
            named(format!("uGMM LSTM {hidden}"), ugmm_lstm, at(6e-2)),
            named(format!("LSTM {lstm_hidden}"), lstm(lstm_hidden), at(3e-2)),
            named(format!("uGMM transformer {MODEL}, {FEED_FORWARD}"), ugmm_transformer, at(2e-2)),
            named(format!("transformer {MODEL}, {d_ff}"), transformer(d_ff, false), at(2e-2)),
        ],
    })
}

/// Windows of a text side by side, with the character after each of theirs to be predicted; what is left at the end is not
/// used.
fn windows(numbers: &[usize], symbols: usize) -> Result<Dataset, ExperimentError> {
    let starts = || (0..numbers.len().saturating_sub(1) / WINDOW).map(|window| window * WINDOW);
    let read = starts().flat_map(|start| &numbers[start..start + WINDOW]).map(|&number| number as f32);
    let next = starts().flat_map(|start| &numbers[start + 1..start + WINDOW + 1]).copied().collect();
    Ok(Dataset::of_sequences(Features::F32(read.collect()), WINDOW, next, WINDOW, symbols)?)
}
