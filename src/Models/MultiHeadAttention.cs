using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace IntraDistill.Models;

/// <summary>
/// Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2), initialised as fairseq's: Xavier-uniform
/// projections, those of query, key and value with gain 1/√2.
/// </summary>
/// <remarks>
/// Sequences are time-first, (T, B, d): the heads of all rows are then one strided batch of matrices, which BLAS reads in
/// place, where batch-first data would be copied for every product. Two computations give the same numbers:
/// <c>scaled_dot_product_attention</c>, and plain products with a softmax between. The second is used on the CPU when weights
/// are dropped, where libtorch has no fused kernel (forward and backward for 60 rows of 30 tokens, d = 128, 4 heads, one
/// core: 9.6 ms against 13.2 ms), and for short sentences (no dropout: 9.7 against 10.2 ms, forward alone 2.2 against
/// 3.2 ms; from 128 keys on the fused one is ahead).
/// </remarks>
public sealed class MultiHeadAttention : nn.Module<Tensor, Tensor, Tensor?, Tensor>
{
    private const long FusedFrom = 128; // keys, on the CPU; see the remarks

    [ComponentName(Name = "query")] private readonly Linear _query;
    [ComponentName(Name = "key")] private readonly Linear _key;
    [ComponentName(Name = "value")] private readonly Linear _value;
    [ComponentName(Name = "output")] private readonly Linear _output;
    [ComponentName(Name = "dropout")] private readonly Dropout _dropout;
    private readonly int _heads;
    private readonly int _headSize;

    /// <summary>Makes the module.</summary>
    /// <param name="modelSize">The width d of queries, keys, values and output.</param>
    /// <param name="heads">How many heads; a divisor of d.</param>
    /// <param name="dropout">The probability that an attention weight is dropped.</param>
    public MultiHeadAttention(int modelSize, int heads, double dropout) : base(nameof(MultiHeadAttention))
    {
        _heads = heads;
        _headSize = modelSize / heads;
        _query = nn.Linear(modelSize, modelSize);
        _key = nn.Linear(modelSize, modelSize);
        _value = nn.Linear(modelSize, modelSize);
        _output = nn.Linear(modelSize, modelSize);
        _dropout = new Dropout(dropout);
        foreach (Linear projection in (Linear[])[_query, _key, _value])
            nn.init.xavier_uniform_(projection.weight!, 1 / Math.Sqrt(2));
        nn.init.xavier_uniform_(_output.weight!);
        nn.init.zeros_(_output.bias!);
        RegisterComponents();
    }

    /// <summary>Which computation is used; <see langword="null"/>, the default, lets device and dropout decide.</summary>
    public bool? Fused { get; set; }

    /// <summary>Attends from each query to all of the memory.</summary>
    /// <param name="query">(T, B, d).</param>
    /// <param name="memory">(S, B, d): what keys and values are made of.</param>
    /// <param name="mask">Added to the scores: (B, 1, 1, S) or (1, 1, T, S); 0 keeps, a large negative number hides.</param>
    /// <returns>(T, B, d).</returns>
    public override Tensor forward(Tensor query, Tensor memory, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        (Tensor keys, Tensor values) = Project(memory);
        return Attend(query, keys, values, mask).MoveToOuterDisposeScope();
    }

    /// <summary>The keys and values of a memory, for <see cref="Attend"/>.</summary>
    /// <param name="memory">(S, B, d).</param>
    /// <returns>Keys and values, (S, B, d) each.</returns>
    public (Tensor Keys, Tensor Values) Project(Tensor memory) => (_key.call(memory), _value.call(memory));

    /// <summary>Attends to keys and values that were projected before.</summary>
    /// <param name="query">(T, B, d), not projected.</param>
    /// <param name="keys">(S, B, d).</param>
    /// <param name="values">(S, B, d).</param>
    /// <param name="mask">As in <see cref="forward"/>.</param>
    /// <returns>(T, B, d).</returns>
    public Tensor Attend(Tensor query, Tensor keys, Tensor values, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        Tensor projected = _query.call(query);
        bool fused = Fused ?? (query.device_type != DeviceType.CPU || (!_dropout.Active && keys.shape[0] >= FusedFrom));
        Tensor context = fused ? AttendFused(projected, keys, values, mask) : AttendPlainly(projected, keys, values, mask);
        return _output.call(context).MoveToOuterDisposeScope();
    }

    private Tensor AttendFused(Tensor query, Tensor keys, Tensor values, Tensor? mask)
    {
        Tensor context = nn.functional.scaled_dot_product_attention(Split(query), Split(keys), Split(values), mask!,
            _dropout.Active ? _dropout.P : 0); // (B, h, T, d/h)
        return context.permute(2, 0, 1, 3).reshape(query.shape); // (T, B, d)

        Tensor Split(Tensor x) => x.view(x.shape[0], x.shape[1], _heads, _headSize).permute(1, 2, 0, 3); // (B, h, T, d/h)
    }

    private Tensor AttendPlainly(Tensor query, Tensor keys, Tensor values, Tensor? mask)
    {
        float scale = 1 / MathF.Sqrt(_headSize);
        Tensor q = Split(query), k = Split(keys).transpose(1, 2), v = Split(values);
        // TorchSharp's baddbmm is a method of the first factor: mask + scale · q kᵀ.
        Tensor scores = mask is null ? q.bmm(k) * scale : q.baddbmm(k, PerHead(mask), 1, scale); // (B·h, T, S)
        Tensor weights = _dropout.call(scores.softmax(-1));
        return weights.bmm(v).transpose(0, 1).reshape(query.shape); // (B·h, T, d/h) -> (T, B, d)

        Tensor Split(Tensor x) => x.view(x.shape[0], x.shape[1] * _heads, _headSize).transpose(0, 1); // (B·h, T, d/h)

        Tensor PerHead(Tensor m) => m.shape[0] == 1
            ? m.view(1, m.shape[2], m.shape[3])
            : m.expand(m.shape[0], _heads, m.shape[2], m.shape[3]).reshape(-1, m.shape[2], m.shape[3]);
    }
}
