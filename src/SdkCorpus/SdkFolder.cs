using System.Runtime.InteropServices;

namespace IntraDistill.Tasks;

/// <summary>Finds the .NET SDK on this machine, and in it satellite assemblies and XML documentation.</summary>
internal static class SdkFolder
{
    private const string SatelliteSuffix = ".resources.dll";

    private static readonly EnumerationOptions s_everywhere =
        new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };

    /// <summary>The localized assemblies of the SDK in use, ordered by name: one of each, wherever else it has copies.</summary>
    public static (string Root, string Version, IReadOnlyList<LocalizedAssembly> Assemblies) Find(string? wantedRoot)
    {
        string[] withSdk = Roots(wantedRoot);
        foreach (string root in withSdk)
            foreach (string version in Versions(Path.Combine(root, "sdk")))
                if (Assemblies(root, version) is { Length: > 0 } found)
                    return (root, version, found);
        throw new IntraDistillException(
            $"the .NET SDK in {string.Join(", ", withSdk)} has no localized resources (no sdk/*/de/*{SatelliteSuffix} with its "
            + "main assembly): install the SDK as Microsoft distributes it, or name another in SdkCorpusSettings.DotnetRoot");
    }

    /// <summary>The XML documentation of the SDK in use, ordered by file name: of the copies of one file the one whose path comes
    /// first.</summary>
    public static (string Root, IReadOnlyList<string> Files) FindDocumentation(string? wantedRoot)
    {
        string[] withSdk = Roots(wantedRoot);
        foreach (string root in withSdk)
        {
            string[] files = [.. Packs(root).SelectMany(pack => Documentation(Path.Combine(pack, "ref")))
                .GroupBy(file => Path.GetFileName(file), StringComparer.Ordinal).OrderBy(copies => copies.Key, StringComparer.Ordinal)
                .Select(copies => copies.Order(StringComparer.Ordinal).First())];
            if (files.Length > 0)
                return (root, files);
        }
        throw new IntraDistillException(
            $"the .NET SDK in {string.Join(", ", withSdk)} has no XML documentation (no packs/*/*/ref/**/*.xml): install the SDK "
            + "as Microsoft distributes it, or name another in SdkCorpusSettings.DotnetRoot");
    }

    // The folders that hold an SDK: the one that is wanted, or all that are found.
    private static string[] Roots(string? wantedRoot)
    {
        string[] roots = wantedRoot is null ? Candidates() : [Path.GetFullPath(wantedRoot)];
        string[] withSdk = [.. roots.Where(root => Versions(Path.Combine(root, "sdk")).Length > 0)];
        return withSdk.Length > 0 ? withSdk : throw new IntraDistillException(
            $"no .NET SDK in {string.Join(", ", roots)}: set DOTNET_ROOT or SdkCorpusSettings.DotnetRoot to the folder that "
            + "holds 'sdk/'");
    }

    private static string[] Candidates()
    {
        List<string?> roots =
        [
            // <root>/shared/Microsoft.NETCore.App/<version>/
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
            Environment.GetEnvironmentVariable("DOTNET_ROOT"),
        ];
        string host = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
        {
            string path = Path.Combine(folder, host);
            if (folder.Length > 0 && File.Exists(path))
                roots.Add(Path.GetDirectoryName(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path));
        }
        return [.. roots.OfType<string>().Where(root => root.Length > 0)
            .Select(root => Path.TrimEndingDirectorySeparator(Path.GetFullPath(root))).Distinct(StringComparer.Ordinal)];
    }

    // The sub-folders whose names are versions, newest first, a release before its previews.
    private static string[] Versions(string folder) => !Directory.Exists(folder) ? [] :
    [
        .. Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)!)
            .Select(name => (Name: name, Parts: name.Split('-', 2)))
            .Where(item => Version.TryParse(item.Parts[0], out _))
            .OrderByDescending(item => Version.Parse(item.Parts[0]))
            .ThenBy(item => item.Parts.Length)
            .ThenByDescending(item => item.Name, StringComparer.Ordinal)
            .Select(item => item.Name),
    ];

    // The folder of the newest version of each pack, in ordinal order.
    private static IEnumerable<string> Packs(string root)
    {
        string packs = Path.Combine(root, "packs");
        return !Directory.Exists(packs) ? [] : Directory.GetDirectories(packs).Order(StringComparer.Ordinal)
            .SelectMany(pack => Versions(pack).Take(1).Select(version => Path.Combine(pack, version)));
    }

    // The XML files below a folder, without those that lie in a language's folder.
    private static IEnumerable<string> Documentation(string folder) => !Directory.Exists(folder) ? []
        : Directory.EnumerateFiles(folder, "*.xml", s_everywhere).Where(file => LanguageOf(file) is null);

    private static string? LanguageOf(string file) => SdkCorpus.KnownLanguages.FirstOrDefault(
        code => code.Equals(Path.GetFileName(Path.GetDirectoryName(file)), StringComparison.OrdinalIgnoreCase));

    private static LocalizedAssembly[] Assemblies(string root, string sdkVersion)
    {
        // By the path of their main assembly, without its extension.
        IEnumerable<IGrouping<string, string>> satellites = Packs(root).Prepend(Path.Combine(root, "sdk", sdkVersion))
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*" + SatelliteSuffix, s_everywhere))
            .Where(file => LanguageOf(file) is not (null or "en"))
            .GroupBy(file => Path.Combine(
                Path.GetDirectoryName(Path.GetDirectoryName(file))!, Path.GetFileName(file)[..^SatelliteSuffix.Length]));
        IEnumerable<LocalizedAssembly> assemblies =
            from of in satellites
            let main = new[] { of.Key + ".dll", of.Key + ".exe" }.FirstOrDefault(File.Exists)
            where main is not null
            select new LocalizedAssembly(Path.GetFileName(of.Key), main,
                of.GroupBy(file => LanguageOf(file)!).ToDictionary(files => files.Key, files => files.Last()));
        // Copies of one assembly in several folders hold the same messages: the one with most languages is taken, and of
        // several such the one whose path comes first.
        return [.. assemblies.GroupBy(one => one.Name, StringComparer.Ordinal)
            .OrderBy(copies => copies.Key, StringComparer.Ordinal).Select(copies => copies
                .OrderByDescending(one => one.Satellites.Count).ThenBy(one => one.Path, StringComparer.Ordinal).First())];
    }
}

/// <summary>An assembly, by its file with the neutral, English resources, and the satellite file of each language.</summary>
internal sealed record LocalizedAssembly(string Name, string Path, IReadOnlyDictionary<string, string> Satellites);
