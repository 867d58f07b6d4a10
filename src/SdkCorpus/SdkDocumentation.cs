using System.Text;
using System.Xml;

namespace IntraDistill.Tasks;

/// <summary>A text of a member's documentation: plain prose, one line.</summary>
/// <param name="Element">The element that it is in: summary, returns, param, exception, remarks, value …</param>
/// <param name="Name">The parameter's name, or the exception's without its namespace; null where there is none.</param>
/// <param name="Text">The text.</param>
public sealed record DocumentationText(string Element, string? Name, string Text);

/// <summary>What the documentation says about a member.</summary>
/// <param name="Assembly">The reference assembly, without extension.</param>
/// <param name="Member">The member as C#'s documentation names it, such as <c>M:System.String.Trim</c>.</param>
/// <param name="Texts">At least one, in the order of the file.</param>
public sealed record MemberDocumentation(string Assembly, string Member, IReadOnlyList<DocumentationText> Texts) : KitRecord;

/// <summary>The XML documentation of the installed .NET SDK (<c>packs/*/ref/**/*.xml</c>): English about programming, some seven times as
/// many words as <see cref="SdkCorpus"/> has. It is read where it lies; nothing of it is copied.</summary>
/// <remarks>In texts a reference is the last name of what it refers to (<c>&lt;see cref="T:System.String"/&gt;</c> is "String"), a
/// keyword or a parameter is its name, markup is dropped, and so are blocks of code. Every run of white space is one space. Of a pack the
/// newest version is read, and of a file that several packs have one copy.</remarks>
public sealed class SdkDocumentation
{
    private SdkDocumentation(IReadOnlyList<MemberDocumentation> members) => Members = members;

    /// <summary>The members that have a text, ordered by assembly and then as in its file.</summary>
    public IReadOnlyList<MemberDocumentation> Members { get; }

    /// <summary>Reads the documentation; it takes a few seconds. Of the settings only the folder counts.</summary>
    /// <exception cref="IntraDistillException">There is no SDK, it has no documentation, or a file of it is damaged (the message names
    /// file and line).</exception>
    public static SdkDocumentation Load(SdkCorpusSettings? settings = null)
    {
        (string root, IReadOnlyList<string> files) = SdkFolder.FindDocumentation(settings?.DotnetRoot);
        MemberDocumentation[] members =
            [.. ParallelMap.Of(files.Count, i => DocumentationFile.Read(files[i])).SelectMany(read => read)];
        return members.Length > 0 ? new SdkDocumentation(members)
            : throw new IntraDistillException($"the {files.Count} XML files in the packs of the .NET SDK in {root} document no member");
    }

    /// <summary>Pairs of texts that belong together, for next-sentence prediction: a member's summary, and what else is said of it (its
    /// parameters, result, exceptions, remarks) as one text, null where nothing is. Each pair once, in the order of the members; members
    /// without a summary, and what is said of type parameters, are left out.</summary>
    public IReadOnlyList<(string Summary, string? Others)> Pairs()
    {
        return [.. Members.SelectMany(Of).Distinct()];

        static IEnumerable<(string, string?)> Of(MemberDocumentation member)
        {
            if (member.Texts.FirstOrDefault(text => text.Element == "summary") is not { } summary)
                yield break;
            string others = string.Join(' ', member.Texts.Where(text => text != summary && text.Element != "typeparam")
                .Select(text => text.Text));
            yield return (summary.Text, others.Length == 0 ? null : others);
        }
    }
}

/// <summary>Reads a file of C# XML documentation as plain prose.</summary>
internal static class DocumentationFile
{
    private static readonly XmlReaderSettings s_settings =
        new() { DtdProcessing = DtdProcessing.Prohibit, IgnoreComments = true, IgnoreProcessingInstructions = true };

    // Elements whose text stands apart from the text around them.
    private static readonly HashSet<string> s_blocks =
        ["br", "code", "description", "div", "example", "item", "li", "list", "listheader", "ol", "p", "para", "term", "ul"];

    /// <summary>The members that the file says something about, in its order. There are none in a file that is no documentation, which is
    /// to say that its outermost element is not <c>doc</c>.</summary>
    public static List<MemberDocumentation> Read(string path)
    {
        List<MemberDocumentation> members = [];
        string assembly = Path.GetFileNameWithoutExtension(path);
        try
        {
            // Not by its path, which would be read as a URI.
            using FileStream file = File.OpenRead(path);
            using XmlReader reader = XmlReader.Create(file, s_settings);
            bool documentation = reader.MoveToContent() == XmlNodeType.Element && reader.LocalName == "doc";
            while (reader.Read())
            {
                if (!documentation || reader.NodeType != XmlNodeType.Element || reader.LocalName != "member"
                    || reader.GetAttribute("name") is not { } member)
                    continue;
                List<DocumentationText> texts = Texts(reader);
                if (texts.Count > 0)
                    members.Add(new MemberDocumentation(assembly, member, texts));
            }
        }
        catch (XmlException e)
        {
            throw new IntraDistillException(
                $"{path}:{e.LineNumber}: expected XML documentation: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IntraDistillException($"{path}: cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        return members;
    }

    /// <summary>The last name of what a reference names: <c>T:System.Collections.Generic.List`1.Enumerator</c> → <c>Enumerator</c>,
    /// <c>M:System.String.Trim(System.Char)</c> → <c>Trim</c>, <c>M:System.String.#ctor</c> → <c>String</c>.</summary>
    internal static string SimpleName(string reference)
    {
        StringBuilder name = new();
        int nesting = 0;
        foreach (char unit in reference.AsSpan(reference.IndexOf(':') + 1))
        {
            if (unit == '(')
                break;
            nesting += unit is '{' or '<' ? 1 : unit is '}' or '>' ? -1 : 0;
            if (nesting == 0 && unit is not ('}' or '>'))
                name.Append(unit);
        }
        string[] parts = name.ToString().Split(['.', '#', '+'], StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length > 1 && parts[^1] is "ctor" or "cctor")
            parts = parts[..^1];
        return parts.Length == 0 ? "" : parts[^1].Split('`')[0];
    }

    // The texts of the member that the reader is at; leaves it at the member's end.
    private static List<DocumentationText> Texts(XmlReader reader)
    {
        List<DocumentationText> texts = [];
        StringBuilder text = new();
        int depth = reader.Depth;
        if (reader.IsEmptyElement)
            return texts;
        while (reader.Read() && reader.Depth > depth)
        {
            if (reader.NodeType != XmlNodeType.Element)
                continue;
            string element = reader.LocalName;
            string? name = reader.GetAttribute("name") ?? (reader.GetAttribute("cref") is { } type ? SimpleName(type) : null);
            text.Clear();
            AppendContent(reader, text);
            string line = SdkCorpus.OneLine(text.ToString());
            if (line.Length > 0 && element != "code")
                texts.Add(new DocumentationText(element, name, line));
        }
        return texts;
    }

    // Adds what is in the element that the reader is at; leaves it at the element's end.
    private static void AppendContent(XmlReader reader, StringBuilder text)
    {
        int depth = reader.Depth;
        if (reader.IsEmptyElement)
            return;
        while (reader.Read() && reader.Depth > depth)
        {
            if (reader.NodeType == XmlNodeType.Element)
                AppendElement(reader, text);
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA
                or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace)
                text.Append(reader.Value);
        }
    }

    private static void AppendElement(XmlReader reader, StringBuilder text)
    {
        string element = reader.LocalName;
        // What stands for an element without a text of its own.
        string? reference = element switch
        {
            "see" or "seealso" => reader.GetAttribute("langword") ?? SimpleName(reader.GetAttribute("cref") ?? ""),
            "xref" => SimpleName(reader.GetAttribute("uid") ?? ""),
            "paramref" or "typeparamref" => reader.GetAttribute("name"),
            _ => null,
        };
        bool block = s_blocks.Contains(element);
        if (block)
            text.Append(' ');
        if (element == "sup")
            text.Append('^');
        int start = text.Length;
        AppendContent(reader, text);
        if (element == "code")
            text.Length = start;
        else if (reference is not null && string.IsNullOrWhiteSpace(text.ToString(start, text.Length - start)))
            text.Append(reference);
        if (block)
            text.Append(' ');
    }
}
