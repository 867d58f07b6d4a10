namespace IntraDistill.Kernel.Engine;

/// <summary>A <c>#r</c>, <c>#load</c> or <c>#!</c> line that cannot be followed.</summary>
/// <param name="message">One line that names the directive and what was expected.</param>
/// <param name="line">The line within the cell, from 1; 0 where it is not known.</param>
internal sealed class DirectiveException(string message, int line = 0) : Exception(message)
{
    public int Line { get; } = line;
}
