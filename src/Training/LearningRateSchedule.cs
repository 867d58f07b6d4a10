namespace IntraDistill;

/// <summary>The learning rate as a pure function of the update.</summary>
public static class LearningRateSchedule
{
    /// <summary>
    /// The learning rate of an update. Warm-up is linear from 0: <c>lr · x / warmup</c> at update x &lt; warmup. Then
    /// <list type="bullet">
    /// <item>InverseSqrt: <c>lr · √(warmup / x)</c>, fairseq's <c>inverse_sqrt</c> with its default
    /// <c>--warmup-init-lr</c> 0 (its examples often give 1e-7, which is no different in practice). fairseq counts updates
    /// from 0, so that its first one is made with a learning rate of 0; here x counts from 1 and no update is lost.
    /// With no warm-up, <c>lr / √x</c>.</item>
    /// <item>Linear: <c>lr · (N + 1 − x) / (N + 1 − warmup)</c> with N = MaxUpdates: lr at the end of the warm-up, still
    /// more than 0 at the last update and 0 after it.</item>
    /// <item>Constant: <c>lr</c>.</item>
    /// </list>
    /// </summary>
    /// <param name="settings">The schedule, its learning rate, warm-up and number of updates.</param>
    /// <param name="update">The update x, from 1.</param>
    public static double At(TrainerSettings settings, long update)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(update, 1);
        double rate = settings.LearningRate, warmup = settings.WarmupSteps, x = update;
        if (x < warmup) return rate * x / warmup;
        // Without warm-up the first update is the peak.
        double peak = Math.Max(1, warmup);
        return settings.Schedule switch
        {
            ScheduleKind.InverseSqrt => rate * Math.Sqrt(peak / x),
            ScheduleKind.Linear => rate * Math.Max(0, settings.MaxUpdates + 1 - x) / (settings.MaxUpdates + 1 - peak),
            ScheduleKind.Constant => rate,
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Schedule, "not a known schedule"),
        };
    }
}
