using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;

namespace IntraDistill.Kernel.Language;

/// <summary>
/// An assembly's XML documentation, from the file beside it; for the framework's assemblies from the SDK's targeting
/// pack, if there is one. Files are searched as bytes, member by member: parsing them would take seconds and hundreds
/// of megabytes for the framework, and nobody asks for more than a few members at a time.
/// </summary>
/// <param name="assembly">The assembly's file.</param>
internal sealed class AssemblyDocumentation(string assembly) : DocumentationProvider
{
    private static readonly string s_framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
    private static readonly Lazy<IReadOnlyList<string>> s_pack = new(FindPack);
    private static readonly ConcurrentDictionary<string, string> s_found = new(StringComparer.Ordinal);

    private readonly string _assembly = assembly;

    /// <inheritdoc/>
    public override bool Equals(object? other) => other is AssemblyDocumentation that && that._assembly == _assembly;

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_assembly);

    /// <inheritdoc/>
    protected override string GetDocumentationForSymbol(
        string documentationMemberID, CultureInfo preferredCulture, CancellationToken cancellationToken = default)
    {
        // Keyed by the name too: a notebook's own types may be called like others.
        return s_found.GetOrAdd($"{_assembly}\n{documentationMemberID}", _ =>
        {
            byte[] tag = Encoding.UTF8.GetBytes($"<member name=\"{documentationMemberID}\"");
            foreach (string file in Files())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Find(file, tag) is { } member)
                    return member;
            }
            return "";
        });
    }

    private IEnumerable<string> Files()
    {
        string beside = Path.ChangeExtension(_assembly, ".xml");
        if (File.Exists(beside))
            return [beside];
        if (Path.GetDirectoryName(_assembly) != s_framework)
            return [];
        // Types lie in other assemblies than those that the pack documents them under: String is in
        // System.Private.CoreLib.dll and in System.Runtime.xml, List<T> in the same dll and in System.Collections.xml.
        string name = Path.GetFileName(beside);
        return s_pack.Value.OrderBy(file => Path.GetFileName(file) switch
        {
            var same when same == name => 0,
            "System.Runtime.xml" => 1,
            _ => 2,
        });
    }

    private static string? Find(string file, byte[] tag)
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;   // rebuilt at this moment: no documentation is better than no answer
        }
        int start = content.AsSpan().IndexOf(tag);
        if (start < 0)
            return null;
        ReadOnlySpan<byte> member = content.AsSpan(start);
        ReadOnlySpan<byte> closing = "</member>"u8;
        int end = member.IndexOf(closing);
        bool isEmpty = member[tag.Length..].TrimStart((byte)' ').StartsWith("/>"u8);
        return end < 0 || isEmpty ? null : Encoding.UTF8.GetString(member[..(end + closing.Length)]);
    }

    // <dotnet root>/shared/Microsoft.NETCore.App/10.0.1 -> <dotnet root>/packs/Microsoft.NETCore.App.Ref/10.0.x/ref/net10.0
    private static IReadOnlyList<string> FindPack()
    {
        string packs = Path.GetFullPath(Path.Combine(s_framework, "..", "..", "..", "packs", "Microsoft.NETCore.App.Ref"));
        if (!Directory.Exists(packs))
            return [];
        string? folder = Directory.EnumerateDirectories(packs, $"{Environment.Version.Major}.*")
            .OrderByDescending(path => Version.TryParse(Path.GetFileName(path), out Version? version) ? version : new Version())
            .Select(path => Path.Combine(path, "ref", $"net{Environment.Version.Major}.0"))
            .FirstOrDefault(Directory.Exists);
        return folder is null ? [] : Directory.GetFiles(folder, "*.xml");
    }
}
