using System.Security;
using System.Text.RegularExpressions;
using IntraDistill.Kernel.Engine;

namespace IntraDistill.Kernel.Language;

/// <summary>Completes lines that begin with <c>#</c>: the directive's name, and the file it names.</summary>
internal static partial class DirectiveCompletion
{
    /// <summary>A folder may hold very many files; a list of more is of no use.</summary>
    private const int MostFiles = 1_000;

    private static readonly string[] s_directives =
    [
        "#r", "#load", "#if", "#elif", "#else", "#endif", "#region", "#endregion", "#define", "#undef", "#nullable",
        "#pragma", "#warning", "#error", "#line",
    ];

    /// <summary>Completes at the cursor; null when it does not stand in such a line's name or path.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="lineStart">Where the cursor's line begins.</param>
    /// <param name="cursor">The cursor.</param>
    /// <param name="inCode">Whether the line is C#, which other languages' lines are not.</param>
    /// <param name="folder">Where relative paths begin.</param>
    public static Completions? Find(string cell, int lineStart, int cursor, bool inCode, string folder)
    {
        string typed = cell[lineStart..cursor];
        if (Path().Match(typed) is { Success: true } path && (inCode || path.Groups["import"].Success))
            return Files(path.Groups["path"].Value, ExtensionsOf(path), cursor, folder);
        if (Name().Match(typed) is not { Success: true } name)
            return null;
        string start = name.Groups["name"].Value;
        IEnumerable<string> names = inCode ? [.. s_directives, .. CellParser.Magics] : CellParser.Magics;
        return new Completions(
            [.. names.Where(item => item.StartsWith(start, StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)
                .Select(item => new Completion(item, item.StartsWith("#!", StringComparison.Ordinal) ? "magic" : "keyword", ""))],
            cursor - start.Length, cursor);
    }

    private static string[] ExtensionsOf(Match path) =>
        path.Groups["import"].Success ? [".cs", ".csx", ".ipynb"]
        : path.Groups["load"].Success ? [".cs", ".csx"]
        : [".dll", ".exe"];

    // Only the last part of the path is replaced, so that the parts before it stay as they were typed.
    private static Completions Files(string typed, string[] extensions, int cursor, string folder)
    {
        int nameStart = typed.LastIndexOfAny(['/', '\\']) + 1;
        string name = typed[nameStart..];
        var items = new List<Completion>();
        try
        {
            var directory = new DirectoryInfo(System.IO.Path.GetFullPath(typed[..nameStart], folder));
            foreach (FileSystemInfo entry in directory.EnumerateFileSystemInfos())
            {
                bool isHidden = entry.Name[0] == '.' && name.Length == 0;
                if (isHidden || !entry.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase))
                    continue;
                if (entry is DirectoryInfo)
                    items.Add(new Completion(entry.Name + "/", "path", "folder"));
                else if (extensions.Contains(entry.Extension, StringComparer.OrdinalIgnoreCase))
                    items.Add(new Completion(entry.Name, "path", "file"));
                if (items.Count == MostFiles)
                    break;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SecurityException or ArgumentException
                                       or NotSupportedException)
        {
            items.Clear();   // no such folder, or not a path at all: there is nothing to offer
        }
        return new Completions(
            [.. items.OrderBy(item => item.Text, StringComparer.OrdinalIgnoreCase)], cursor - name.Length, cursor);
    }

    [GeneratedRegex("""^\s*(#(?<load>load)\s+"|#r\s+"(?!nuget:)|(?<import>#!import)\s+"?)(?<path>[^"]*)$""")]
    private static partial Regex Path();

    [GeneratedRegex(@"^\s*(?<name>#!?[\w#]*)$")]
    private static partial Regex Name();
}
