using System.Net;
using System.Text;

namespace IntraDistill.Kernel.Html;

/// <summary>
/// Turns the LaTeX of a notebook's formulas into MathML, which browsers draw without a script. It knows the common part
/// of LaTeX's mathematics; a command that it does not know is shown as it is written.
/// </summary>
internal sealed class MathMl
{
    private readonly string _source;
    private readonly bool _display;
    private int _at;

    private MathMl(string source, bool display)
    {
        _source = source;
        _display = display;
    }

    private bool AtEnd => _at >= _source.Length;

    /// <summary>A <c>math</c> element.</summary>
    /// <param name="latex">The formula without its dollar signs.</param>
    /// <param name="display">Whether it stands on a line of its own.</param>
    public static string Convert(string latex, bool display)
    {
        string content = new MathMl(latex, display).ParseTable(null);
        return $"<math display=\"{(display ? "block" : "inline")}\">{content}</math>";
    }

    // Cells and rows up to \end{environment}, or up to the end of the formula; without & and \\ just a row.
    private string ParseTable(string? environment)
    {
        var rows = new List<List<string>> { new() { "" } };
        while (true)
        {
            rows[^1][^1] += ParseRow();
            if (AtEnd)
                break;
            if (Skip("&"))
                rows[^1].Add("");
            else if (Skip("\\\\"))
                rows.Add([""]);
            else if (Skip("\\end"))
            {
                ReadGroup();
                break;
            }
            else
                _at++;   // a brace or \right too many
        }
        if (rows.Count > 1 && rows[^1] is [""])
            rows.RemoveAt(rows.Count - 1);
        if (rows is [[var single]] && environment is null)
            return single;
        string[] columns = environment switch
        {
            "cases" or "array" => ["left"],
            null or "aligned" or "align" or "align*" or "split" => ["right", "left"],
            _ => ["center"],
        };
        var table = new StringBuilder("<mtable displaystyle=\"true\">");
        foreach (List<string> row in rows)
        {
            table.Append("<mtr>");
            for (int i = 0; i < row.Count; i++)
                table.Append($"<mtd style=\"text-align:{columns[i % columns.Length]}\">{row[i]}</mtd>");
            table.Append("</mtr>");
        }
        return table.Append("</mtable>").ToString();
    }

    private string ParseRow()
    {
        var row = new StringBuilder();
        while (!AtEnd && !Sees("}") && !Sees("&") && !Sees("\\\\") && !Sees("\\end") && !Sees("\\right", wholeWord: true))
            row.Append(ParseScripted());
        return row.ToString();
    }

    // An atom with what is below and above it.
    private string ParseScripted()
    {
        SkipSpaces();
        if (AtEnd)
            return "";
        int begin = _at;
        string atom = ParseAtom();
        string command = _source[begin.._at].Trim();
        bool limits = _display && MathSymbols.TakesLimits(command);
        string? under = null, over = null;
        while (true)
        {
            SkipSpaces();
            if (Skip("_"))
                under = $"<mrow>{ParseArgument()}</mrow>";
            else if (Skip("^"))
                over = $"<mrow>{ParseArgument()}</mrow>";
            else if (Skip("'"))
                over = (over ?? "") + "<mo>′</mo>";
            else
                break;
        }
        if (over is not null && !over.StartsWith("<mrow>", StringComparison.Ordinal))
            over = $"<mrow>{over}</mrow>";
        string scripted = (under, over) switch
        {
            (null, null) => atom,
            (_, null) => limits ? $"<munder>{atom}{under}</munder>" : $"<msub>{atom}{under}</msub>",
            (null, _) => limits ? $"<mover>{atom}{over}</mover>" : $"<msup>{atom}{over}</msup>",
            _ => limits ? $"<munderover>{atom}{under}{over}</munderover>" : $"<msubsup>{atom}{under}{over}</msubsup>",
        };
        bool applied = command.StartsWith('\\') && MathSymbols.Functions.Contains(command[1..])
            && !AtEnd && (_source[_at] == '\\' || char.IsAsciiLetter(_source[_at]));
        return applied ? scripted + "<mspace width=\".17em\"/>" : scripted;   // log p, but log(p)
    }

    // One element: a number, a letter, a sign, a group in braces or a command with its arguments.
    private string ParseAtom()
    {
        SkipSpaces();
        if (AtEnd)
            return "<mrow></mrow>";
        char c = _source[_at];
        if (c == '\\')
            return ParseCommand();
        if (c == '{')
        {
            _at++;
            string inner = ParseRow();
            Skip("}");
            return $"<mrow>{inner}</mrow>";
        }
        if (char.IsAsciiDigit(c))
        {
            int begin = _at;
            while (IsDigit(_at) || !AtEnd && _source[_at] == '.' && IsDigit(_at + 1))
                _at++;
            return $"<mn>{_source[begin.._at]}</mn>";
        }
        _at++;
        return char.IsLetter(c) ? $"<mi>{c}</mi>" : Sign(c == '-' ? "−" : c.ToString());
    }

    private bool IsDigit(int at) => at < _source.Length && char.IsAsciiDigit(_source[at]);

    // As TeX takes arguments: one digit of a number, unless in braces.
    private string ParseArgument()
    {
        SkipSpaces();
        return IsDigit(_at) ? $"<mn>{_source[_at++]}</mn>" : ParseAtom();
    }

    private string ParseCommand()
    {
        string name = ReadCommandName();
        if (MathSymbols.Letters.TryGetValue(name, out string? letter))
            return $"<mi>{letter}</mi>";
        if (MathSymbols.Operators.TryGetValue(name, out string? sign))
            return Sign(sign);
        if (MathSymbols.Functions.Contains(name))
            return $"<mi>{name}</mi>";
        if (MathSymbols.Spaces.TryGetValue(name, out string? width))
            return $"<mspace width=\"{width}\"/>";
        if (MathSymbols.Accents.TryGetValue(name, out string? accent))
        {
            string stretchy = name.StartsWith("wide", StringComparison.Ordinal) ? "true" : "false";
            return $"<mover accent=\"true\">{ParseArgument()}<mo stretchy=\"{stretchy}\">{accent}</mo></mover>";
        }
        if (MathSymbols.Alphabets.Contains(name))
            return $"<mi mathvariant=\"normal\">{MathSymbols.InAlphabet(name, ReadGroup())}</mi>";
        switch (name)
        {
            case "frac" or "dfrac" or "tfrac":
                return $"<mfrac>{ParseArgument()}{ParseArgument()}</mfrac>";
            case "sqrt":
                SkipSpaces();
                if (!Skip("["))
                    return $"<msqrt>{ParseArgument()}</msqrt>";
                int close = _source.IndexOf(']', _at);
                string degree = close < 0 ? "" : _source[_at..close];
                _at = close < 0 ? _at : close + 1;
                return $"<mroot>{ParseArgument()}<mn>{WebUtility.HtmlEncode(degree)}</mn></mroot>";
            case "operatorname":
                Skip("*");
                return $"<mi>{WebUtility.HtmlEncode(ReadGroup())}</mi>";
            case "text" or "mathrm" or "textbf" or "textit" or "mathit" or "texttt" or "mathtt" or "mathsf":
                return $"<mtext>{WebUtility.HtmlEncode(ReadGroup()).Replace(' ', '\u00a0')}</mtext>";
            case "bar" or "overline":
                // Drawn by the page's style: many fonts put a macron into the letter.
                return $"<mrow class=\"bar\">{ParseArgument()}</mrow>";
            case "underbrace":
                return $"<munder>{ParseArgument()}<mo stretchy=\"true\">⏟</mo></munder>";
            case "left":
                string open = Fence();
                string content = ParseRow();
                return $"<mrow>{open}{content}{(Skip("\\right") ? Fence() : "")}</mrow>";
            case "begin":
                string environment = ReadGroup();
                if (environment == "array")
                    ReadGroup();
                string table = ParseTable(environment);
                (string before, string after) = MathSymbols.Around(environment);
                return $"<mrow>{Operator(before)}{table}{Operator(after)}</mrow>";
            case "big" or "Big" or "bigg" or "bigl" or "bigr" or "Bigl" or "Bigr"
                or "displaystyle" or "textstyle" or "limits" or "nolimits":
                return "";
            default:
                return $"<mtext>\\{WebUtility.HtmlEncode(name)}</mtext>";
        }
    }

    // The delimiter after \left or \right.
    private string Fence()
    {
        SkipSpaces();
        if (AtEnd)
            return "";
        if (_source[_at] == '\\')
            return MathSymbols.Operators.TryGetValue(ReadCommandName(), out string? sign) ? Operator(sign) : "";
        char c = _source[_at++];
        return c == '.' ? "" : Operator(c.ToString());
    }

    // A delimiter without \left or \right keeps its size, which MathML's would not.
    private static string Sign(string sign) =>
        "()[]{}|‖⟨⟩⌊⌋⌈⌉∣∥".Contains(sign) ? $"<mo stretchy=\"false\">{sign}</mo>" : Operator(sign);

    private static string Operator(string sign) => sign.Length == 0 ? "" : $"<mo>{WebUtility.HtmlEncode(sign)}</mo>";

    // After a backslash: letters, or one other character.
    private string ReadCommandName()
    {
        int begin = ++_at;
        while (!AtEnd && char.IsAsciiLetter(_source[_at]))
            _at++;
        if (_at == begin && !AtEnd)
            _at++;
        return _source[begin.._at];
    }

    // The text of a group in braces, or of the one character that stands in place of it.
    private string ReadGroup()
    {
        SkipSpaces();
        if (AtEnd)
            return "";
        if (_source[_at] != '{')
            return _source[_at++].ToString();
        int begin = ++_at, depth = 1;
        while (!AtEnd && depth > 0)
            depth += _source[_at++] switch { '{' => 1, '}' => -1, _ => 0 };
        return _source[begin..(depth == 0 ? _at - 1 : _at)];
    }

    private void SkipSpaces()
    {
        while (!AtEnd && (char.IsWhiteSpace(_source[_at]) || _source[_at] == '~'))
            _at++;
    }

    private bool Sees(string text, bool wholeWord = false)
    {
        SkipSpaces();
        if (string.CompareOrdinal(_source, _at, text, 0, text.Length) != 0)
            return false;
        int end = _at + text.Length;
        return !wholeWord || end >= _source.Length || !char.IsAsciiLetter(_source[end]);   // \rightarrow is not \right
    }

    private bool Skip(string text)
    {
        if (!Sees(text))
            return false;
        _at += text.Length;
        return true;
    }
}
