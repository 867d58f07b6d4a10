using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace IntraDistill.Bench;

/// <summary>
/// Loss and output projection of one translation update, forward and backward: the fused objective against the plain
/// formulation (K softmaxes and the divergence of their probabilities, by autograd).
/// </summary>
internal static class ObjectiveBenchmark
{
    private const int Passes = 3, Rows = 64, Length = 32, ModelSize = 512, Vocabulary = 12_000, Pad = 0;
    private const double Alpha = 5, Epsilon = 0.1;

    public static readonly string Description =
        $"N = {Rows * Length:N0} target tokens, K = {Passes}, V = {Vocabulary:N0}, d = {ModelSize}, float32";

    /// <summary>Runs one formulation a few times and tells the median time of an update and the memory it took beyond its inputs.</summary>
    public static (double Seconds, double MegaBytes) Measure(string formulation, int repetitions)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        Tensor hidden = randn(Passes, Rows, Length, ModelSize).mul_(0.3).requires_grad_();
        Tensor weight = randn(Vocabulary, ModelSize).mul_(0.05).requires_grad_();
        Tensor target = randint(1, Vocabulary, [Rows, Length], dtype: int64);
        // The gradients' own buffers and libtorch's threads exist before the measurement starts.
        (hidden.matmul(weight[..8].t()).sum() + weight.sum()).backward();
        var objective = new TranslationObjective(new(new() { Passes = Passes, Alpha = Alpha, AdaptiveAlpha = false }), Epsilon, Pad);

        long before = Process.GetCurrentProcess().WorkingSet64;
        List<double> seconds = [];
        for (int i = 0; i < repetitions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using (NewDisposeScope())
            {
                Tensor total = formulation == "fused" ? objective.Loss(hidden, weight, target, 1).Total : Plain(hidden, weight, target);
                total.backward();
            }
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        double extra = (Process.GetCurrentProcess().PeakWorkingSet64 - before) / 1e6;
        return (seconds.Order().ElementAt(seconds.Count / 2), extra);
    }

    private static Tensor Plain(Tensor hidden, Tensor weight, Tensor target)
    {
        Tensor[] logits = [.. Enumerable.Range(0, Passes).Select(i => hidden[i].matmul(weight.t()))];
        Tensor keep = target.ne(Pad);
        var smoothing = new LabelSmoothing(Epsilon);
        Tensor task = stack(logits.Select(z => smoothing.Sum(z, target, Pad).Smoothed).ToArray()).mean();
        Tensor[] p = [.. logits.Select(z => F.softmax(z, -1))];
        Tensor mean = stack(p).mean([0]);
        Tensor divergence = stack(p.Select(pi => (((pi - mean) * (pi.log() - mean.log())).sum(-1) * keep).sum()).ToArray()).mean();
        return (task + Alpha * divergence) / keep.sum();
    }
}
