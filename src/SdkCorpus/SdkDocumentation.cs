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

/// <summary>
/// The XML documentation of the installed .NET SDK (<c>packs/*/ref/**/*.xml</c>): English about programming, some seven times as
/// many words as <see cref="SdkCorpus"/> has. It is read where it lies; nothing of it is copied.
/// </summary>
/// <remarks>
/// In texts a reference is the last name of what it refers to (<c>&lt;see cref="T:System.String"/&gt;</c> is "String"), a keyword
/// or a parameter is its name, markup is dropped, and so are blocks of code. Every run of white space is one space. Of a pack
/// the newest version is read, and of a file that several packs have one copy.
/// </remarks>
public sealed class SdkDocumentation
{
    private SdkDocumentation(IReadOnlyList<MemberDocumentation> members) => Members = members;

    /// <summary>The members that have a text, ordered by assembly and then as in its file.</summary>
    public IReadOnlyList<MemberDocumentation> Members { get; }

    /// <summary>Reads the documentation; it takes a few seconds.</summary>
    /// <param name="settings">Says where the SDK is; what it says of messages has no effect. Null for the defaults.</param>
    /// <exception cref="IntraDistillException">
    /// There is no SDK, it has no documentation, or a file of it is damaged (the message names file and line).
    /// </exception>
    public static SdkDocumentation Load(SdkCorpusSettings? settings = null)
    {
        (string root, IReadOnlyList<string> files) = SdkFolder.FindDocumentation(settings?.DotnetRoot);
        MemberDocumentation[] members =
            [.. ParallelMap.Of(files.Count, i => DocumentationFile.Read(files[i])).SelectMany(read => read)];
        return members.Length > 0 ? new SdkDocumentation(members)
            : throw new IntraDistillException($"the {files.Count} XML files in the packs of the .NET SDK in {root} document no member");
    }

    /// <summary>
    /// Pairs of texts that belong together, for next-sentence prediction: a member's summary, and what else is said of it (its
    /// parameters, result, exceptions, remarks) as one text, null where nothing is. Each pair once, in the order of the members;
    /// members without a summary, and what is said of type parameters, are left out.
    /// </summary>
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
