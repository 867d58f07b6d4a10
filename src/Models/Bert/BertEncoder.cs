using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// The encoder of BERT, RoBERTa and XLM-R, as Hugging Face's <c>BertModel</c>, <c>RobertaModel</c> and <c>XLMRobertaModel</c>
/// compute it. Its parameters have those models' names. Weights of a checkpoint: <see cref="HuggingFaceWeights"/>.
/// </summary>
/// <remarks>
/// The model runs one pass: for the K passes of intra-distillation the caller repeats the batch K times, or calls it K times.
/// </remarks>
public sealed class BertEncoder : nn.Module<Tensor, Tensor, Tensor?, Tensor>
{
    private readonly BertEmbeddings _embeddings;
    private readonly ModuleList<BertLayer> _layers;
    private readonly Linear? _pooler;

    /// <summary>Makes the encoder, with weights drawn from torch's generator.</summary>
    /// <param name="settings">What to make.</param>
    /// <param name="pooler">Whether there is a pooler; see <see cref="Pool"/>.</param>
    /// <exception cref="IntraDistillException">The settings do not describe a model.</exception>
    public BertEncoder(BertSettings settings, bool pooler = true) : base(nameof(BertEncoder))
    {
        settings.Validate();
        Settings = settings;
        _embeddings = new BertEmbeddings(settings);
        _layers = new([.. Enumerable.Range(0, settings.Layers).Select(_ => new BertLayer(settings))]);
        register_module("embeddings", _embeddings);
        register_module("encoder", new ModuleGroup(("layer", _layers)));
        if (pooler)
        {
            _pooler = BertParts.NewLinear(settings, settings.HiddenSize, settings.HiddenSize);
            register_module("pooler", new ModuleGroup(("dense", _pooler)));
        }
    }

    /// <summary>What the encoder was made from.</summary>
    public BertSettings Settings { get; }

    /// <summary>The embeddings of the tokens, (V, d), which a masked language model's output shares.</summary>
    public Parameter WordEmbeddings => _embeddings.Words;

    /// <summary>Encodes a batch.</summary>
    /// <param name="ids">(B, T) int64: token ids.</param>
    /// <param name="attentionMask">(B, T), any type: 0 for padding, another number for tokens.</param>
    /// <param name="tokenTypes">(B, T) int64: which sentence of a pair each token is of; null for all of the first.</param>
    /// <returns>The last layer's states, (B, T, d); those at padding mean nothing.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    /// <exception cref="IntraDistillException">T is above <see cref="BertSettings.MaxLength"/>.</exception>
    public override Tensor forward(Tensor ids, Tensor attentionMask, Tensor? tokenTypes = null)
    {
        if (ids.dim() != 2 || !attentionMask.shape.SequenceEqual(ids.shape)
            || (tokenTypes is not null && !tokenTypes.shape.SequenceEqual(ids.shape)))
        {
            throw new ArgumentException($"ids are {ids.Text()}, the mask is {attentionMask.Text()}, token types are "
                + $"{tokenTypes?.Text() ?? "none"}; (B, T) each was expected");
        }
        using var scope = NewDisposeScope();
        Tensor x = _embeddings.call(ids, tokenTypes); // (T, B, d)
        Tensor mask = BertParts.AttentionMask(attentionMask, x.dtype);
        foreach (BertLayer layer in _layers)
            x = layer.call(x, mask);
        return x.transpose(0, 1).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>The pooler: a dense layer and tanh over the first token's state.</summary>
    /// <param name="hidden">(B, T, d): the encoder's states.</param>
    /// <returns>(B, d).</returns>
    /// <exception cref="InvalidOperationException">The encoder was made without a pooler.</exception>
    public Tensor Pool(Tensor hidden)
    {
        Linear pooler = _pooler ?? throw new InvalidOperationException("the encoder was made without a pooler");
        using var scope = NewDisposeScope();
        return pooler.call(hidden.select(1, 0)).tanh().MoveToOuterDisposeScope();
    }
}
