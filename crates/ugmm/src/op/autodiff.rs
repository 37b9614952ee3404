//! The hand-written derivative of the operation, for every backend that implements it.

use super::UgmmBackend;
use burn::backend::autodiff::{
    Autodiff, NodeId,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

#[derive(Debug)]
struct UgmmBackward;

impl<B: UgmmBackend> Backward<B, 4> for UgmmBackward {
    /// The checkpointed arguments in the order of the parents, and the sums of the forward pass.
    type State = ([NodeId; 4], FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 4>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let cotangent = gradients.consume::<B>(&ops.node);
        let (arguments, sums) = ops.state;
        let [x, means, log_sigmas, mixing_logits] =
            arguments.map(|id| checkpointer.retrieve_node_output::<FloatTensor<B>>(id));
        let want_x = ops.parents[0].is_some();
        let (grad_means, grad_log_sigmas, grad_mixing_logits, grad_x) =
            B::ugmm_backward(x, means, log_sigmas, mixing_logits, sums, cotangent, want_x);
        let of_parents = [grad_x, Some(grad_means), Some(grad_log_sigmas), Some(grad_mixing_logits)];
        for (parent, gradient) in ops.parents.into_iter().zip(of_parents) {
            if let (Some(node), Some(gradient)) = (parent, gradient) {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: UgmmBackend, C: CheckpointStrategy> UgmmBackend for Autodiff<B, C> {
    fn ugmm_forward(
        x: FloatTensor<Self>,
        means: FloatTensor<Self>,
        log_sigmas: FloatTensor<Self>,
        mixing_logits: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        // The guards keep the parents alive until the child step is registered.
        let guards = [x.node(), means.node(), log_sigmas.node(), mixing_logits.node()];
        match UgmmBackward.prepare::<C>(guards).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let ids = [
                    prep.checkpoint(&x),
                    prep.checkpoint(&means),
                    prep.checkpoint(&log_sigmas),
                    prep.checkpoint(&mixing_logits),
                ];
                let (y, sums) = B::ugmm_forward_with_sums(
                    x.into_primitive(),
                    means.into_primitive(),
                    log_sigmas.into_primitive(),
                    mixing_logits.into_primitive(),
                );
                prep.finish((ids, sums), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::ugmm_forward(
                x.into_primitive(),
                means.into_primitive(),
                log_sigmas.into_primitive(),
                mixing_logits.into_primitive(),
            )),
        }
    }

    fn ugmm_forward_with_sums(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("the sums are taken from the backend below, never through autodiff")
    }

    fn ugmm_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, Option<FloatTensor<Self>>) {
        unreachable!("Burn's autodiff takes no derivative of a backward pass")
    }
}
