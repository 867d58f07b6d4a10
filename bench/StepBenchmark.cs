using System.Diagnostics;
using IntraDistill.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Bench;

/// <summary>Seconds of an arm's update, medians.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Forward">Model and loss. The fused loss makes its part of the backward pass here.</param>
/// <param name="Backward">The other part of it.</param>
/// <param name="Rest">The optimizer, and what the trainer does besides: seeds, checks, numbers for the history.</param>
/// <param name="Whole">The update. On a GPU less than the sum, since no part of it is waited for.</param>
internal sealed record ArmTime(StepArm Arm, double Forward, double Backward, double Rest, double Whole);

/// <summary>What one process measured.</summary>
/// <param name="ProductRate">Operations a second of a large matrix product.</param>
/// <param name="Launch">Seconds until the call of a small one returns: on a GPU a step is hundreds of them, and waits for no other thing.</param>
/// <param name="Arms">The arms.</param>
internal sealed record StepTimes(double ProductRate, double Launch, ArmTime[] Arms);

/// <summary>
/// The time and memory of a training step, as a notebook makes it.
/// </summary>
internal static class StepBenchmark
{
    /// <summary>How often each thing is measured in a process: rounds in which all take their turn, updates in a turn.</summary>
    public static (int Rounds, int Updates) Repetitions(StepSize size, Device device) =>
        device.type != DeviceType.CPU ? (7, 11) : size.Name == "paper" ? (3, 1) : (7, 6);

    /// <summary>Measures all arms in turns.</summary>
    public static StepTimes Times(StepSize size, Device device, ScalarType type, int rounds)
    {
        int updates = Repetitions(size, device).Updates;
        Run[] runs = [.. size.ArmsOn(device).Select(arm => new Run(size, arm, device, type))];
        List<double> products = [], launches = [];
        for (int round = 0; round <= rounds; round++)
        {
            foreach (Run run in runs)
                run.Turn(round == 0 ? 1 : updates, counted: round > 0);
            (double product, double launch) = (Product(device, type), Launch(device, type));
            if (round == 0)
                continue;
            products.Add(product);
            launches.Add(launch);
        }
        StepTimes times = new(Median(products), Median(launches), [.. runs.Select(run => run.Times)]);
        foreach (Run run in runs)
            run.Dispose();
        return times;
    }

    /// <summary>
    /// The bytes that training an arm takes: of the host on the CPU, else what libtorch takes of the device and keeps. In a process
    /// of its own.
    /// </summary>
    public static long Memory(StepSize size, StepArm arm, Device device, ScalarType type)
    {
        using (NewDisposeScope()) // libtorch, its threads and the product's workspace are there before memory is counted
            ones(512, 512, device: device).matmul(ones(512, 512, device: device)).sum().item<float>();
        long before = device.type == DeviceType.CPU ? Machine.MemoryInUse() : Machine.SampleMemory(device);
        using Run run = new(size, arm, device, type);
        run.Turn(2, counted: false);
        if (device.type != DeviceType.CPU)
            return Machine.SampleMemory(device) - before;
        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 - before;
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Waits for the device: a GPU works on after the call that gave it the work has returned.</summary>
    private static void Finish(Device device)
    {
        if (device.type == DeviceType.CUDA)
            cuda.synchronize(device);
    }

    private static double Product(Device device, ScalarType type)
    {
        int n = device.type == DeviceType.CPU ? 2048 : 8192;
        using var scope = NewDisposeScope();
        Tensor a = randn(n, n, type, device), b = randn(n, n, type, device); // of ones it would be faster
        Finish(device);
        long start = Stopwatch.GetTimestamp();
        a.matmul(b);
        Finish(device);
        return 2.0 * n * n * n / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Launch(Device device, ScalarType type)
    {
        const int count = 100;
        using var scope = NewDisposeScope();
        Tensor a = randn(64, 512, type, device), b = randn(512, 512, type, device);
        Finish(device);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
            a.matmul(b);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / count;
        Finish(device);
        return seconds;
    }

    /// <summary>An arm with a model and a trainer of its own.</summary>
    private sealed class Run : IDisposable
    {
        private readonly StepArm _arm;
        private readonly Device _device;
        private readonly TranslationObjective _objective;
        private readonly TranslationTransformer _model;
        private readonly Tensor _smallest;
        private readonly Trainer<TranslationBatch> _trainer;
        private readonly Dictionary<long, (double Forward, double Backward)> _pieces = [];
        private readonly List<double> _forward = [], _backward = [], _rest = [], _whole = [];
        private long _done, _turns;

        public Run(StepSize size, StepArm arm, Device device, ScalarType type)
        {
            (_arm, _device, _objective) = (arm, device, size.NewObjective(arm));
            Reproducible.Seed(1);
            _model = size.NewModel(device, type);
            _smallest = _model.parameters().MinBy(parameter => parameter.numel())!;
            _trainer = new(_model, new() { ValidateEvery = 0, Deterministic = arm.Deterministic }, size.Batches,
                (batch, update) => InPieces ? LossInPieces(batch, update) : Loss(batch, update));
        }

        public ArmTime Times => new(_arm, Median(_forward), Median(_backward), Median(_rest), Median(_whole));

        /// <summary>Makes updates; where there are several, the first does not count.</summary>
        /// <remarks>
        /// The trainer gives free memory back before it, which has to be had again (little, beside an update of seconds); and on a
        /// GPU the optimizer, which works on when its call has returned, falls into the time of the next update.
        /// </remarks>
        public void Turn(int updates, bool counted)
        {
            _done += updates;
            _turns++;
            // Waited for here, so that all else stays on one thread with its dispose scopes.
            TrainingResult result = _trainer.TrainAsync(untilUpdate: _done).GetAwaiter().GetResult();
            if (!counted)
                return;
            foreach (TrainingPoint point in result.History.TakeLast(Math.Max(1, updates - 1)))
            {
                double whole = (point.TrainingTime - result.History[(int)point.Update - 2].TrainingTime).TotalSeconds;
                if (InPieces)
                {
                    (double forward, double backward) = _pieces[point.Update];
                    _forward.Add(forward);
                    _backward.Add(backward);
                    _rest.Add(whole - forward - backward);
                }
                if (_device.type == DeviceType.CPU || !InPieces)
                    _whole.Add(whole);
            }
        }

        // On a GPU every other turn: to time the pieces they must be waited for, which the update as a whole is not.
        private bool InPieces => _device.type == DeviceType.CPU || _turns % 2 == 0;

        private IntraDistillationLoss Loss(TranslationBatch batch, long update) =>
            StepSize.Loss(_model, _objective, _arm.Passes, batch, update);

        /// <summary>Goes backward here, where it can be timed, and leaves the trainer a loss with nothing but zeros behind it.</summary>
        private IntraDistillationLoss LossInPieces(TranslationBatch batch, long update)
        {
            Finish(_device);
            long start = Stopwatch.GetTimestamp();
            IntraDistillationLoss loss = Loss(batch, update);
            Finish(_device);
            double forward = Stopwatch.GetElapsedTime(start).TotalSeconds;
            loss.Total.backward();
            Finish(_device);
            _pieces[update] = (forward, Stopwatch.GetElapsedTime(start).TotalSeconds - forward);
            return loss with { Total = loss.Total.detach() + 0 * _smallest.sum() };
        }

        public void Dispose()
        {
            _trainer.Dispose();
            _model.Dispose();
        }
    }
}
