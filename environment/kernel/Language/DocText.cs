using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace IntraDistill.Kernel.Language;

/// <summary>Renders the elements of an XML documentation comment as plain text or as Markdown.</summary>
internal sealed partial class DocText
{
    private readonly bool _markdown;
    private readonly StringBuilder _text = new();

    private DocText(bool markdown) => _markdown = markdown;

    /// <summary>The content of an element.</summary>
    public static string Render(XElement element, bool markdown)
    {
        var text = new DocText(markdown);
        text.AppendAll(element.Nodes());
        return EmptyLines().Replace(text._text.ToString(), "\n\n").Trim();
    }

    /// <summary>Text that Markdown shows as it stands; a dollar would begin a formula.</summary>
    public static string Escape(string text) => Special().Replace(text, @"\$0");

    /// <summary>
    /// A symbol's name from its identity in documentation: <c>M:System.String.Trim(System.Char)</c> is <c>String.Trim</c>.
    /// </summary>
    public static string NameOf(string cref)
    {
        bool isType = !cref.Contains(':') || cref.StartsWith("T:", StringComparison.Ordinal);
        string name = cref[(cref.IndexOf(':') + 1)..].Split('(', '~')[0];
        name = Arity().Replace(TypeArguments().Replace(name, ""), "");
        string[] parts = name.Split('.', StringSplitOptions.RemoveEmptyEntries);
        if (parts is [.., var type, "#ctor" or "#cctor"])
            return type;
        bool isSpace = cref.StartsWith("N:", StringComparison.Ordinal);
        return isSpace ? name : string.Join('.', parts.TakeLast(isType ? 1 : 2));
    }

    private void AppendAll(IEnumerable<XNode> nodes)
    {
        foreach (XNode node in nodes)
        {
            if (node is XText text)
                AppendText(text.Value);
            else if (node is XElement element)
                Append(element);
        }
    }

    private void Append(XElement element)
    {
        switch (element.Name.LocalName)
        {
            case "para" or "p":
                AppendBlock(() => AppendAll(element.Nodes()));
                break;
            case "br":
                _text.Append(_markdown ? "  \n" : "\n");
                break;
            case "c" or "tt":
                AppendCode(element.Value);
                break;
            case "code":
                AppendCodeBlock(element.Value);
                break;
            case "list":
                AppendBlock(() => AppendList(element));
                break;
            case "b" or "strong":
                AppendMarked("**", element);
                break;
            case "i" or "em":
                AppendMarked("*", element);
                break;
            case "paramref" or "typeparamref":
                AppendCode((string?)element.Attribute("name") ?? "");
                break;
            case "see" or "seealso" or "a":
                AppendLink(element);
                break;
            default:
                AppendAll(element.Nodes());
                break;
        }
    }

    private void AppendLink(XElement element)
    {
        string? address = (string?)element.Attribute("href");
        if ((string?)element.Attribute("langword") is { } word)
            AppendCode(word);
        else if ((string?)element.Attribute("cref") is { } cref)
            AppendCode(element.Value.Trim() is { Length: > 0 } text ? text : NameOf(cref));
        else if (address is not null && element.Value.Trim() is { Length: > 0 } title && title != address)
            _text.Append(_markdown ? $"[{Escape(title)}]({address})" : $"{title} ({address})");
        else
            _text.Append(_markdown && address is not null ? $"<{address}>" : address ?? element.Value);
    }

    private void AppendList(XElement list)
    {
        string kind = (string?)list.Attribute("type") ?? "bullet";
        int number = 0;
        foreach (XElement item in list.Elements().Where(item => item.Name.LocalName is "item" or "listheader"))
        {
            number++;
            _text.Append(kind == "number" ? string.Create(CultureInfo.InvariantCulture, $"\n{number}. ") : "\n- ");
            string[] cells = [.. item.Elements().Select(cell => Render(cell, _markdown)).Where(cell => cell.Length > 0)];
            string content = cells.Length > 0 ? string.Join(" – ", cells) : Render(item, _markdown);
            _text.Append(content.ReplaceLineEndings("\n").Replace("\n", "\n  ", StringComparison.Ordinal));
        }
    }

    private void AppendCodeBlock(string code)
    {
        string[] lines = code.ReplaceLineEndings("\n").Trim('\n').TrimEnd().Split('\n');
        int indent = lines.Where(line => !string.IsNullOrWhiteSpace(line))
            .Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty(0).Min();
        IEnumerable<string> dedented = lines.Select(line => line.Length > indent ? line[indent..] : line.TrimStart());
        AppendBlock(() => _text.Append(_markdown
            ? $"```csharp\n{string.Join('\n', dedented)}\n```"
            : string.Join('\n', dedented.Select(line => $"    {line}"))));
    }

    private void AppendBlock(Action content)
    {
        _text.Append("\n\n");
        content();
        _text.Append("\n\n");
    }

    private void AppendMarked(string mark, XElement element)
    {
        string text = Render(element, _markdown);
        _text.Append(_markdown && text.Length > 0 ? mark + text + mark : text);
    }

    private void AppendCode(string code)
    {
        string line = WhiteSpace().Replace(code, " ").Trim();
        _text.Append(_markdown && line.Length > 0 ? $"`{line.Replace('`', '\'')}`" : line);
    }

    // White space in XML is layout: it counts as one space, and not at the beginning of a line.
    private void AppendText(string text)
    {
        string line = WhiteSpace().Replace(text, " ");
        if (_text.Length == 0 || _text[^1] is '\n' or ' ')
            line = line.TrimStart(' ');
        _text.Append(_markdown ? Escape(line) : line);
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"[ \t]*\n\s*\n")]
    private static partial Regex EmptyLines();

    [GeneratedRegex(@"[\\`*_<>\[\]$|~]")]
    private static partial Regex Special();

    [GeneratedRegex(@"`+\d+")]
    private static partial Regex Arity();

    [GeneratedRegex(@"\{[^{}]*(\{[^{}]*\}[^{}]*)*\}")]
    private static partial Regex TypeArguments();
}
