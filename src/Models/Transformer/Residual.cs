using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>What surrounds every block of a transformer layer.</summary>
internal static class Residual
{
    /// <summary><c>x + dropout(f(norm(x)))</c> in a pre-norm model, <c>norm(x + dropout(f(x)))</c> in a post-norm one.</summary>
    internal static Tensor Apply(Tensor x, LayerNorm norm, Dropout dropout, bool normalizeFirst, Func<Tensor, Tensor> block)
    {
        using var scope = NewDisposeScope();
        Tensor sum = dropout.AddTo(x, block(normalizeFirst ? norm.call(x) : x));
        return (normalizeFirst ? sum : norm.call(sum)).MoveToOuterDisposeScope();
    }
}
