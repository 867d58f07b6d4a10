using System.Globalization;

namespace IntraDistill.Tasks;

/// <summary>What fine-tuning on a task of zero-shot transfer depends on, besides its data.</summary>
public sealed record TransferSetting
{
    /// <summary>The folder of the checkpoint that it begins from, or its name; empty where it is yet to be pretrained.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The greatest learning rate; it falls linearly to 0.</summary>
    public required double LearningRate { get; init; }

    /// <summary>How often the English examples are gone through.</summary>
    public required int Epochs { get; init; }

    /// <summary>Over how many updates the learning rate rises.</summary>
    public int Warmup { get; init; }

    /// <summary>AdamW's weight decay.</summary>
    public double WeightDecay { get; init; }

    /// <summary>α, the weight of the divergence.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>How the divergence is taken over the positions of a part: what <see cref="Alpha"/> weighs.</summary>
    public required DivergenceReduction Reduction { get; init; }

    /// <summary>Rows, or windows, in an update.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>How many of them go through the model at once.</summary>
    public int Part { get; init; } = 32;

    /// <summary>The most ids in one of them.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Of questions: how many tokens of the text later the next window begins.</summary>
    public int Stride { get; init; }

    /// <summary>Whether the vectors of word pieces stay as pretraining left them.</summary>
    public bool FixedWords { get; init; }

    /// <summary>As <c>epochs: 10, learning rate 0.00002, α = 1 (sum over positions)</c>.</summary>
    public string InWords => string.Create(CultureInfo.InvariantCulture, $"epochs: {Epochs}, learning rate {LearningRate:0.#####}, "
        + $"α = {Alpha:0.##} ({Reduction.ToString().ToLowerInvariant()} over positions)");
}
