using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>
/// Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2), initialised as fairseq's: Xavier-uniform
/// projections, those of query, key and value with gain 1/√2.
/// </summary>
/// <remarks>
/// Sequences are time-first, (T, B, d): the heads of all rows are then one strided batch of matrices, which BLAS reads in
/// place, where batch-first data would be copied for every product.
/// </remarks>
public sealed class MultiHeadAttention : nn.Module<Tensor, Tensor, Tensor?, Tensor>
{
    [ComponentName(Name = "query")] private readonly Linear _query;
    [ComponentName(Name = "key")] private readonly Linear _key;
    [ComponentName(Name = "value")] private readonly Linear _value;
    [ComponentName(Name = "output")] private readonly Linear _output;
    [ComponentName(Name = "dropout")] private readonly Dropout _dropout;
    private readonly int _heads;

    /// <summary>Makes the module.</summary>
    /// <param name="modelSize">The width d of queries, keys, values and output.</param>
    /// <param name="heads">How many heads; a divisor of d.</param>
    /// <param name="dropout">The probability that an attention weight is dropped.</param>
    public MultiHeadAttention(int modelSize, int heads, double dropout) : base(nameof(MultiHeadAttention))
    {
        _heads = heads;
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
        Tensor context = DotProductAttention.Attend(query, memory, _query, _key, _value, mask, _heads, _dropout, Fused);
        return _output.call(context).MoveToOuterDisposeScope();
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
        Tensor context = DotProductAttention.Attend(_query.call(query), keys, values, mask, _heads, _dropout, Fused);
        return _output.call(context).MoveToOuterDisposeScope();
    }
}
