namespace IntraDistill.Kernel.Notebook;

/// <summary>Stands for standard input in a headless run: a cell that asks for input fails instead of waiting for ever.</summary>
internal sealed class NoInput : TextReader
{
    /// <inheritdoc/>
    public override int Peek() => throw Asked();

    /// <inheritdoc/>
    public override int Read() => throw Asked();

    /// <inheritdoc/>
    public override string? ReadLine() => throw Asked();

    private static InvalidOperationException Asked() => new("the cell asks for input, and a headless run has none to give");
}
