using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>The encoder of BERT, RoBERTa and XLM-R, as Hugging Face's <c>BertModel</c>, <c>RobertaModel</c> and <c>XLMRobertaModel</c>
/// compute it. Its parameters have those models' names. Weights of a checkpoint: <see cref="HuggingFaceWeights"/>.</summary>
/// <remarks>The model runs one pass: for the K passes of intra-distillation the caller repeats the batch K times, or calls it K
/// times.</remarks>
public sealed class BertEncoder : nn.Module<Tensor, Tensor, Tensor?, Tensor>
{
    private readonly BertEmbeddings _embeddings;
    private readonly ModuleList<BertLayer> _layers;
    private readonly Linear? _pooler;

    /// <summary>Makes the encoder, with weights drawn from torch's generator, and with a pooler if asked for; see <see cref="Pool"/>.
    /// Checks the settings (<see cref="BertSettings.Validate"/>).</summary>
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

    /// <summary>The pooler: a dense layer and tanh over the first token's state, of states (B, T, d) it makes (B, d).</summary>
    /// <exception cref="InvalidOperationException">The encoder was made without a pooler.</exception>
    public Tensor Pool(Tensor hidden)
    {
        Linear pooler = _pooler ?? throw new InvalidOperationException("the encoder was made without a pooler");
        using var scope = NewDisposeScope();
        return pooler.call(hidden.select(1, 0)).tanh().MoveToOuterDisposeScope();
    }
}

/// <summary>The sum of the embeddings of token, position and token type, normalized, with dropout.</summary>
internal sealed class BertEmbeddings : nn.Module<Tensor, Tensor?, Tensor>
{
    private readonly BertSettings _settings;
    private readonly Embedding _words, _positions, _types;
    private readonly LayerNorm _norm;
    private readonly Dropout _dropout;

    public BertEmbeddings(BertSettings settings) : base(nameof(BertEmbeddings))
    {
        _settings = settings;
        _words = BertParts.NewEmbedding(settings, settings.VocabularySize, settings.PadId);
        _positions = BertParts.NewEmbedding(settings, settings.MaxPositions, settings.Family == BertFamily.Bert ? null : settings.PadId);
        _types = BertParts.NewEmbedding(settings, settings.TokenTypes);
        _norm = BertParts.NewNorm(settings);
        _dropout = new Dropout(settings.Dropout);
        register_module("word_embeddings", _words);
        register_module("position_embeddings", _positions);
        register_module("token_type_embeddings", _types);
        register_module("LayerNorm", _norm);
        register_module("dropout", _dropout);
    }

    public Parameter Words => _words.weight!;

    /// <summary>(B, T) ids and token types, null for all 0, to (T, B, d).</summary>
    public override Tensor forward(Tensor ids, Tensor? types)
    {
        using var scope = NewDisposeScope();
        long length = ids.shape[1];
        if (length > _settings.MaxLength)
            throw new IntraDistillException(
                $"a sequence of {length} tokens is longer than the model's positions reach ({_settings.MaxLength})");
        Tensor timeFirst = ids.t();
        Tensor type = types is null ? _types.weight!.narrow(0, 0, 1) : _types.call(types.t()); // (1, d) or (T, B, d)
        Tensor sum = _words.call(timeFirst) + Positions(timeFirst) + type;
        return _dropout.call(_norm.call(sum)).MoveToOuterDisposeScope();
    }

    /// <summary>BERT numbers the columns from 0. RoBERTa and XLM-R number the tokens that are no padding from the padding token's id + 1,
    /// and give that id to all padding.</summary>
    private Tensor Positions(Tensor timeFirst)
    {
        if (_settings.Family == BertFamily.Bert)
            return _positions.weight!.narrow(0, 0, timeFirst.shape[0]).unsqueeze(1); // (T, 1, d)
        Tensor real = timeFirst.ne(_settings.PadId).to(int64);
        return _positions.call(real.cumsum(0).mul_(real).add_(_settings.PadId)); // (T, B, d)
    }
}

/// <summary>One layer: self-attention and a feed-forward block, each with dropout, residual and a normalization after it.</summary>
internal sealed class BertLayer : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly BertSettings _settings;
    private readonly Linear _query, _key, _value, _attentionOutput, _inner, _outer;
    private readonly LayerNorm _attentionNorm, _norm;
    private readonly Dropout _attentionDropout, _dropout;

    public BertLayer(BertSettings settings) : base(nameof(BertLayer))
    {
        _settings = settings;
        int d = settings.HiddenSize;
        (_query, _key, _value) = (New(d, d), New(d, d), New(d, d));
        (_attentionOutput, _inner, _outer) = (New(d, d), New(d, settings.FeedForwardSize), New(settings.FeedForwardSize, d));
        (_attentionNorm, _norm) = (BertParts.NewNorm(settings), BertParts.NewNorm(settings));
        (_attentionDropout, _dropout) = (new(settings.AttentionDropout), new(settings.Dropout));
        register_module("attention", new ModuleGroup(
            ("self", new ModuleGroup(("query", _query), ("key", _key), ("value", _value), ("dropout", _attentionDropout))),
            ("output", new ModuleGroup(("dense", _attentionOutput), ("LayerNorm", _attentionNorm)))));
        register_module("intermediate", new ModuleGroup(("dense", _inner)));
        register_module("output", new ModuleGroup(("dense", _outer), ("LayerNorm", _norm), ("dropout", _dropout)));

        Linear New(int inputs, int outputs) => BertParts.NewLinear(settings, inputs, outputs);
    }

    /// <summary>(T, B, d) and the mask of <see cref="BertParts.AttentionMask"/> to (T, B, d).</summary>
    public override Tensor forward(Tensor x, Tensor mask)
    {
        using var scope = NewDisposeScope();
        x = Residual.Apply(x, _attentionNorm, _dropout, normalizeFirst: false, y => _attentionOutput.call(
            DotProductAttention.Attend(y, y, _query, _key, _value, mask, _settings.Heads, _attentionDropout)));
        x = Residual.Apply(x, _norm, _dropout, normalizeFirst: false, y => _outer.call(
            BertParts.Activate(_settings.Activation, _inner.call(y))));
        return x.MoveToOuterDisposeScope();
    }
}

/// <summary>The layers that BERT is made of, as it initialises them: normal(0, <see cref="BertSettings.InitializerRange"/>).</summary>
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

    /// <summary>A table of embeddings; the padding token's row, where there is one, is zero and not trained by look-ups.</summary>
    public static Embedding NewEmbedding(BertSettings settings, int rows, int? padId = null)
    {
        Embedding embedding = nn.Embedding(rows, settings.HiddenSize, padding_idx: padId);
        nn.init.normal_(embedding.weight!, 0, settings.InitializerRange);
        if (padId is int pad)
            using (no_grad())
            using (Tensor row = embedding.weight![pad])
                row.zero_();
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
