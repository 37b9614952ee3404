//! The constants of one step of Adam.

#[derive(Clone, Copy)]
pub(super) struct Factors {
    pub(super) beta_1: f32,
    pub(super) beta_2: f32,
    pub(super) epsilon: f32,
    /// Learning rate over the bias correction of the first moment.
    pub(super) step: f32,
    /// One over the root of the bias correction of the second moment.
    pub(super) root_scale: f32,
    /// What weight decay leaves of a parameter.
    pub(super) keep: f32,
}
