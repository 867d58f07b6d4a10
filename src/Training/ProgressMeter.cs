using System.Diagnostics;

namespace IntraDistill;

/// <summary>Makes progress snapshots, about two a second: means since the last one, and the time left.</summary>
internal sealed class ProgressMeter
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    private readonly Stopwatch _elapsed = Stopwatch.StartNew();
    private readonly TrainingProgress _start;
    private TimeSpan _lastSnapshot;
    private double _task, _divergence, _tokens, _seconds;
    private int _count, _compared;      // updates, and those that measured a divergence

    /// <param name="start">Where the call starts: its limits, and the updates and training time before it.</param>
    public ProgressMeter(TrainingProgress start)
    {
        _start = start;
        Current = start;
    }

    public TrainingProgress Current { get; private set; }

    /// <summary>Adds an update and says whether it is time to show a snapshot.</summary>
    public bool Add(TrainingPoint point, double tokens, double seconds)
    {
        _task += point.Task;
        if (!double.IsNaN(point.Divergence)) (_divergence, _compared) = (_divergence + point.Divergence, _compared + 1);
        _tokens += tokens;
        _seconds += seconds;
        _count++;
        return _elapsed.Elapsed - _lastSnapshot >= Interval;
    }

    /// <summary>Makes a snapshot; <see cref="Current"/> is it from now on.</summary>
    public TrainingProgress Snapshot(TrainingPoint? last, TrainingHistory history, StopReason? stopped = null)
    {
        _lastSnapshot = _elapsed.Elapsed;
        var snapshot = Current with
        {
            Elapsed = _lastSnapshot,
            Validation = history.LastMetric,
            BestValidation = history.Best?.Metric,
            Stopped = stopped,
        };
        if (last is not null)
        {
            snapshot = snapshot with
            {
                Update = last.Update,
                TrainingTime = last.TrainingTime,
                Alpha = last.Alpha,
                LearningRate = last.LearningRate,
            };
        }
        if (_count > 0)
        {
            snapshot = snapshot with
            {
                Loss = _task / _count,
                Divergence = _compared > 0 ? _divergence / _compared : snapshot.Divergence,
                TokensPerSecond = _seconds > 0 ? _tokens / _seconds : 0,
            };
            (_task, _divergence, _tokens, _seconds, _count, _compared) = (0, 0, 0, 0, 0, 0);
        }
        return Current = snapshot with { Remaining = Remaining(snapshot) };
    }

    // What this call took so far, validations and all, scaled to what is left of the limit that comes first.
    private TimeSpan? Remaining(TrainingProgress now)
    {
        double updates = now.Update - _start.Update, time = (now.TrainingTime - _start.TrainingTime).TotalSeconds;
        if (updates <= 0 || time <= 0) return null;
        double left = double.PositiveInfinity;
        if (now.MaxUpdates is { } limit) left = Math.Max(0, limit - now.Update) / updates;
        if (now.MaxTime is { } most) left = Math.Min(left, Math.Max(0, (most - now.TrainingTime).TotalSeconds) / time);
        double seconds = left * now.Elapsed.TotalSeconds;
        return seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
