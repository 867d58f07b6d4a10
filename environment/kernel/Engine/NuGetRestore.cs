using System.Diagnostics;
using System.Security;
using System.Text.Json;

namespace IntraDistill.Kernel.Engine;

/// <summary>The files of a package and of all it depends on.</summary>
internal sealed record PackageAssets(IReadOnlyList<string> Managed, IReadOnlyList<string> Native);

/// <summary>Resolves <c>#r "nuget: Name, Version"</c> by restoring a generated project with the .NET SDK.</summary>
internal static class NuGetRestore
{
    /// <param name="reference"><c>nuget: Name</c> or <c>nuget: Name, Version</c>.</param>
    /// <exception cref="DirectiveException">The package cannot be restored.</exception>
    public static PackageAssets Resolve(string reference)
    {
        string[] parts = reference["nuget:".Length..].Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length > 2 || parts[0].Length == 0)
            throw new DirectiveException($"#r \"{reference}\": expected \"nuget: Name\" or \"nuget: Name, Version\"");
        string version = parts.Length == 2 ? parts[1] : "*";
        string folder = Directory.CreateTempSubdirectory("intradistill-nuget-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "restore.csproj"), $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
                    <TargetFramework>net{Environment.Version.Major}.0</TargetFramework>
                    <UseCurrentRuntimeIdentifier>true</UseCurrentRuntimeIdentifier>
                    <SelfContained>false</SelfContained>
                    <CopyLocalLockFileAssemblies>true</CopyLocalLockFileAssemblies>
                  </PropertyGroup>
                  <ItemGroup>
                    <PackageReference Include="{SecurityElement.Escape(parts[0])}" Version="{SecurityElement.Escape(version)}" />
                  </ItemGroup>
                </Project>
                """);
            // Stops MSBuild from looking for such files in the folders above.
            foreach (string file in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"])
                File.WriteAllText(Path.Combine(folder, file), "<Project />");
            return Parse(Run(folder, reference));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Run(string folder, string reference)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder,
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

    private static PackageAssets Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement items = document.RootElement.GetProperty("Items");
        string[] Paths(string kind) =>
            [.. items.GetProperty(kind).EnumerateArray().Select(item => item.GetProperty("FullPath").GetString()!)];
        return new PackageAssets(
            [.. Paths("RuntimeCopyLocalItems").Where(path => path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase))],
            Paths("NativeCopyLocalItems"));
    }
}
