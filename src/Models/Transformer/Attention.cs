using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>Scaled dot-product attention of several heads, <c>softmax(q kᵀ / √(d/h)) v</c> (Vaswani et al. 2017, section 3.2).</summary>
/// <remarks>Two computations give the same numbers: <c>scaled_dot_product_attention</c>, and plain products with a softmax between. The
/// second is used on the CPU when weights are dropped, where libtorch has no fused kernel (forward and backward for 60 rows of 30 tokens, d
/// = 128, 4 heads, one core: 9.6 ms against 13.2 ms), and for short sentences (no dropout: 9.7 against 10.2 ms, forward alone 2.2 against
/// 3.2 ms; from 128 keys on the fused one is ahead). On a GPU, which waits for kernels to be launched, the first: one in place of several.
/// Of libtorch's ways to compute it the "memory-efficient" one is named there, since what it chooses itself in bfloat16 was seen to take
/// 0.25 s the first time it meets a shape, and training never stops meeting new ones.</remarks>
internal static class DotProductAttention
{
    private const long FusedFrom = 128; // keys, on the CPU; see the remarks
    private const long Alignment = 8;   // the kernel of a GPU wants heads, and rows of a mask, to begin at multiples of it

    private static readonly TorchScript s_script = new("""
        def plain(query: Tensor, keys: Tensor, values: Tensor, dropout: float):
            return torch._scaled_dot_product_efficient_attention(query, keys, values, None, True, dropout, False)[0]

        def masked(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, dropout: float):
            return torch._scaled_dot_product_efficient_attention(query, keys, values, mask, True, dropout, False)[0]

        """);

    /// <summary>Attends from each position of x, (T, B, d), to all of a memory, (S, B, d), which keys and values are made of: x itself in
    /// self-attention. The mask is added to the scores, (B, 1, 1, S) or (1, 1, T, S): 0 keeps, a large negative number hides. Without
    /// <paramref name="fused"/> device and dropout decide how it is computed. Returns (T, B, d).</summary>
    public static Tensor Attend(Tensor x, Tensor memory, Linear query, Linear key, Linear value, Tensor? mask, int heads,
        Dropout dropout, bool? fused = null)
    {
        using var scope = NewDisposeScope();
        if (x.device_type != DeviceType.CPU)    // the cost there is of kernels, and to make one weight of three takes as many
            return Attend(query.call(x), key.call(memory), value.call(memory), mask, heads, dropout, fused).MoveToOuterDisposeScope();
        Tensor[] made = ReferenceEquals(x, memory) ? Project(x, heads, query, key, value)
            : [.. Project(x, heads, query), .. Project(memory, heads, key, value)];
        return Heads(made[0], made[1], made[2], mask, dropout, fused).MoveToOuterDisposeScope();
    }

    /// <summary>Attends from queries, (T, B, d), to keys and values, (S, B, d) each, that were projected before.</summary>
    public static Tensor Attend(
        Tensor query, Tensor keys, Tensor values, Tensor? mask, int heads, Dropout dropout, bool? fused = null)
    {
        using var scope = NewDisposeScope();
        return Heads(Split(query), Split(keys), Split(values), mask, dropout, fused).MoveToOuterDisposeScope();

        Tensor Split(Tensor all) => all.view(all.shape[0], all.shape[1], heads, -1);
    }

    /// <summary>Several projections of one input as one product, (T, B, h, d/h) each. The output channels are put in the order head,
    /// projection: so the heads of all rows are one strided batch in what comes out, and nothing is copied.</summary>
    private static Tensor[] Project(Tensor x, int heads, params Linear[] projections)
    {
        long count = projections.Length, size = x.shape[2];
        Tensor weight = stack(projections.Select(one => one.weight!.view(heads, -1, size)).ToArray(), 1).view(count * size, size);
        Tensor bias = stack(projections.Select(one => one.bias!.view(heads, -1)).ToArray(), 1).view(count * size);
        return nn.functional.linear(x, weight, bias).view(x.shape[0], x.shape[1], heads, count, -1).unbind(3);
    }

    /// <summary>(T, B, h, d/h) each to (T, B, d).</summary>
    private static Tensor Heads(Tensor query, Tensor keys, Tensor values, Tensor? mask, Dropout dropout, bool? fused) =>
        fused ?? (query.device_type != DeviceType.CPU ? query.dtype != ScalarType.Float64 && query.shape[3] % Alignment == 0
            : !dropout.Active && keys.shape[0] >= FusedFrom)
            ? Fused(query, keys, values, mask, dropout)
            : Plain(query, keys, values, mask, dropout);

    private static Tensor Fused(Tensor query, Tensor keys, Tensor values, Tensor? mask, Dropout dropout)
    {
        Tensor q = Split(query), k = Split(keys), v = Split(values);
        double p = dropout.Active ? dropout.P : 0;
        Tensor context = q.device_type != DeviceType.CUDA ? nn.functional.scaled_dot_product_attention(q, k, v, mask!, p)
            : mask is null ? s_script.Call<Tensor>("plain", q, k, v, p)
            : s_script.Call<Tensor>("masked", q, k, v, Aligned(mask).expand(q.shape[0], q.shape[1], q.shape[2], -1), p);
        return context.permute(2, 0, 1, 3).flatten(2, 3); // (T, B, d)

        static Tensor Split(Tensor x) => x.permute(1, 2, 0, 3); // (B, h, T, d/h)

        // As it is, where its rows have a multiple of 8 keys: then nothing is copied.
        static Tensor Aligned(Tensor mask)
        {
            long keys = mask.shape[3], over = keys % Alignment;
            return over == 0 ? mask : nn.functional.pad(mask, [0, Alignment - over]).narrow(3, 0, keys);
        }
    }

    private static Tensor Plain(Tensor query, Tensor keys, Tensor values, Tensor? mask, Dropout dropout)
    {
        (long length, long rows, long heads) = (query.shape[0], query.shape[1], query.shape[2]);
        float scale = 1 / MathF.Sqrt(query.shape[3]);
        Tensor q = Split(query), k = Split(keys).transpose(1, 2), v = Split(values);
        // TorchSharp's baddbmm is a method of the first factor: mask + scale · q kᵀ.
        Tensor scores = mask is null ? q.bmm(k) * scale : q.baddbmm(k, PerHead(mask), 1, scale); // (B·h, T, S)
        Tensor weights = dropout.call(scores.softmax(-1));
        return weights.bmm(v).transpose(0, 1).reshape(length, rows, -1); // (B·h, T, d/h) -> (T, B, d)

        Tensor Split(Tensor x) => x.flatten(1, 2).transpose(0, 1); // (B·h, T, d/h)

        Tensor PerHead(Tensor m) => m.shape[0] == 1
            ? m.view(1, m.shape[2], m.shape[3])
            : m.expand(m.shape[0], heads, m.shape[2], m.shape[3]).reshape(-1, m.shape[2], m.shape[3]);
    }
}

/// <summary>Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2), initialised as fairseq's: Xavier-uniform
/// projections, those of query, key and value with gain 1/√2. Sequences are time-first, (T, B, d): the heads of all rows are then one
/// strided batch of matrices, which BLAS reads in place, where batch-first data would be copied for every product.</summary>
internal sealed class MultiHeadAttention : nn.Module<Tensor, Tensor, Tensor?, Tensor>
{
    [ComponentName(Name = "query")] private readonly Linear _query;
    [ComponentName(Name = "key")] private readonly Linear _key;
    [ComponentName(Name = "value")] private readonly Linear _value;
    [ComponentName(Name = "output")] private readonly Linear _output;
    [ComponentName(Name = "dropout")] private readonly Dropout _dropout;
    private readonly int _heads;

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

    /// <summary>Attends from each query, (T, B, d), to all of the memory, (S, B, d); (T, B, d). The mask is as above.</summary>
    public override Tensor forward(Tensor query, Tensor memory, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        Tensor context = DotProductAttention.Attend(query, memory, _query, _key, _value, mask, _heads, _dropout, Fused);
        return _output.call(context).MoveToOuterDisposeScope();
    }

    /// <summary>The keys and values of a memory, for <see cref="Attend"/>; all (S, B, d).</summary>
    public (Tensor Keys, Tensor Values) Project(Tensor memory) => (_key.call(memory), _value.call(memory));

    /// <summary>Attends from each query, (T, B, d), not projected, to what was projected before; (T, B, d).</summary>
    public Tensor Attend(Tensor query, KeysAndValues memory, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        Tensor context = DotProductAttention.Attend(
            _query.call(query), memory.Keys, memory.Values, mask, _heads, _dropout, Fused);
        return _output.call(context).MoveToOuterDisposeScope();
    }
}
