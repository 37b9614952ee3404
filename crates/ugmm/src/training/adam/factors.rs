//! The constants of one step of Adam.

#[derive(Clone, Copy)]
pub(super) struct Factors {
    pub(super) beta_1: f32,
    pub(super) beta_2: f32,
    pub(super) epsilon: f32,
    /// Learning rate divided by the bias correction of the first moment.
    pub(super) step: f32,
    /// Inverse root of the bias correction of the second moment.
    pub(super) root_scale: f32,
    /// Factor by which weight decay multiplies a parameter.
    pub(super) keep: f32,
}
