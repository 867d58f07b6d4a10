using IntraDistill.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Bench;

/// <summary>One of the three arms that every notebook compares.</summary>
internal sealed record StepArm(string Name, int Passes, double Alpha, bool Deterministic = false);

/// <summary>A model and the batch of one update, full of random ids: neither weights nor ids change the time.</summary>
/// <param name="Name">As <c>--size</c> and <c>peer.py</c> have it.</param>
/// <param name="Shape">The model.</param>
/// <param name="Rows">Sentences in a batch.</param>
/// <param name="Source">Tokens in a source.</param>
/// <param name="Target">Tokens in a target.</param>
/// <param name="Alpha">α of intra-distillation.</param>
internal sealed record StepSize(string Name, TransformerSettings Shape, int Rows, int Source, int Target, double Alpha)
{
    /// <summary>The paper's setting; and <c>Small</c> in the median batch of Quick's 800 tokens on the SDK corpus.</summary>
    public static readonly StepSize[] All =
    [
        new("paper", TransformerSettings.IwsltDeEn with { SourceVocabulary = 12_000, TargetVocabulary = 12_000 }, 152, 27, 27, 5),
        new("small", TransformerSettings.Small with { SourceVocabulary = 4_000, TargetVocabulary = 4_000 }, 27, 29, 28, 0.5),
    ];

    public static StepSize Of(string name) => All.Single(size => size.Name == name);

    public StepArm[] Arms => [new("baseline", 1, 0), new("control", 3, 0), new("intra-distillation", 3, Alpha)];

    /// <summary>On a GPU also what equal bits for equal seeds cost there.</summary>
    public StepArm[] ArmsOn(Device device) => device.type == DeviceType.CPU ? Arms
        : [.. Arms, Arms[^1] with { Name = "the same, deterministic", Deterministic = true }];

    public int Tokens => Rows * Target;

    /// <summary>
    /// Floating-point operations of the matrix products of one update, two a multiply-add: forward, and twice that backward.
    /// Embeddings, softmax, norms, dropout and the optimizer are not counted.
    /// </summary>
    public double Operations(int passes)
    {
        double d = Shape.ModelSize, f = Shape.FeedForwardSize, s = Source, t = Target;
        double encoder = s * (4 * d * d + 2 * d * f) + 2 * s * s * d;
        double decoder = t * (6 * d * d + 2 * d * f) + s * 2 * d * d + 2 * (t * t + t * s) * d;
        double sentence = Shape.EncoderLayers * encoder + Shape.DecoderLayers * decoder + t * d * Shape.TargetVocabulary;
        return 2 * 3 * passes * Rows * sentence;
    }

    public TranslationTransformer NewModel(Device device, ScalarType type = ScalarType.Float32) =>
        new TranslationTransformer(Shape).to(device, type);

    public TranslationObjective NewObjective(StepArm arm) =>
        new(new(new() { Passes = arm.Passes, Alpha = arm.Alpha, AdaptiveAlpha = false, MeasureEvery = 10 }));

    /// <summary>The loss of a batch as notebook 02 has it: K copies of it in one pass.</summary>
    public static IntraDistillationLoss Loss(
        TranslationTransformer model, TranslationObjective objective, int passes, TranslationBatch batch, long update)
    {
        var (source, input, target) = batch.On(model.OutputWeight.device);                  // (B, S), (B, T), (B, T)
        Tensor states = model.hidden(source.repeat(passes, 1), input.repeat(passes, 1))     // (K·B, T, d)
            .view(passes, target.shape[0], target.shape[1], model.Settings.ModelSize);      // (K, B, T, d)
        return objective.Loss(states, model.OutputWeight, target, update);
    }

    /// <summary>An epoch of a few batches of random sentences, all of full length.</summary>
    public IBatchSource<TranslationBatch> Batches => new RandomPairs(this);

    private sealed class RandomPairs(StepSize size) : IBatchSource<TranslationBatch>
    {
        private const int Count = 8, FirstWord = 4; // after PAD, BOS, EOS and UNK

        public IReadOnlyList<TranslationBatch> Epoch(int epoch) => [.. Enumerable.Range(0, Count).Select(i =>
        {
            Random random = new(i);
            return new TranslationBatch(Ids(size.Source), Ids(size.Target), Ids(size.Target), size.Tokens);

            long[,] Ids(int length)
            {
                long[,] ids = new long[size.Rows, length];
                for (int row = 0; row < size.Rows; row++)
                    for (int column = 0; column < length; column++)
                        ids[row, column] = random.Next(FirstWord, size.Shape.TargetVocabulary);
                return ids;
            }
        })];
    }
}
