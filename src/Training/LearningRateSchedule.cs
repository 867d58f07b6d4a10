namespace IntraDistill;

/// <summary>How the learning rate goes with the update x, counted from 1: a warm-up, <c>lr · x / warmup</c> while x &lt; warmup, then one
/// of these. Without a warm-up the first update has the full rate.</summary>
public enum ScheduleKind
{
    /// <summary><c>lr · √(warmup / x)</c>, or <c>lr / √x</c> without a warm-up: fairseq's <c>inverse_sqrt</c> with
    /// <c>--warmup-init-lr</c> 0. fairseq counts updates from 0, so that its first one has a rate of 0; here none is lost.</summary>
    InverseSqrt,

    /// <summary><c>lr · (N + 1 − x) / (N + 1 − warmup)</c> with N = <see cref="TrainerSettings.MaxUpdates"/>: 0 just after the last
    /// update.</summary>
    Linear,

    /// <summary><c>lr</c>.</summary>
    Constant,
}

/// <summary>The learning rate as a pure function of the update.</summary>
public static class LearningRateSchedule
{
    /// <summary>The learning rate of an update, from 1, as <see cref="ScheduleKind"/> has it.</summary>
    public static double At(TrainerSettings settings, long update)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(update, 1);
        double rate = settings.LearningRate, warmup = settings.WarmupSteps, x = update;
        if (x < warmup) return rate * x / warmup;
        double peak = Math.Max(1, warmup);
        return settings.Schedule switch
        {
            ScheduleKind.InverseSqrt => rate * Math.Sqrt(peak / x),
            ScheduleKind.Linear => rate * Math.Max(0, settings.MaxUpdates + 1 - x) / (settings.MaxUpdates + 1 - peak),
            _ => rate,
        };
    }
}
