using System.Text;
using System.Xml.Linq;
using IntraDistill.Kernel.Engine;
using Microsoft.CodeAnalysis;

namespace IntraDistill.Kernel.Language;

/// <summary>Describes the symbol at a position: its declaration, its documentation, its overloads.</summary>
internal sealed class Inspection
{
    /// <summary>Console.WriteLine has 20; a longer list hides what is above it.</summary>
    private const int MostOverloads = 30;

    private readonly bool _markdown;
    private readonly StringBuilder _text = new();

    private Inspection(bool markdown) => _markdown = markdown;

    /// <summary>What is known of the symbol at the cursor, as plain text and as Markdown; null where there is none.</summary>
    public static async Task<MimeBundle?> OfAsync(Document document, int cursor, bool detailed, CancellationToken cancellation)
    {
        SemanticModel model = (await document.GetSemanticModelAsync(cancellation))!;
        SyntaxNode root = await model.SyntaxTree.GetRootAsync(cancellation);
        IReadOnlyList<ISymbol> symbols = CursorSymbols.Find(model, root, cursor, cancellation);
        if (symbols.Count == 0)
            return null;
        XElement? comment = DocComment.Of(symbols[0], model.Compilation, cancellation);
        return new MimeBundle(new Dictionary<string, string>
        {
            [MimeBundle.PlainText] = new Inspection(markdown: false).Describe(symbols, comment, detailed),
            [MimeBundle.Markdown] = new Inspection(markdown: true).Describe(symbols, comment, detailed),
        });
    }

    private string Describe(IReadOnlyList<ISymbol> symbols, XElement? comment, bool detailed)
    {
        AppendDeclarations(symbols.Take(1));
        if (comment is not null)
            AppendComment(comment, detailed);
        if (symbols.Count > 1)
        {
            AppendTitle("Overloads");
            AppendDeclarations(symbols.Skip(1).Take(MostOverloads));
            if (symbols.Count > 1 + MostOverloads)
                AppendParagraph($"… and {symbols.Count - 1 - MostOverloads} more");
        }
        return _text.ToString().TrimEnd();
    }

    private void AppendComment(XElement comment, bool detailed)
    {
        AppendSection(null, comment.Element("summary"));
        AppendNamed("Type parameters", comment.Elements("typeparam"));
        AppendNamed("Parameters", comment.Elements("param"));
        AppendSection("Returns", comment.Element("returns"));
        AppendSection("Value", comment.Element("value"));
        AppendItems("Exceptions", comment.Elements("exception").Select(exception =>
            (DocText.NameOf((string?)exception.Attribute("cref") ?? "Exception"), DocText.Render(exception, _markdown))));
        if (!detailed)
            return;
        AppendSection("Remarks", comment.Element("remarks"));
        foreach (XElement example in comment.Elements("example"))
            AppendSection("Example", example);
        AppendItems("See also", comment.Elements("seealso").Select(link =>
            ((string?)link.Attribute("cref") is { } cref ? DocText.NameOf(cref) : (string?)link.Attribute("href") ?? "", "")));
    }

    private void AppendNamed(string title, IEnumerable<XElement> elements) => AppendItems(title, elements
        .Select(element => (Name: (string?)element.Attribute("name") ?? "", Text: DocText.Render(element, _markdown)))
        .Where(item => item.Text.Length > 0));

    private void AppendItems(string title, IEnumerable<(string Name, string Text)> items)
    {
        var lines = items.Select(item =>
        {
            string text = item.Text.Replace("\n", "\n    ", StringComparison.Ordinal);
            string name = _markdown ? $"- `{item.Name}`" : $"  {item.Name}";
            return text.Length == 0 ? name : $"{name}: {text}";
        }).ToArray();
        if (lines.Length == 0)
            return;
        AppendTitle(title);
        AppendParagraph(string.Join('\n', lines));
    }

    private void AppendSection(string? title, XElement? element)
    {
        if (element is null || DocText.Render(element, _markdown) is not { Length: > 0 } text)
            return;
        if (title is not null)
            AppendTitle(title);
        AppendParagraph(text);
    }

    private void AppendTitle(string title) => _text.Append(_markdown ? $"**{title}**\n\n" : $"{title}:\n");

    private void AppendParagraph(string text) => _text.Append(text).Append("\n\n");

    private void AppendDeclarations(IEnumerable<ISymbol> symbols)
    {
        string lines = string.Join('\n', symbols.Select(SymbolText.Full));
        AppendParagraph(_markdown ? $"```csharp\n{lines}\n```" : lines);
    }
}
