using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace IntraDistill;

/// <summary>A snapshot of a run for a person to watch. In a notebook:
/// <c>var bar = KernelInvocationContext.Current.Display(trainer.Progress); trainer.ProgressChanged += p =&gt; bar.Update(p);</c></summary>
public sealed record TrainingProgress
{
    /// <summary>The run's name.</summary>
    public string Label { get; init; } = "training";

    /// <summary>Updates done.</summary>
    public long Update { get; init; }

    /// <summary>The update at which this call stops.</summary>
    public long MaxUpdates { get; init; }

    /// <summary>Task loss, averaged over the updates since the last snapshot.</summary>
    public double Loss { get; init; }

    /// <summary>Divergence, averaged likewise.</summary>
    public double Divergence { get; init; }

    /// <summary>The weight α′ of the divergence at the last update.</summary>
    public double Alpha { get; init; }

    /// <summary>The last validation, or null before the first.</summary>
    public double? Validation { get; init; }

    /// <summary>The best validation, or null before the first.</summary>
    public double? BestValidation { get; init; }

    /// <summary>Tokens per second of training time, averaged likewise.</summary>
    public double TokensPerSecond { get; init; }

    /// <summary>Time since this call began, validations and checkpoints included.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>An estimate of the time this call still takes; null while there is nothing to estimate it from.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>Why training stopped; null while it goes on.</summary>
    public StopReason? Stopped { get; init; }

    /// <summary>How much of <see cref="MaxUpdates"/> is done, 0 to 1.</summary>
    public double Fraction => MaxUpdates > 0 ? Math.Min(1, (double)Update / MaxUpdates) : 0;

    /// <summary>One line: label, updates, loss, α′, divergence, validation, tokens a second, time left.</summary>
    public override string ToString() => string.Join(" · ",
        [$"{Label}: {UpdateText}", .. Measures().Select(measure => $"{measure.Name} {measure.Value}"), TimeText]);

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
        string measures = string.Concat(Measures().Select(measure => "<span style=\"white-space:nowrap\">" +
            $"<span style=\"opacity:.65\">{measure.Name}</span> <b>{measure.Value}</b></span>"));
        return $"""
            <div style="font:13px/1.5 system-ui,sans-serif;max-width:46em;margin-bottom:6px;font-variant-numeric:tabular-nums">
            <div style="display:flex;justify-content:space-between;gap:1em"><span><b>{WebUtility.HtmlEncode(Label)}</b> {UpdateText}</span>
            <span>{TimeText}</span></div>
            <div role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}"
            style="height:8px;margin:3px 0;border-radius:4px;background:rgba(128,128,128,.3);overflow:hidden">
            <div style="height:100%;width:{percent}%;background:{color}"></div></div>
            <div style="display:flex;flex-wrap:wrap;gap:0 1.2em">{measures}</div></div>
            """;
    }

    // Hours, minutes and seconds: 4:05 or 1:04:05.
    private static string Clock(TimeSpan time) =>
        (time.TotalHours >= 1 ? $"{(long)time.TotalHours}:{time.Minutes:00}" : $"{time.Minutes}") + $":{time.Seconds:00}";

    private string UpdateText => FormattableString.Invariant($"{Update:N0}") +
        (MaxUpdates > 0 ? FormattableString.Invariant($"/{MaxUpdates:N0}") : "");

    private string TimeText => Clock(Elapsed) + Stopped switch
    {
        null => Remaining is { } left ? $", {Clock(left)} left" : "",
        StopReason.EarlyStop => ", stopped early",
        StopReason.Cancelled => ", cancelled",
        _ => ", done",
    };

    private IEnumerable<(string Name, string Value)> Measures()
    {
        if (Update == 0) yield break;
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

/// <summary>Makes progress snapshots of a call, about two a second: means since the last one, and the time left.</summary>
internal sealed class ProgressMeter(TrainingProgress start, TrainingHistory history)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(0.5);

    private readonly Stopwatch _elapsed = Stopwatch.StartNew();
    private readonly long _from = start.Update;
    private int _shown = history.Updates.Count;

    /// <summary>The last snapshot.</summary>
    public TrainingProgress Current { get; private set; } = start;

    /// <summary>Whether it is time for another.</summary>
    public bool IsDue => _elapsed.Elapsed - Current.Elapsed >= s_interval;

    public TrainingProgress Snapshot(StopReason? stopped)
    {
        Current = Current with
        {
            Elapsed = _elapsed.Elapsed, Validation = history.LastMetric, BestValidation = history.Best?.Metric, Stopped = stopped,
        };
        TimeSpan before = _shown > 0 ? history.Updates[_shown - 1].TrainingTime : TimeSpan.Zero;
        TrainingPoint[] since = [.. history.Updates.Skip(_shown)];
        _shown += since.Length;
        if (since.Length > 0)
            Current = Current with
            {
                Update = since[^1].Update, Alpha = since[^1].Alpha, Loss = since.Average(point => point.Task),
                Divergence = since.Select(point => point.Divergence).Where(one => !double.IsNaN(one))
                    .DefaultIfEmpty(Current.Divergence).Average(),
                TokensPerSecond = Tokens(since, before) / (since[^1].TrainingTime - before).TotalSeconds,
            };
        // What this call took so far, validations and all, scaled to what is left of it.
        long done = Current.Update - _from, left = Math.Max(0, Current.MaxUpdates - Current.Update);
        return Current = Current with { Remaining = done > 0 ? Current.Elapsed * ((double)left / done) : null };
    }

    // A mean of the rates would count short updates as much as long ones.
    private static double Tokens(TrainingPoint[] points, TimeSpan before) => points
        .Zip([before, .. points.Select(point => point.TrainingTime)])
        .Sum(pair => pair.First.TokensPerSecond * (pair.First.TrainingTime - pair.Second).TotalSeconds);
}
