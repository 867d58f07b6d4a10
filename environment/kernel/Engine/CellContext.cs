using System.Diagnostics;
using Microsoft.DotNet.Interactive.Formatting;

namespace IntraDistill.Kernel.Engine;

/// <summary>Finds the session on whose behalf code runs.</summary>
internal static class CellContext
{
    private static readonly AsyncLocal<CellRun?> s_flowing = new();

    /// <summary>
    /// The session that output belongs to when it comes from a thread that no cell started (a timer, a native callback).
    /// A process that hosts one session sets it.
    /// </summary>
    public static ScriptSession? Fallback { get; set; }

    /// <summary>The run of the cell that started the code that asks, however many tasks and threads ago; or null.</summary>
    public static CellRun? Run
    {
        get => s_flowing.Value;
        set => s_flowing.Value = value;
    }

    /// <summary>The session of the code that asks, or null.</summary>
    public static ScriptSession? Session => Run?.Session ?? Fallback;

    /// <summary>Displays a value; the handle updates it.</summary>
    public static DisplayedValue Display(object? value, string[] mimeTypes)
    {
        var displayed = new DisplayedValue(value, FormattedValue.CreateManyFromObject(value, mimeTypes));
        Show(displayed);
        return displayed;
    }

    /// <summary>Shows what was displayed or updated, in the session of the code that did so.</summary>
    public static void Show(DisplayedValue displayed)
    {
        if (Session is not { } session)
            Formatter.WriteToConsole(displayed);
        else if (MimeBundle.Of(displayed.FormattedValues, displayed.Value) is var bundle && displayed.IsUpdated)
            session.Emit(new DisplayUpdated(bundle, displayed.DisplayId));
        else
            session.Emit(new Displayed(bundle, displayed.DisplayId));
    }
}

/// <summary>One run of one cell.</summary>
/// <param name="session">The session it runs in.</param>
/// <param name="cancellation">Cancelled when the user interrupts it.</param>
internal sealed class CellRun(ScriptSession session, CancellationToken cancellation)
{
    private volatile bool _abandoned;

    public ScriptSession Session => session;

    public CancellationToken Cancellation => cancellation;

    /// <summary>Whether it was given up while its code still runs.</summary>
    public bool Abandoned
    {
        get => _abandoned;
        set => _abandoned = value;
    }
}

/// <summary>A user's wish to stop a cell: asked once, it is to stop by itself; asked again, it is left behind.</summary>
/// <param name="asOne">So soon after the first, another counts as the same one.</param>
internal sealed class Interruption(TimeSpan asOne)
{
    private readonly CancellationTokenSource _asked = new();
    private readonly TaskCompletionSource _insisted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private long _first;

    /// <summary>Cancelled at the first one.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>Completes at the second one.</summary>
    public Task Insisted => _insisted.Task;

    /// <summary>Asks; from any thread.</summary>
    /// <returns>Whether it was the first time.</returns>
    public bool Ask()
    {
        lock (_lock)
        {
            if (_asked.IsCancellationRequested)
            {
                if (Stopwatch.GetElapsedTime(_first) >= asOne)
                    _insisted.TrySetResult();
                return false;
            }
            _first = Stopwatch.GetTimestamp();
            _asked.CancelAsync();
            return true;
        }
    }
}
