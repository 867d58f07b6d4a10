using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>An encoder with a head.</summary>
public interface IBertModel
{
    /// <summary>The encoder.</summary>
    BertEncoder Encoder { get; }
}

/// <summary>
/// An encoder with a head. <c>call</c> is <see cref="Logits"/> after the encoder; the two can be called apart to have the
/// states between them.
/// </summary>
/// <typeparam name="TResult">What the head gives.</typeparam>
public abstract class BertModel<TResult> : nn.Module<Tensor, Tensor, Tensor?, TResult>, IBertModel
{
    private protected BertModel(string name, BertSettings settings, bool pooler) : base(name)
    {
        Encoder = new BertEncoder(settings, pooler);
        register_module(settings.EncoderName, Encoder);
    }

    /// <summary>The encoder.</summary>
    public BertEncoder Encoder { get; }

    /// <summary>What the model was made from.</summary>
    public BertSettings Settings => Encoder.Settings;

    /// <summary>The head.</summary>
    /// <param name="hidden">(B, T, d): the encoder's states.</param>
    public abstract TResult Logits(Tensor hidden);

    /// <summary>Encodes a batch and applies the head.</summary>
    /// <param name="ids">(B, T) int64: token ids.</param>
    /// <param name="attentionMask">(B, T), any type: 0 for padding, another number for tokens.</param>
    /// <param name="tokenTypes">(B, T) int64: which sentence of a pair each token is of; null for all of the first.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    /// <exception cref="IntraDistillException">T is above <see cref="BertSettings.MaxLength"/>.</exception>
    public override TResult forward(Tensor ids, Tensor attentionMask, Tensor? tokenTypes = null)
    {
        using Tensor hidden = Encoder.call(ids, attentionMask, tokenTypes);
        return Logits(hidden);
    }

    private protected Dropout NewClassifierDropout()
    {
        Dropout dropout = new(Settings.ClassifierDropout ?? Settings.Dropout);
        register_module("dropout", dropout);
        return dropout;
    }
}
