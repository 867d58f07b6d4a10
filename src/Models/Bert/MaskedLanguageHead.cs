using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// The head of masked language modelling: a dense layer, a normalization, and an output that shares the embeddings' weights and
/// has a bias of its own.
/// </summary>
internal sealed class MaskedLanguageHead : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Linear _dense;
    private readonly LayerNorm _norm;
    private readonly BertActivation _activation;

    public MaskedLanguageHead(BertSettings settings) : base(nameof(MaskedLanguageHead))
    {
        bool bert = settings.Family == BertFamily.Bert;
        // RoBERTa's and XLM-R's head has GELU whatever the layers have.
        _activation = bert ? settings.Activation : BertActivation.Gelu;
        _dense = BertParts.NewLinear(settings, settings.HiddenSize, settings.HiddenSize);
        _norm = BertParts.NewNorm(settings);
        if (bert)
        {
            register_module("transform", new ModuleGroup(("dense", _dense), ("LayerNorm", _norm)));
        }
        else
        {
            register_module("dense", _dense);
            register_module("layer_norm", _norm);
        }
        register_parameter("bias", new Parameter(zeros(settings.VocabularySize)));
    }

    /// <summary>(…, d) and the embeddings (V, d) to (…, V).</summary>
    public override Tensor forward(Tensor hidden, Tensor embeddings)
    {
        using var scope = NewDisposeScope();
        Tensor transformed = _norm.call(BertParts.Activate(_activation, _dense.call(hidden)));
        return nn.functional.linear(transformed, embeddings, get_parameter("bias")!).MoveToOuterDisposeScope();
    }
}
