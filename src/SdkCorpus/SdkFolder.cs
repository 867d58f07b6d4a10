using System.Runtime.InteropServices;

namespace IntraDistill.Tasks;

/// <summary>Finds the .NET SDK on this machine, and in it satellite assemblies and XML documentation.</summary>
internal static class SdkFolder
{
    private const string SatelliteSuffix = ".resources.dll";

    private static readonly EnumerationOptions s_everywhere =
        new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };

    /// <summary>The localized assemblies of the SDK in use, ordered by name: one of each, wherever else it has copies.</summary>
    public static (string Root, string Version, IReadOnlyList<LocalizedAssembly> Assemblies) Find(
        string? wantedRoot, IReadOnlyList<string> languages)
    {
        List<string> withSdk = Roots(wantedRoot);
        foreach (string root in withSdk)
        {
            foreach (string version in Versions(Path.Combine(root, "sdk")))
            {
                List<LocalizedAssembly> found = Assemblies(root, version, languages);
                if (found.Count > 0)
                    return (root, version, found);
            }
        }
        throw new IntraDistillException(
            $"the .NET SDK in {string.Join(", ", withSdk)} has no localized resources (no sdk/*/de/*{SatelliteSuffix} with its "
            + "main assembly): install the SDK as Microsoft distributes it, or name another in SdkCorpusSettings.DotnetRoot");
    }

    /// <summary>
    /// The XML documentation of the SDK in use, ordered by file name: of the copies of one file the one whose path comes first.
    /// </summary>
    /// <returns>The SDK's folder, and the files.</returns>
    public static (string Root, IReadOnlyList<string> Files) FindDocumentation(string? wantedRoot)
    {
        List<string> withSdk = Roots(wantedRoot);
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

    /// <summary>The folders that hold an SDK: the one that is wanted, or all that are found.</summary>
    private static List<string> Roots(string? wantedRoot)
    {
        List<string> roots = wantedRoot is null ? Candidates() : [Path.GetFullPath(wantedRoot)];
        List<string> withSdk = [.. roots.Where(root => Versions(Path.Combine(root, "sdk")).Count > 0)];
        return withSdk.Count > 0 ? withSdk : throw new IntraDistillException(
            $"no .NET SDK in {string.Join(", ", roots)}: set DOTNET_ROOT or SdkCorpusSettings.DotnetRoot to the folder that "
            + "holds 'sdk/'");
    }

    private static List<string> Candidates()
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

    /// <summary>The sub-folders whose names are versions, newest first, a release before its previews.</summary>
    private static List<string> Versions(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        return [.. Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)!)
            .Select(name => (Name: name, Parts: name.Split('-', 2)))
            .Where(item => Version.TryParse(item.Parts[0], out _))
            .OrderByDescending(item => Version.Parse(item.Parts[0]))
            .ThenBy(item => item.Parts.Length)
            .ThenByDescending(item => item.Name, StringComparer.Ordinal)
            .Select(item => item.Name)];
    }

    /// <summary>The folder of the newest version of each pack, in ordinal order.</summary>
    private static IEnumerable<string> Packs(string root)
    {
        string packs = Path.Combine(root, "packs");
        if (!Directory.Exists(packs))
            return [];
        return Directory.GetDirectories(packs).Order(StringComparer.Ordinal)
            .SelectMany(pack => Versions(pack).Take(1).Select(version => Path.Combine(pack, version)));
    }

    /// <summary>The XML files below a folder, without those that lie in a language's folder.</summary>
    private static List<string> Documentation(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        return [.. Directory.EnumerateFiles(folder, "*.xml", s_everywhere).Where(file => !SdkCorpus.KnownLanguages.Contains(
            Path.GetFileName(Path.GetDirectoryName(file)!), StringComparer.OrdinalIgnoreCase))];
    }

    private static List<LocalizedAssembly> Assemblies(string root, string sdkVersion, IReadOnlyList<string> languages)
    {
        string[] folders = [Path.Combine(root, "sdk", sdkVersion), .. Packs(root)];

        // main assembly → language → satellite
        Dictionary<string, Dictionary<string, string>> byMain = new(StringComparer.Ordinal);
        foreach (string satellite in folders.SelectMany(
            folder => Directory.EnumerateFiles(folder, "*" + SatelliteSuffix, s_everywhere)))
        {
            string languageFolder = Path.GetDirectoryName(satellite)!;
            string? language = languages.FirstOrDefault(
                code => code.Equals(Path.GetFileName(languageFolder), StringComparison.OrdinalIgnoreCase));
            if (language is null)
                continue;
            string main = Path.Combine(
                Path.GetDirectoryName(languageFolder)!, Path.GetFileName(satellite)[..^SatelliteSuffix.Length]);
            if (!byMain.TryGetValue(main, out Dictionary<string, string>? satellites))
                byMain[main] = satellites = [];
            satellites[language] = satellite;
        }

        // Copies of one assembly in several folders hold the same messages: the one with most languages is taken, and of
        // several such the one whose path comes first.
        List<LocalizedAssembly> found = [];
        foreach (IGrouping<string, string> copies in byMain.Keys.GroupBy(main => Path.GetFileName(main), StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            foreach (string main in copies.OrderByDescending(main => byMain[main].Count)
                .ThenBy(main => main, StringComparer.Ordinal))
            {
                string? file = new[] { main + ".dll", main + ".exe" }.FirstOrDefault(File.Exists);
                if (file is null)
                    continue;
                found.Add(new LocalizedAssembly(copies.Key, file, byMain[main]));
                break;
            }
        }
        return found;
    }
}

/// <summary>An assembly and its satellites.</summary>
/// <param name="Name">The assembly's name, without extension.</param>
/// <param name="Path">The file with the neutral, English resources.</param>
/// <param name="Satellites">The satellite file of each language.</param>
internal sealed record LocalizedAssembly(string Name, string Path, IReadOnlyDictionary<string, string> Satellites);
