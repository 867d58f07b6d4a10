namespace IntraDistill.Kernel.Engine;

/// <summary>Asks the notebook's user for a line of text.</summary>
internal interface ICellInput
{
    /// <summary>Waits for a line.</summary>
    /// <param name="prompt">What is asked for; may be empty.</param>
    /// <param name="password">Whether the answer must not be shown.</param>
    /// <exception cref="InvalidOperationException">There is nobody to ask.</exception>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    string Ask(string prompt, bool password);
}

/// <summary>Stands for the user of a headless run: a cell that asks for input fails instead of waiting for ever.</summary>
internal sealed class NoInput : ICellInput
{
    /// <inheritdoc/>
    public string Ask(string prompt, bool password) =>
        throw new InvalidOperationException("the cell asks for input, and a headless run has none to give");
}

/// <summary><see cref="Console.In"/> of the cells: each line is asked of the session's user.</summary>
internal sealed class CellInputReader : TextReader
{
    private string _rest = "";

    /// <inheritdoc/>
    public override int Peek() => Rest()[0];

    /// <inheritdoc/>
    public override int Read()
    {
        char next = Rest()[0];
        _rest = _rest[1..];
        return next;
    }

    /// <inheritdoc/>
    public override string ReadLine()
    {
        string line = Rest();
        _rest = "";
        return line.TrimEnd('\n');
    }

    /// <summary>What was typed and not yet read; never empty, since a line ends in its line feed.</summary>
    private string Rest()
    {
        if (_rest.Length == 0)
            _rest = (CellContext.Session?.Input ?? new NoInput()).Ask("", password: false) + "\n";
        return _rest;
    }
}
