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

/// A part of the three parameter gradients.
pub(crate) struct Outputs<'a> {
    pub(crate) means: &'a mut [f32],
    pub(crate) log_sigmas: &'a mut [f32],
    pub(crate) mixing_logits: &'a mut [f32],
}

impl<'a> Outputs<'a> {
    /// Splits the gradients into parts of `size` components each.
    pub(crate) fn chunks(
        gradients: &'a mut GradientSlices<'_>,
        size: usize,
    ) -> impl Iterator<Item = Outputs<'a>> {
        gradients
            .means
            .chunks_mut(size)
            .zip(gradients.log_sigmas.chunks_mut(size))
            .zip(gradients.mixing_logits.chunks_mut(size))
            .map(|((means, log_sigmas), mixing_logits)| Outputs { means, log_sigmas, mixing_logits })
    }
}
