namespace IntraDistill.Kernel;

/// <summary>An error its reader can act on: one line that says what is wrong and what was expected.</summary>
internal sealed class RunnerException : Exception
{
    public RunnerException(string message) : base(message) { }

    public RunnerException(string message, Exception inner) : base(message, inner) { }
}
