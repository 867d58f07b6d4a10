namespace IntraDistill.Tasks;

/// <summary>
/// Normalized text cut into words, each of its UTF-16 units with the part of the original text that it comes from.
/// </summary>
internal sealed class AlignedText
{
    private readonly List<(int Start, int End)> _words = [];
    private char[] _units = new char[256];
    private TextSpan[] _spans = new TextSpan[256];
    private int _length, _wordStart;

    /// <summary>The words as ranges of units, none of them empty.</summary>
    public IReadOnlyList<(int Start, int End)> Words => _words;

    /// <summary>Adds a unit to the current word.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="start">Where its origin begins.</param>
    /// <param name="end">Where its origin ends; a unit that stands for white space has an empty one.</param>
    public void Append(char unit, int start, int end)
    {
        if (_length == _units.Length)
        {
            Array.Resize(ref _units, 2 * _length);
            Array.Resize(ref _spans, 2 * _length);
        }
        _units[_length] = unit;
        _spans[_length++] = new TextSpan(start, end);
    }

    /// <summary>Adds the units of a string that have one origin.</summary>
    public void Append(ReadOnlySpan<char> units, int start, int end)
    {
        foreach (char unit in units)
            Append(unit, start, end);
    }

    /// <summary>What comes next is in another word.</summary>
    public void EndWord()
    {
        if (_length > _wordStart)
            _words.Add((_wordStart, _length));
        _wordStart = _length;
    }

    /// <summary>Units as text.</summary>
    public ReadOnlySpan<char> Units(int start, int end) => _units.AsSpan(start, end - start);

    /// <summary>The part of the original text behind some units, without the white space before it.</summary>
    public TextSpan Origin(int start, int end)
    {
        while (start < end - 1 && _spans[start].Start == _spans[start].End)
            start++;
        return new TextSpan(_spans[start].Start, _spans[end - 1].End);
    }
}
