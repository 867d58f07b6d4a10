using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>The formulas of the transformer, one sentence and one head at a time, on the weights of a model.</summary>
internal sealed class PlainTransformer(TranslationTransformer model)
{
    private readonly TransformerSettings _settings = model.Settings;

    /// <summary>(T, V) for an unpadded source and decoder input.</summary>
    public Tensor Logits(long[] source, long[] decoderInput)
    {
        Tensor encoded = Embed("source_embedding", source);
        for (int i = 0; i < _settings.EncoderLayers; i++)
        {
            string layer = $"encoder.layers.{i}";
            encoded = Residual($"{layer}.self_attention_norm", encoded, x => Attention($"{layer}.self_attention", x, x, false));
            encoded = Residual($"{layer}.feed_forward_norm", encoded, x => FeedForward($"{layer}.feed_forward", x));
        }
        if (_settings.NormalizeFirst)
            encoded = Norm("encoder.norm", encoded);
        Tensor states = Embed("target_embedding", decoderInput);
        for (int i = 0; i < _settings.DecoderLayers; i++)
        {
            string layer = $"decoder.layers.{i}";
            states = Residual($"{layer}.self_attention_norm", states, x => Attention($"{layer}.self_attention", x, x, true));
            states = Residual($"{layer}.cross_attention_norm", states,
                x => Attention($"{layer}.cross_attention", x, encoded, false));
            states = Residual($"{layer}.feed_forward_norm", states, x => FeedForward($"{layer}.feed_forward", x));
        }
        if (_settings.NormalizeFirst)
            states = Norm("decoder.norm", states);
        return states.matmul(Weight("output_projection.weight").t());
    }

    private Tensor Embed(string name, long[] tokens)
    {
        int size = _settings.ModelSize, half = size / 2;
        var positions = new double[tokens.Length, size];
        for (int t = 0; t < tokens.Length; t++)
            for (int i = 0; i < half; i++)
            {
                double frequency = Math.Pow(10000, -i / (half - 1.0));
                positions[t, i] = Math.Sin((_settings.PadId + 1 + t) * frequency);
                positions[t, half + i] = Math.Cos((_settings.PadId + 1 + t) * frequency);
            }
        return Weight($"{name}.weight").index_select(0, tensor(tokens)) * Math.Sqrt(size) + from_array(positions);
    }

    private Tensor Residual(string norm, Tensor x, Func<Tensor, Tensor> block) =>
        _settings.NormalizeFirst ? x + block(Norm(norm, x)) : Norm(norm, x + block(x));

    private Tensor Norm(string name, Tensor x)
    {
        Tensor centred = x - x.mean([-1], keepdim: true);
        Tensor variance = (centred * centred).mean([-1], keepdim: true);
        return centred / (variance + 1e-5).sqrt() * Weight($"{name}.weight") + Weight($"{name}.bias");
    }

    private Tensor FeedForward(string name, Tensor x) => Linear($"{name}.outer", Linear($"{name}.inner", x).clamp_min(0));

    private Tensor Attention(string name, Tensor query, Tensor memory, bool causal)
    {
        int width = _settings.ModelSize / _settings.Heads;
        Tensor q = Linear($"{name}.query", query), k = Linear($"{name}.key", memory), v = Linear($"{name}.value", memory);
        Tensor hidden = ones(query.shape[0], memory.shape[0], dtype: @bool).triu(1);
        return Linear($"{name}.output", cat([.. Enumerable.Range(0, _settings.Heads).Select(head =>
        {
            Range columns = (head * width)..((head + 1) * width);
            Tensor scores = q[.., columns].matmul(k[.., columns].t()) / Math.Sqrt(width);
            return (causal ? scores.masked_fill(hidden, double.NegativeInfinity) : scores).softmax(-1).matmul(v[.., columns]);
        })], 1));
    }

    private Tensor Linear(string name, Tensor x) => x.matmul(Weight($"{name}.weight").t()) + Weight($"{name}.bias");

    private Tensor Weight(string name) => model.get_parameter(name)!.detach();
}
