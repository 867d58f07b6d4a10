namespace IntraDistill;

/// <summary>
/// An error its reader can act on: the message is one line that names the file, line or value at fault and what
/// was expected. Programming errors (a null argument, a wrong shape in code) keep their usual .NET types.
/// </summary>
public class IntraDistillException : Exception
{
    /// <summary>Makes the error from its one-line message.</summary>
    public IntraDistillException(string message) : base(message) { }

    /// <summary>Makes the error from its one-line message and what lay behind it.</summary>
    public IntraDistillException(string message, Exception inner) : base(message, inner) { }
}
