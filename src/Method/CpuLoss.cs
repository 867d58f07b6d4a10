using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace IntraDistill;

/// <summary>The loss of K passes and its gradient on the CPU, token by token, while the K rows of logits of a token are in the processor's
/// cache. As tensors (<see cref="Divergences.Terms"/>, where the formulas are) they go through memory some fifteen times: 2,400 rows of
/// 4,000 logits, K = 3, took 170 ms of one core with their matrix products, and take 110 ms here.</summary>
internal static unsafe class CpuLoss
{
    // Tokens whose sums are added up before they meet others': fixed, so that the number of threads changes no bit.
    private const long Block = 16;

    public static bool Fits(Tensor logits, Divergence divergence) =>
        logits.device_type == DeviceType.CPU && logits.dtype == ScalarType.Float32 && divergence == Divergence.X;

    /// <summary>Writes K times the gradient of task loss + α · X per token over the logits, (K, m, V), contiguous; target (m) int64.
    /// Returns the task loss summed over passes and tokens, and the divergence summed over tokens; 0 where it does not compare.</summary>
    public static (double Task, double Divergence) Replace(
        Tensor logits, Tensor target, LabelSmoothing smoothing, double alpha, bool compares)
    {
        (int passes, long tokens, int classes) = ((int)logits.shape[0], logits.shape[1], (int)logits.shape[2]);
        float* values = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(logits.bytes));
        long* targets = (long*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(target.bytes));
        float onTarget = (float)smoothing.OnTarget(classes), perClass = (float)smoothing.PerClass(classes);
        var sums = new (double Task, double Divergence)[(tokens + Block - 1) / Block];
        Parallel.For(0, sums.Length, new ParallelOptions { MaxDegreeOfParallelism = get_num_threads() },
            () => new float[(passes + 1) * classes], (block, _, scratch) =>
            {
                for (long token = block * Block; token < Math.Min(tokens, (block + 1L) * Block); token++)
                {
                    (double task, double divergence) = Token(token, scratch);
                    sums[block] = (sums[block].Task + task, sums[block].Divergence + divergence);
                }
                return scratch;
            }, _ => { });
        GC.KeepAlive(logits);
        GC.KeepAlive(target);
        return (sums.Sum(sum => sum.Task), sums.Sum(sum => sum.Divergence));

        Span<float> Row(int pass, long token) => new(values + (pass * tokens + token) * classes, classes);

        (double Task, double Divergence) Token(long token, float[] scratch)
        {
            Span<float> Probabilities(int pass) => scratch.AsSpan(pass * classes, classes);
            Span<float> mean = Probabilities(passes), scale = stackalloc float[passes];
            Span<double> logSum = stackalloc double[passes];        // l = row − logSum, once the row is less its greatest logit
            double task = 0, divergence = 0, meanLogSum = 0;
            int targetId = (int)targets[token];
            mean.Clear();
            for (int pass = 0; pass < passes; pass++)
            {
                Span<float> row = Row(pass, token), p = Probabilities(pass);
                TensorPrimitives.Subtract(row, TensorPrimitives.Max<float>(row), row);
                TensorPrimitives.Exp<float>(row, p);
                float sum = TensorPrimitives.Sum<float>(p);
                TensorPrimitives.Multiply(p, 1 / sum, p);
                logSum[pass] = Math.Log(sum);
                meanLogSum += logSum[pass] / passes;
                task -= onTarget * (row[targetId] - logSum[pass]);
                if (perClass > 0)
                    task -= perClass * (TensorPrimitives.Sum<float>(row) - classes * logSum[pass]);
                if (compares)
                    TensorPrimitives.MultiplyAdd(row, 1f / passes, mean, mean);
            }
            for (int pass = 0; compares && pass < passes; pass++)
            {
                Span<float> row = Row(pass, token);
                TensorPrimitives.Subtract(row, mean, row);                      // l − l̄, but for a number
                double offset = meanLogSum - logSum[pass];
                double s = TensorPrimitives.Dot<float>(row, Probabilities(pass)) + offset;
                divergence += s / passes;
                scale[pass] = (float)(alpha * (offset - s + 1) + 1);
            }
            bool weighs = compares && alpha != 0;
            mean.Fill(perClass);                                                // what is taken off in every pass: α p̄ + ε_i
            for (int pass = 0; weighs && pass < passes; pass++)
                TensorPrimitives.MultiplyAdd(Probabilities(pass), (float)(alpha / passes), mean, mean);
            for (int pass = 0; pass < passes; pass++)
            {
                Span<float> row = Row(pass, token), p = Probabilities(pass);
                if (weighs)                                                     // p (α (l − l̄ − s + 1) + 1)
                {
                    TensorPrimitives.Multiply(row, (float)alpha, row);
                    TensorPrimitives.Add(row, scale[pass], row);
                    TensorPrimitives.Multiply(row, p, p);
                }
                TensorPrimitives.Subtract(p, mean, row);
                row[targetId] -= onTarget;
            }
            return (task, divergence);
        }
    }
}
