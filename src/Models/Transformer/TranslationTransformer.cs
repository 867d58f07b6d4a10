using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>The encoder-decoder transformer of Vaswani et al. (2017) as fairseq builds <c>transformer_iwslt_de_en</c>: ReLU, sinusoidal
/// positions, embeddings scaled by √d, fairseq's initialisation and places of dropout; post-norm, or pre-norm with a last normalization of
/// each stack.</summary>
/// <remarks>Padding is told from the pad id. On the source side it may be anywhere; on the target side it must follow the sentence, where
/// the causal mask hides it from every real token (the states at padded target positions mean nothing). The model runs one pass: for the K
/// passes of intra-distillation the caller repeats the batch K times. A sentence longer than <see cref="TransformerSettings.MaxLength"/> is
/// an <see cref="IntraDistillException"/>.</remarks>
public sealed class TranslationTransformer : nn.Module<Tensor, Tensor, Tensor>
{
    // Hides a key without the NaN that −∞ gives in a row where everything is hidden.
    private const float Hidden = -1e9f;

    [ComponentName(Name = "embedding")] private readonly Embedding? _embedding;
    [ComponentName(Name = "source_embedding")] private readonly Embedding? _sourceEmbedding;
    [ComponentName(Name = "target_embedding")] private readonly Embedding? _targetEmbedding;
    [ComponentName(Name = "encoder")] private readonly TransformerStack _encoder;
    [ComponentName(Name = "decoder")] private readonly TransformerStack _decoder;
    [ComponentName(Name = "output_projection")] private readonly Linear? _outputProjection;
    [ComponentName(Name = "dropout")] private readonly Dropout _dropout;

    // No buffer: TorchSharp leaves those behind that a checkpoint shall not have when a module moves.
    private Tensor _positions;

    /// <summary>Makes the model, with weights drawn from torch's generator.</summary>
    /// <exception cref="IntraDistillException">The settings do not describe a model.</exception>
    public TranslationTransformer(TransformerSettings settings) : base(nameof(TranslationTransformer))
    {
        settings.Validate();
        Settings = settings;
        if (settings.ShareEmbeddings)
            _embedding = NewEmbedding(settings.SourceVocabulary);
        else
        {
            _sourceEmbedding = NewEmbedding(settings.SourceVocabulary);
            _targetEmbedding = NewEmbedding(settings.TargetVocabulary);
        }
        _encoder = new TransformerStack(settings, settings.EncoderLayers, attendsToSource: false);
        _decoder = new TransformerStack(settings, settings.DecoderLayers, attendsToSource: true);
        if (!settings.ShareEmbeddings && !settings.ShareDecoderOutput)
        {
            _outputProjection = nn.Linear(settings.ModelSize, settings.TargetVocabulary, hasBias: false);
            nn.init.normal_(_outputProjection.weight!, 0, 1 / Math.Sqrt(settings.ModelSize));
        }
        _dropout = new Dropout(settings.Dropout);
        RegisterComponents();
        _positions = NewPositions(get_default_dtype(), CPU);
    }

    /// <summary>What the model was made from.</summary>
    public TransformerSettings Settings { get; }

    /// <summary>The output projection, (V, d): <c>logits = hidden · OutputWeightᵀ</c>. There is no bias.</summary>
    public Parameter OutputWeight => _outputProjection?.weight ?? TargetEmbedding.weight!;

    private Embedding SourceEmbedding => _embedding ?? _sourceEmbedding!;

    private Embedding TargetEmbedding => _embedding ?? _targetEmbedding!;

    /// <summary>Logits of the next token after every prefix of the targets, (B, T, V).</summary>
    /// <param name="source">(B, S) int64.</param>
    /// <param name="decoderInput">(B, T) int64: BOS and the target.</param>
    public override Tensor forward(Tensor source, Tensor decoderInput)
    {
        using var scope = NewDisposeScope();
        return nn.functional.linear(hidden(source, decoderInput), OutputWeight).MoveToOuterDisposeScope();
    }

    /// <summary>The decoder's states before the output projection, (B, T, d), for losses that make the logits in pieces.</summary>
    /// <param name="source">(B, S) int64.</param>
    /// <param name="decoderInput">(B, T) int64: BOS and the target.</param>
    public Tensor hidden(Tensor source, Tensor decoderInput)
    {
        using var scope = NewDisposeScope();
        (Tensor encoded, Tensor sourceMask) = Encode(source);
        Tensor x = Embed(TargetEmbedding, decoderInput);                                            // (T, B, d)
        long length = decoderInput.shape[1];
        Tensor causalMask = full([length, length], Hidden, x.dtype, x.device).triu_(1).view(1, 1, length, length);
        Tensor states = _decoder.call(x, causalMask, encoded, sourceMask);
        return states.transpose(0, 1).contiguous().MoveToOuterDisposeScope();                       // (B, T, d)
    }

    /// <summary>Encodes sources, (B, S) int64, to be translated token by token with <see cref="Step"/>; the state has one row a sentence,
    /// and is to be disposed.</summary>
    public DecodingState StartDecoding(Tensor source)
    {
        using var scope = NewDisposeScope();
        (Tensor encoded, Tensor sourceMask) = Encode(source);
        return new DecodingState(sourceMask, _decoder.ProjectSource(encoded));
    }

    /// <summary>Takes the next token of every row and returns the logits of the one after it, (N, V).</summary>
    /// <param name="tokens">(N) int64, N a multiple of the state's sentences; BOS in the first step.</param>
    /// <param name="state">What came before; the tokens are added to it.</param>
    public Tensor Step(Tensor tokens, DecodingState state)
    {
        using var scope = NewDisposeScope();
        CheckLength(state.Length + 1);
        Tensor position = _positions[Settings.PadId + 1 + state.Length];
        Tensor x = _dropout.call(position.add(TargetEmbedding.call(tokens.unsqueeze(0)), EmbeddingScale)); // (1, N, d)
        Tensor states = _decoder.Step(x, state);
        state.Length++;
        return nn.functional.linear(states.squeeze(0), OutputWeight).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
    {
        base._toEpilog(dtype, device, non_blocking);
        using Tensor earlier = _positions;
        _positions = NewPositions(dtype ?? earlier.dtype, device ?? earlier.device);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _positions.Dispose();
        base.Dispose(disposing);
    }

    private double EmbeddingScale => Math.Sqrt(Settings.ModelSize);

    /// <summary>(B, S) tokens to states (S, B, d), and the mask that hides padding, (B, 1, 1, S).</summary>
    private (Tensor Encoded, Tensor Mask) Encode(Tensor source)
    {
        Tensor x = Embed(SourceEmbedding, source);
        Tensor mask = source.eq(Settings.PadId).to(x.dtype).mul_(Hidden).view(source.shape[0], 1, 1, source.shape[1]);
        return (_encoder.call(x, mask, null, null), mask);
    }

    /// <summary>(B, T) tokens to (T, B, d).</summary>
    private Tensor Embed(Embedding embedding, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        CheckLength(tokens.shape[1]);
        Tensor timeFirst = tokens.t();
        Tensor positions = SinusoidalPositions.Lookup(_positions, timeFirst, Settings.PadId);
        return _dropout.call(positions.add(embedding.call(timeFirst), EmbeddingScale)).MoveToOuterDisposeScope();
    }

    private void CheckLength(long length)
    {
        if (length > Settings.MaxLength)
            throw new IntraDistillException($"a sentence of {length} tokens is longer than MaxLength ({Settings.MaxLength})");
    }

    private Tensor NewPositions(ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        return SinusoidalPositions.Table(Settings.MaxLength, Settings.ModelSize, Settings.PadId).to(type, device).DetachFromDisposeScope();
    }

    private Embedding NewEmbedding(int vocabulary)
    {
        Embedding embedding = nn.Embedding(vocabulary, Settings.ModelSize, padding_idx: Settings.PadId);
        nn.init.normal_(embedding.weight!, 0, 1 / Math.Sqrt(Settings.ModelSize));
        using (no_grad())
        using (Tensor pad = embedding.weight![Settings.PadId])
            pad.zero_();
        return embedding;
    }
}

/// <summary>Sinusoidal position embeddings laid out as fairseq's: the sines of all frequencies, then their cosines; the frequency of column
/// i of d/2 is <c>10000^(−i / (d/2 − 1))</c>. The first token of a sentence has position pad + 1, padding has position pad, whose row is
/// zero.</summary>
internal static class SinusoidalPositions
{
    /// <summary>Rows for sentences of up to some length, (pad + 1 + length, d) float64; the last column is zero where d ≥ 4 is
    /// odd.</summary>
    public static Tensor Table(int length, int modelSize, int padId)
    {
        int half = modelSize / 2;
        var table = new double[padId + 1 + length, modelSize];
        for (int position = padId + 1; position < table.GetLength(0); position++)
            for (int i = 0; i < half; i++)
            {
                double angle = position * Math.Exp(-i * Math.Log(10000) / (half - 1));
                (table[position, i], table[position, half + i]) = (Math.Sin(angle), Math.Cos(angle));
            }
        return from_array(table);
    }

    /// <summary>The rows of the table for tokens, (T, B) int64 to (T, B, d): padding is not counted.</summary>
    public static Tensor Lookup(Tensor table, Tensor tokens, int padId)
    {
        using var scope = NewDisposeScope();
        Tensor real = tokens.ne(padId).to(int64);
        Tensor rows = real.cumsum(0).mul_(real).add_(padId);
        return table.index_select(0, rows.reshape(-1)).view(tokens.shape[0], tokens.shape[1], -1).MoveToOuterDisposeScope();
    }
}
