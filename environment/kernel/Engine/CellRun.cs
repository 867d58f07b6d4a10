namespace IntraDistill.Kernel.Engine;

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
