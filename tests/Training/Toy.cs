using System.Security.Cryptography;
using IntraDistill.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>Rows of token ids with a label each.</summary>
public sealed record ToyBatch(long[,] Inputs, long[] Labels) : IBatch
{
    public int Tokens => Labels.Length;
}

/// <summary>A learnable toy task: the label is the sum of the row's ids modulo the classes. Another order every epoch.</summary>
public sealed class ToySource(int batches = 7, int rows = 6, int seed = 3) : IBatchSource<ToyBatch>
{
    public IReadOnlyList<ToyBatch> Epoch(int epoch)
    {
        var order = new Random(seed * 1000 + epoch);
        return [.. Enumerable.Range(0, batches).OrderBy(_ => order.Next()).Select(Batch)];
    }

    private ToyBatch Batch(int number)
    {
        var random = new Random(seed * 7919 + number);
        // Batches of unequal size, so that their weights matter.
        int count = rows + number % 3;
        var inputs = new long[count, 3];
        var labels = new long[count];
        for (int row = 0; row < count; row++)
        {
            for (int column = 0; column < 3; column++) inputs[row, column] = random.Next(ToyModel.Vocabulary);
            labels[row] = (inputs[row, 0] + inputs[row, 1] + inputs[row, 2]) % ToyModel.Classes;
        }
        return new ToyBatch(inputs, labels);
    }
}

/// <summary>Embedding, hidden layer with dropout, classes.</summary>
public sealed class ToyModel : nn.Module<Tensor, Tensor>
{
    public const int Vocabulary = 12, Classes = 4;

    private readonly Embedding embedding;
    private readonly Linear hidden;
    private readonly TorchSharp.Modules.Dropout dropout;
    private readonly Linear output;

    public ToyModel(long seed = 1, double dropoutRate = 0.3, int width = 16) : base(nameof(ToyModel))
    {
        Reproducible.Seed(seed);
        embedding = nn.Embedding(Vocabulary, 8);
        hidden = nn.Linear(8, width);
        dropout = nn.Dropout(dropoutRate);
        output = nn.Linear(width, Classes);
        RegisterComponents();
    }

    // (B, 3) → (B, classes)
    public override Tensor forward(Tensor ids) =>
        output.forward(dropout.forward(hidden.forward(embedding.forward(ids).sum(1)).relu()));

    /// <summary>Two passes: their mean loss plus the mean squared difference of their logits.</summary>
    public IntraDistillationLoss Loss(ToyBatch batch, double alpha = 0.5)
    {
        using var inputs = tensor(batch.Inputs);
        using var labels = tensor(batch.Labels);
        var first = forward(inputs);
        var second = forward(inputs);
        var task = (nn.functional.cross_entropy(first, labels) + nn.functional.cross_entropy(second, labels)) / 2;
        var divergence = nn.functional.mse_loss(first, second);
        return new IntraDistillationLoss(task.detach(), divergence.detach(), alpha, task + alpha * divergence);
    }

    /// <summary>A trainer of this model on the toy task.</summary>
    public Trainer<ToyBatch> Trainer(TrainerSettings settings, ToySource? source = null, Func<double>? validate = null) =>
        new(this, settings, source ?? new ToySource(), (batch, _) => Loss(batch)) { Validate = validate is null ? null : () => validate() };

    /// <summary>Mean loss over the first epoch's batches.</summary>
    public double Evaluate(IBatchSource<ToyBatch> source)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return source.Epoch(0).Average(batch =>
            nn.functional.cross_entropy(forward(tensor(batch.Inputs)), tensor(batch.Labels)).ToDouble());
    }

    /// <summary>A hash of the bits of all weights.</summary>
    public string Hash()
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, parameter) in named_parameters()) sha.AppendData(parameter.bytes);
        return Convert.ToHexString(sha.GetHashAndReset());
    }
}
