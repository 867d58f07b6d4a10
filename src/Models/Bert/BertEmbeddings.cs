using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>The sum of the embeddings of token, position and token type, normalized, with dropout.</summary>
internal sealed class BertEmbeddings : nn.Module<Tensor, Tensor?, Tensor>
{
    private readonly BertSettings _settings;
    private readonly Embedding _words;
    private readonly Embedding _positions;
    private readonly Embedding _types;
    private readonly LayerNorm _norm;
    private readonly Dropout _dropout;

    public BertEmbeddings(BertSettings settings) : base(nameof(BertEmbeddings))
    {
        _settings = settings;
        _words = BertParts.NewEmbedding(settings, settings.VocabularySize, settings.PadId);
        _positions = BertParts.NewEmbedding(settings, settings.MaxPositions,
            settings.Family == BertFamily.Bert ? null : settings.PadId);
        _types = BertParts.NewEmbedding(settings, settings.TokenTypes);
        _norm = BertParts.NewNorm(settings);
        _dropout = new Dropout(settings.Dropout);
        register_module("word_embeddings", _words);
        register_module("position_embeddings", _positions);
        register_module("token_type_embeddings", _types);
        register_module("LayerNorm", _norm);
        register_module("dropout", _dropout);
    }

    /// <summary>The embeddings of the tokens, (V, d).</summary>
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

    /// <summary>
    /// BERT numbers the columns from 0. RoBERTa and XLM-R number the tokens that are no padding from the padding token's
    /// id + 1, and give that id to all padding.
    /// </summary>
    private Tensor Positions(Tensor timeFirst)
    {
        if (_settings.Family == BertFamily.Bert)
            return _positions.weight!.narrow(0, 0, timeFirst.shape[0]).unsqueeze(1); // (T, 1, d)
        Tensor real = timeFirst.ne(_settings.PadId).to(int64);
        return _positions.call(real.cumsum(0).mul_(real).add_(_settings.PadId)); // (T, B, d)
    }
}
