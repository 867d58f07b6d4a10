using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>The terms of one step's loss, <c>L = (1/K) Σ_i L_task(i) + α′ · X</c> (Xu et al. 2022).</summary>
/// <param name="Task">The task loss averaged over the K passes; a scalar tensor, detached.</param>
/// <param name="Divergence">The divergence X between the passes, before weighting; a scalar tensor, detached.</param>
/// <param name="Alpha">The weight α′ in force at this step.</param>
/// <param name="Total">The scalar to call <c>backward()</c> on.</param>
public sealed record IntraDistillationLoss(Tensor Task, Tensor Divergence, double Alpha, Tensor Total);
