using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace IntraDistill;

/// <summary>
/// A snapshot of a run for a person to watch. In a notebook:
/// <c>var bar = KernelInvocationContext.Current.Display(trainer.Progress); trainer.ProgressChanged += p =&gt; bar.Update(p);</c>
/// </summary>
public sealed record TrainingProgress
{
    /// <summary>The run's name.</summary>
    public string Label { get; init; } = "training";

    /// <summary>Updates done.</summary>
    public long Update { get; init; }

    /// <summary>The update at which this call stops, or null if only time limits it.</summary>
    public long? MaxUpdates { get; init; }

    /// <summary>The training time at which this call stops, or null if only the updates limit it.</summary>
    public TimeSpan? MaxTime { get; init; }

    /// <summary>Task loss, averaged over the updates since the last snapshot.</summary>
    public double Loss { get; init; }

    /// <summary>Divergence, averaged likewise.</summary>
    public double Divergence { get; init; }

    /// <summary>The weight α′ of the divergence at the last update.</summary>
    public double Alpha { get; init; }

    /// <summary>The learning rate of the last update.</summary>
    public double LearningRate { get; init; }

    /// <summary>The last validation, or null before the first.</summary>
    public double? Validation { get; init; }

    /// <summary>The best validation, or null before the first.</summary>
    public double? BestValidation { get; init; }

    /// <summary>Tokens per second of training time since the last snapshot.</summary>
    public double TokensPerSecond { get; init; }

    /// <summary>Training time of the whole run.</summary>
    public TimeSpan TrainingTime { get; init; }

    /// <summary>Time since this call began, validations and checkpoints included.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>An estimate of the time this call still takes; null while there is nothing to estimate it from.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>Why training stopped; null while it goes on.</summary>
    public StopReason? Stopped { get; init; }

    /// <summary>How much of the call's limit is used, 0 to 1: of updates or training time, whichever is nearer its end.</summary>
    public double Fraction
    {
        get
        {
            double updates = MaxUpdates is > 0 and { } limit ? (double)Update / limit : 0;
            double time = MaxTime is { Ticks: > 0 } most ? TrainingTime / most : 0;
            return Math.Clamp(Math.Max(updates, time), 0, 1);
        }
    }

    /// <summary>One line: label, updates, loss, α′, divergence, validation, tokens a second, time left.</summary>
    public override string ToString()
    {
        var parts = new List<string> { $"{Label}: {UpdateText}" };
        if (Update > 0) parts.AddRange(Measures().Select(measure => $"{measure.Name} {measure.Value}"));
        parts.Add(TimeText);
        return string.Join(" · ", parts);
    }

    /// <summary>A bar and the measures below it as self-contained HTML, readable on light and dark pages.</summary>
    public string ToHtml()
    {
        string percent = (100 * Fraction).ToString("0.#", CultureInfo.InvariantCulture);
        string color = Stopped switch
        {
            null => "#2b7bb9",
            StopReason.Cancelled => "#c77700",
            _ => "#2e8b57",
        };
        string measures = string.Join("", Update == 0 ? [] : Measures().Select(measure =>
            $"<span style=\"white-space:nowrap\"><span style=\"opacity:.65\">{measure.Name}</span> " +
            $"<b>{measure.Value}</b></span>"));
        return
            "<div style=\"font:13px/1.5 system-ui,sans-serif;max-width:46em;margin-bottom:6px;font-variant-numeric:tabular-nums\">" +
            "<div style=\"display:flex;justify-content:space-between;gap:1em\">" +
            $"<span><b>{WebUtility.HtmlEncode(Label)}</b> {UpdateText}</span><span>{TimeText}</span></div>" +
            $"<div role=\"progressbar\" aria-valuemin=\"0\" aria-valuemax=\"100\" aria-valuenow=\"{percent}\" " +
            "style=\"height:8px;margin:3px 0;border-radius:4px;background:rgba(128,128,128,.3);overflow:hidden\">" +
            $"<div style=\"height:100%;width:{percent}%;background:{color}\"></div></div>" +
            $"<div style=\"display:flex;flex-wrap:wrap;gap:0 1.2em\">{measures}</div></div>";
    }

    /// <summary>Hours, minutes and seconds: 4:05 or 1:04:05.</summary>
    internal static string Clock(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");

    private string UpdateText => string.Create(CultureInfo.InvariantCulture, $"{Update:N0}") +
        (MaxUpdates is { } limit ? string.Create(CultureInfo.InvariantCulture, $"/{limit:N0}") : "") +
        (MaxTime is { } time ? $" (to {Clock(time)} of training)" : "");

    private string TimeText => Stopped switch
    {
        null => Remaining is { } left ? $"{Clock(Elapsed)}, {Clock(left)} left" : Clock(Elapsed),
        StopReason.EarlyStop => $"{Clock(Elapsed)}, stopped early",
        StopReason.Cancelled => $"{Clock(Elapsed)}, cancelled",
        _ => $"{Clock(Elapsed)}, done",
    };

    private IEnumerable<(string Name, string Value)> Measures()
    {
        yield return ("loss", Number(Loss));
        yield return ("α′", Number(Alpha));
        yield return ("divergence", Number(Divergence));
        if (Validation is { } value)
            yield return ("validation", Number(value) + (BestValidation is { } best ? $" (best {Number(best)})" : ""));
        yield return ("tokens/s", TokensPerSecond.ToString("N0", CultureInfo.InvariantCulture));
    }

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) is 0 or (>= 0.001 and < 1000) ? "0.000" : "0.##E+0", CultureInfo.InvariantCulture);
}

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
