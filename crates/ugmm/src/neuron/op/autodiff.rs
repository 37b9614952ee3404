//! The hand-written derivative of the operation, for every backend that implements it.

use super::{UgmmBackend, UgmmDevice};
use burn::backend::autodiff::{
    Autodiff, NodeId,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

#[derive(Debug)]
struct UgmmBackward;

impl<B: UgmmDevice> Backward<B, 4> for UgmmBackward {
    /// The checkpointed arguments in the order of the parents, and what the forward pass saved.
    type State = ([NodeId; 4], B::Saved);

    fn backward(self, ops: Ops<Self::State, 4>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let cotangent = gradients.consume::<B>(&ops.node);
        let (arguments, saved) = ops.state;
        let arguments = arguments.map(|id| checkpointer.retrieve_node_output::<FloatTensor<B>>(id));
        let want_x = ops.parents[0].is_some();
        let ([means, log_sigmas, mixing_logits], x) = B::ugmm_backward(arguments, saved, cotangent, want_x);
        let of_parents = [x, Some(means), Some(log_sigmas), Some(mixing_logits)];
        for (parent, gradient) in ops.parents.into_iter().zip(of_parents) {
            if let (Some(node), Some(gradient)) = (parent, gradient) {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: UgmmDevice, C: CheckpointStrategy> UgmmBackend for Autodiff<B, C> {
    fn ugmm_forward(
        x: FloatTensor<Self>,
        means: FloatTensor<Self>,
        log_sigmas: FloatTensor<Self>,
        mixing_logits: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let arguments = [x, means, log_sigmas, mixing_logits];
        // The guards keep the parents alive until the child step is registered.
        let guards = arguments.each_ref().map(|argument| argument.node());
        match UgmmBackward.prepare::<C>(guards).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let ids = arguments.each_ref().map(|argument| prep.checkpoint(argument));
                let (y, saved) = B::ugmm_forward_saving(arguments.map(|argument| argument.into_primitive()));
                prep.finish((ids, saved), y)
            }
            OpsKind::UnTracked(prep) => {
                let [x, means, log_sigmas, mixing_logits] =
                    arguments.map(|argument| argument.into_primitive());
                prep.finish(B::ugmm_forward(x, means, log_sigmas, mixing_logits))
            }
        }
    }
}
