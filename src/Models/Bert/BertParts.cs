using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// The layers that BERT is made of, as it initialises them: normal(0, <see cref="BertSettings.InitializerRange"/>).
/// </summary>
internal static class BertParts
{
    // Hides a key without the NaN that −∞ gives in a row where everything is hidden.
    private const float Hidden = -1e9f;

    public static Linear NewLinear(BertSettings settings, int inputs, int outputs)
    {
        Linear linear = nn.Linear(inputs, outputs);
        nn.init.normal_(linear.weight!, 0, settings.InitializerRange);
        nn.init.zeros_(linear.bias!);
        return linear;
    }

    /// <summary>
    /// A table of embeddings; the padding token's row, where there is one, is zero and not trained by look-ups.
    /// </summary>
    public static Embedding NewEmbedding(BertSettings settings, int rows, int? padId = null)
    {
        Embedding embedding = nn.Embedding(rows, settings.HiddenSize, padding_idx: padId);
        nn.init.normal_(embedding.weight!, 0, settings.InitializerRange);
        if (padId is int pad)
        {
            using (no_grad())
            using (Tensor row = embedding.weight![pad])
                row.zero_();
        }
        return embedding;
    }

    public static LayerNorm NewNorm(BertSettings settings) => nn.LayerNorm(settings.HiddenSize, settings.NormEpsilon);

    public static Tensor Activate(BertActivation activation, Tensor x) => activation switch
    {
        BertActivation.Gelu => nn.functional.gelu(x),
        BertActivation.GeluTanh => 0.5 * x * (1 + (Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x.pow(3))).tanh()),
        _ => x.relu(),
    };

    /// <summary>What is added to attention's scores: (B, T) with 1 for tokens and 0 for padding becomes (B, 1, 1, T).</summary>
    public static Tensor AttentionMask(Tensor mask, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return mask.eq(0).to(type).mul_(Hidden).view(mask.shape[0], 1, 1, mask.shape[1]).MoveToOuterDisposeScope();
    }
}

/// <summary>Modules under names, where a checkpoint's names have a level that the code has no module for.</summary>
internal sealed class ModuleGroup : nn.Module
{
    public ModuleGroup(params (string Name, nn.Module Module)[] children) : base(nameof(ModuleGroup))
    {
        foreach ((string name, nn.Module module) in children)
            register_module(name, module);
    }
}
