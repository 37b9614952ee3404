//! Where gradients are put.

/// Gradients of `sum(y * cotangent)`, as [`crate::backward()`] returns them.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// With respect to the inputs, `[batch, inputs]`; `None` unless it was requested.
    pub x: Option<Vec<f32>>,
    /// With respect to the means, `[neurons, inputs]`.
    pub means: Vec<f32>,
    /// With respect to the log standard deviations, `[neurons, inputs]`.
    pub log_sigmas: Vec<f32>,
    /// With respect to the mixing logits, `[neurons, inputs]`.
    pub mixing_logits: Vec<f32>,
}

/// Memory for the gradients of `sum(y * cotangent)`, which [`crate::backward_into()`] overwrites.
#[derive(Debug)]
pub struct GradientSlices<'a> {
    /// With respect to the inputs, `[batch, inputs]`; `None` skips it.
    pub x: Option<&'a mut [f32]>,
    /// With respect to the means, `[neurons, inputs]`.
    pub means: &'a mut [f32],
    /// With respect to the log standard deviations, `[neurons, inputs]`.
    pub log_sigmas: &'a mut [f32],
    /// With respect to the mixing logits, `[neurons, inputs]`.
    pub mixing_logits: &'a mut [f32],
}

impl GradientSlices<'_> {
    pub(crate) fn clear(&mut self) {
        for gradient in [&mut *self.means, self.log_sigmas, self.mixing_logits] {
            gradient.fill(0.0);
        }
        if let Some(x) = &mut self.x {
            x.fill(0.0);
        }
    }
}

/// The three parameter gradients of some neurons at a range of inputs.
pub(crate) struct Outputs<'a> {
    /// The first input.
    pub(crate) first: usize,
    /// Of each neuron, `[inputs of the range]`.
    pub(crate) means: Vec<&'a mut [f32]>,
    pub(crate) log_sigmas: Vec<&'a mut [f32]>,
    pub(crate) mixing_logits: Vec<&'a mut [f32]>,
}

impl<'a> Outputs<'a> {
    /// Splits gradients `[neurons, inputs]` into panels of `width` neurons, and each panel into ranges of `length`
    /// inputs: the ranges of the first panel, then those of the second, and so on.
    pub(crate) fn split(
        gradients: &'a mut GradientSlices<'_>,
        inputs: usize,
        width: usize,
        length: usize,
    ) -> Vec<Self> {
        let mut means = ranges(gradients.means, inputs, width, length);
        let mut log_sigmas = ranges(gradients.log_sigmas, inputs, width, length);
        let mut mixing_logits = ranges(gradients.mixing_logits, inputs, width, length);
        let firsts = (0..inputs).step_by(length).cycle();
        let parts = means.drain(..).zip(log_sigmas.drain(..)).zip(mixing_logits.drain(..)).zip(firsts);
        parts
            .map(|(((means, log_sigmas), mixing_logits), first)| Outputs {
                first,
                means,
                log_sigmas,
                mixing_logits,
            })
            .collect()
    }

    /// The inputs of the range.
    pub(crate) fn inputs(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.means.first().map_or(0, |values| values.len())
    }
}

/// The ranges of each panel of values `[neurons, inputs]`, each with one slice for each neuron.
fn ranges(values: &mut [f32], inputs: usize, width: usize, length: usize) -> Vec<Vec<&mut [f32]>> {
    let mut all = Vec::new();
    for panel in values.chunks_mut(width * inputs) {
        let mut parts: Vec<Vec<&mut [f32]>> =
            (0..inputs.div_ceil(length)).map(|_| Vec::with_capacity(width)).collect();
        for neuron in panel.chunks_mut(inputs) {
            parts.iter_mut().zip(neuron.chunks_mut(length)).for_each(|(part, values)| part.push(values));
        }
        all.append(&mut parts);
    }
    all
}
