using System.Diagnostics;
using System.Security;
using System.Text.Json;
using NuGet.Versioning;

namespace IntraDistill.Kernel.Engine;

/// <summary>What a package and all it depends on bring.</summary>
/// <param name="Managed">Assemblies to compile against and to load.</param>
/// <param name="Native">Native libraries.</param>
/// <param name="Extensions">Assemblies that may hold extensions of .NET Interactive.</param>
internal sealed record PackageAssets(IReadOnlyList<string> Managed, IReadOnlyList<string> Native, IReadOnlyList<string> Extensions);

/// <summary>
/// The NuGet packages of a session, which <c>#r "nuget: Name, Version"</c> adds to, restored by the .NET SDK in one generated project: so
/// packages that need different versions of a third get one that suits both, and one that would exchange what is loaded is refused.
/// </summary>
/// <param name="folder">The notebook's folder: a nuget.config there or above it counts, and a source's path begins there.</param>
/// <param name="warn">Shows a line to the user.</param>
internal sealed class SessionPackages(string folder, Action<string> warn)
{
    private readonly List<string> _sources = [];

    // By name: what was asked for, exactly as it was resolved, so that a later package cannot exchange it; and all that came with it.
    private readonly Dictionary<string, string> _asked = new(StringComparer.OrdinalIgnoreCase), _loaded = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds a source of packages: an address, or a folder.</summary>
    /// <returns>Null: there is no error.</returns>
    public CellError? AddSource(string source)
    {
        string found = source.Contains("://", StringComparison.Ordinal) ? source : Path.GetFullPath(source, folder);
        if (!_sources.Contains(found))
            _sources.Add(found);
        return null;
    }

    /// <summary>Restores a package with those before it.</summary>
    /// <param name="reference"><c>nuget: Name</c> or <c>nuget: Name, Version</c>, where a version may be an interval.</param>
    /// <exception cref="DirectiveException">It cannot be restored, or not beside what is loaded.</exception>
    public PackageAssets Add(string reference)
    {
        string[] parts = reference["nuget:".Length..].Split(',', 2, StringSplitOptions.TrimEntries);
        string name = parts[0], version = parts.Length == 2 ? parts[1] : "*";
        if (name.Length == 0 || !VersionRange.TryParse(version, out VersionRange? range))
            throw Error("expected \"nuget: Name\" or \"nuget: Name, Version\"");
        Dictionary<string, string> wanted = new(_asked, StringComparer.OrdinalIgnoreCase) { [name] = version };
        if (_loaded.TryGetValue(name, out string? loaded))
        {
            // A plain version is the least that will do for NuGet, and exactly what a cell's author wants.
            var present = NuGetVersion.Parse(loaded);
            if (range.HasUpperBound || range.IsFloating ? !range.Satisfies(present) : range.MinVersion != present)
                throw Error($"version {loaded} is loaded already, and another cannot take its place; restart the kernel for {version}");
            wanted[name] = $"[{loaded}]";
        }

        string project = Directory.CreateTempSubdirectory("intradistill-nuget-").FullName;
        try
        {
            WriteProject(project, wanted);
            string items = Restore(project, reference);
            using JsonDocument assets = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(project, "obj", "project.assets.json")));
            JsonProperty[] libraries = [.. assets.RootElement.GetProperty("libraries").EnumerateObject()];
            Dictionary<string, string> resolved = libraries.Select(library => library.Name.Split('/'))
                .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
            foreach ((string other, string before) in _loaded)
                if (resolved.TryGetValue(other, out string? now) && now != before)
                    throw Error($"needs {other} {now}, and {before} is loaded already; ask for it first, in a restarted kernel");
            // Where a feed has no package of that version NuGet takes the next one.
            if (!range.HasUpperBound && assets.RootElement.TryGetProperty("logs", out JsonElement logs))
                foreach (JsonElement log in logs.EnumerateArray().Where(log => Text(log, "libraryId").Equals(name, StringComparison.OrdinalIgnoreCase)))
                    warn($"#r \"{reference}\": {Text(log, "code")}: {Text(log, "message")}");
            _asked[name] = $"[{resolved[name]}]";
            foreach ((string other, string now) in resolved)
                _loaded[other] = now;
            return Parse(items, [.. libraries.SelectMany(library => library.Value.GetProperty("files").EnumerateArray()
                .Select(file => file.GetString()!).Where(IsExtension).SelectMany(file => assets.RootElement.GetProperty("packageFolders")
                    .EnumerateObject().Select(root => Path.Combine(root.Name, Text(library.Value, "path"), file)).Where(File.Exists)))]);
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw Error($"what the restore wrote cannot be read: {e.Message}");
        }
        finally
        {
            Directory.Delete(project, recursive: true);
        }

        DirectiveException Error(string why) => new($"#r \"{reference}\": {why}");
        static string Text(JsonElement json, string property) =>
            json.TryGetProperty(property, out JsonElement text) ? text.GetString()! : "";
        static bool IsExtension(string file) => file.StartsWith("interactive-extensions/dotnet/", StringComparison.Ordinal)
            && file.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
    }

    private void WriteProject(string project, Dictionary<string, string> packages)
    {
        File.WriteAllText(Path.Combine(project, "restore.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net{Environment.Version.Major}.0</TargetFramework>
                <UseCurrentRuntimeIdentifier>true</UseCurrentRuntimeIdentifier>
                <SelfContained>false</SelfContained>
                <CopyLocalLockFileAssemblies>true</CopyLocalLockFileAssemblies>
                <RestoreRootConfigDirectory>{SecurityElement.Escape(folder)}</RestoreRootConfigDirectory>
                <RestoreAdditionalProjectSources>{SecurityElement.Escape(string.Join(';', _sources))}</RestoreAdditionalProjectSources>
              </PropertyGroup>
              <ItemGroup>
            {string.Join('\n', packages.Select(package =>
                $"    <PackageReference Include=\"{SecurityElement.Escape(package.Key)}\" Version=\"{SecurityElement.Escape(package.Value)}\" />"))}
              </ItemGroup>
            </Project>
            """);
        // Stops MSBuild from looking for such files in the folders above.
        foreach (string file in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"])
            File.WriteAllText(Path.Combine(project, file), "<Project />");
    }

    private static string Restore(string project, string reference)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = project,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["msbuild", "-restore", "-nologo", "-target:ResolvePackageAssets",
                     "-getItem:RuntimeCopyLocalItems", "-getItem:NativeCopyLocalItems"])
            start.ArgumentList.Add(argument);
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
                throw new DirectiveException($"#r \"{reference}\": {Reason(output + errors.Result)}");
            return output;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new DirectiveException($"#r \"{reference}\": needs the .NET SDK's 'dotnet' on the PATH");
        }
    }

    // "…/restore.csproj : error NU1101: Unable to find package X. No packages exist …" -> "NU1101: Unable to find package X. …"
    private static string Reason(string log)
    {
        string? line = log.Split('\n').FirstOrDefault(line => line.Contains("error ", StringComparison.Ordinal));
        return line is null ? "dotnet restore failed" : line[(line.IndexOf("error ", StringComparison.Ordinal) + 6)..].Trim();
    }

    private static PackageAssets Parse(string json, IReadOnlyList<string> extensions)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement items = document.RootElement.GetProperty("Items");
        string[] Paths(string kind) =>
            [.. items.GetProperty(kind).EnumerateArray().Select(item => item.GetProperty("FullPath").GetString()!)];
        return new PackageAssets(
            [.. Paths("RuntimeCopyLocalItems").Where(path => path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase))],
            Paths("NativeCopyLocalItems"), extensions);
    }
}
