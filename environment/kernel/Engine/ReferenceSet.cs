using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json;
using IntraDistill.Kernel.Language;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace IntraDistill.Kernel.Engine;

/// <summary>
/// The assemblies that a session's cells are compiled against: the framework, the display functions, and what
/// <c>#r</c> adds. Roslyn asks it to resolve each <c>#r</c>.
/// </summary>
internal sealed class ReferenceSet : MetadataReferenceResolver
{
    private static readonly Lazy<IReadOnlyList<PortableExecutableReference>> s_host = new(HostReferences);
    private static CSharpCompilation? s_hostSymbols;

    private readonly string _folder;
    private readonly Action<string> _warn;
    private readonly List<string> _extensions = [];
    private readonly Dictionary<string, PortableExecutableReference> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, PortableExecutableReference> _resolved = new(StringComparer.Ordinal);
    private CSharpCompilation? _symbols;

    /// <param name="folder">The notebook's folder: relative paths start there.</param>
    /// <param name="warn">Shows a line to the user.</param>
    public ReferenceSet(string folder, Action<string> warn)
    {
        (_folder, _warn, Packages) = (folder, warn, new SessionPackages(folder, warn));
        foreach (PortableExecutableReference reference in s_host.Value)
            _byName[Path.GetFileNameWithoutExtension(reference.FilePath!)] = reference;
        All = [.. _byName.Values];
    }

    /// <summary>All references so far, new ones last; a snapshot, so that it can be read while a cell adds to it.</summary>
    public ImmutableArray<MetadataReference> All { get; private set; }

    /// <summary>Takes what <c>#r</c> has brought since the last call into <see cref="All"/>.</summary>
    /// <returns>Whether there was anything.</returns>
    public bool TakeNew()
    {
        if (_byName.Count == All.Length)
            return false;
        ImmutableArray<MetadataReference> all = [.. _byName.Values];
        _symbols = BindSymbols(all);
        All = all;
        return true;
    }

    /// <summary>The packages of <c>#r "nuget: …"</c>.</summary>
    public SessionPackages Packages { get; }

    /// <summary>Assemblies of packages, new since the last call, that may hold extensions of .NET Interactive.</summary>
    public string[] TakeExtensions()
    {
        string[] extensions = [.. _extensions];
        _extensions.Clear();
        return extensions;
    }

    /// <summary>What was wrong with a <c>#r</c> of the compilation at hand; the caller takes it and reports it.</summary>
    public DirectiveException? Error { get; private set; }

    /// <summary>Returns <see cref="Error"/> and forgets it.</summary>
    public DirectiveException? TakeError()
    {
        DirectiveException? error = Error;
        Error = null;
        return error;
    }

    /// <summary>
    /// Resolves what stands in the quotes of a <c>#r</c>: a path, an assembly's name, or <c>nuget: Name, Version</c>.
    /// Roslyn takes one reference for one <c>#r</c>: those it brings along are in <see cref="All"/> afterwards.
    /// </summary>
    public override ImmutableArray<PortableExecutableReference> ResolveReference(
        string reference, string? baseFilePath, MetadataReferenceProperties properties)
    {
        try
        {
            if (_resolved.TryGetValue(reference, out PortableExecutableReference? before))
                return [before];
            return [_resolved[reference] =
                reference.StartsWith("nuget:", StringComparison.OrdinalIgnoreCase) ? AddPackage(reference) : AddFile(reference)];
        }
        catch (DirectiveException e)
        {
            Error ??= e;
            return [];
        }
    }

    /// <inheritdoc/>
    public override bool Equals(object? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    private PortableExecutableReference AddPackage(string reference)
    {
        PackageAssets assets = Packages.Add(reference);
        _extensions.AddRange(assets.Extensions);
        foreach (string native in assets.Native)
            AssemblyProbe.AddNative(native);
        foreach (string managed in assets.Managed)
            Add(managed);
        return assets.Managed.Select(Path.GetFileNameWithoutExtension).Select(name => _byName.GetValueOrDefault(name!))
            .FirstOrDefault(known => known is not null) ?? _byName["System.Runtime"];   // a package may hold none
    }

    private PortableExecutableReference AddFile(string reference)
    {
        string path = Path.GetFullPath(reference, _folder);
        if (!File.Exists(path))
            return _byName.TryGetValue(reference, out PortableExecutableReference? known)
                ? known
                : throw new DirectiveException($"#r \"{reference}\": there is no file {path}{BuildHint(reference)}");
        string name;
        try
        {
            using var file = new PEReader(File.OpenRead(path));
            MetadataReader metadata = file.GetMetadataReader();
            name = metadata.GetString(metadata.GetAssemblyDefinition().Name);
        }
        catch (Exception e) when (e is BadImageFormatException or InvalidOperationException)
        {
            throw new DirectiveException($"#r \"{reference}\": {path} is not a .NET assembly");
        }
        bool isKnown = _byName.ContainsKey(name);
        Add(path);
        if (isKnown)
            return _byName[name];
        foreach (string sibling in Dependencies(path))
            Add(sibling);
        try
        {
            AssemblyProbe.Load(path);
        }
        catch (TypeInitializationException e)   // of the kit: the libtorch that it was built for is not to be had
        {
            throw new DirectiveException($"#r \"{reference}\": {(e.InnerException ?? e).Message}");
        }
        return _byName[name];
    }

    // The dll that a notebook of this repository wants is built by one command.
    private static string BuildHint(string reference) =>
        Path.GetFileName(reference) == "IntraDistill.Kit.dll" ? "; build it first: dotnet build IntraDistill.Kit.csproj" : "";

    private void Add(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        if (!_byName.TryGetValue(name, out PortableExecutableReference? known))
        {
            AssemblyProbe.Add(path);
            _byName[name] = known = Reference(AssemblyProbe.Platform.GetValueOrDefault(name) ?? AssemblyProbe.Find(name)!);
        }
        if (VersionOf(path) is { } asked && VersionOf(known.FilePath!) is { } has && asked > has)
            _warn($"{path} is not loaded: it is {name} {asked}, and {has} is loaded already from {known.FilePath}");
    }

    private static Version? VersionOf(string path)
    {
        try
        {
            return AssemblyName.GetAssemblyName(path).Version;
        }
        catch (Exception e) when (e is BadImageFormatException or IOException)
        {
            return null;
        }
    }

    // What lies beside the assembly and belongs to it: all that its deps.json lists, or else what it references, and so on.
    private static IEnumerable<string> Dependencies(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        string list = Path.ChangeExtension(path, ".deps.json");
        if (!File.Exists(list))
            return Referenced(path, folder, new HashSet<string>(StringComparer.OrdinalIgnoreCase));
        using JsonDocument deps = JsonDocument.Parse(File.ReadAllBytes(list));
        return deps.RootElement.GetProperty("targets").EnumerateObject()
            .SelectMany(target => target.Value.EnumerateObject())
            .Where(library => library.Value.TryGetProperty("runtime", out _))
            .SelectMany(library => library.Value.GetProperty("runtime").EnumerateObject())
            .Select(file => Path.Combine(folder, Path.GetFileName(file.Name)))
            .Where(File.Exists)
            .ToArray();
    }

    private static List<string> Referenced(string path, string folder, HashSet<string> seen)
    {
        var found = new List<string>();
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        foreach (AssemblyReferenceHandle handle in metadata.AssemblyReferences)
        {
            string sibling = Path.Combine(folder, metadata.GetString(metadata.GetAssemblyReference(handle).Name) + ".dll");
            if (!File.Exists(sibling) || !seen.Add(sibling))
                continue;
            found.Add(sibling);
            found.AddRange(Referenced(sibling, folder, seen));
        }
        return found;
    }

    private static List<PortableExecutableReference> HostReferences()
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        IEnumerable<string> paths = AssemblyProbe.Platform.Values
            .Where(path => Path.GetDirectoryName(path) == framework)
            .Append(typeof(Cells.CellFunctions).Assembly.Location)
            .Append(typeof(Microsoft.DotNet.Interactive.Kernel).Assembly.Location)
            .Append(typeof(Microsoft.DotNet.Interactive.Formatting.Formatter).Assembly.Location)
            .Append(typeof(Microsoft.AspNetCore.Html.IHtmlContent).Assembly.Location);
        List<PortableExecutableReference> references = [.. paths.Select(Reference)];
        s_hostSymbols = BindSymbols(references);
        return references;
    }

    /// <summary>
    /// Makes Roslyn's symbols of assemblies, which later compilations take as long as this one is kept. If cells and
    /// language services, which compile at the same time, could each make their own, a type in one cell would be another
    /// than in the next, and its methods ambiguous.
    /// </summary>
    private static CSharpCompilation BindSymbols(IEnumerable<MetadataReference> references)
    {
        var options = new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, assemblyIdentityComparer: DesktopAssemblyIdentityComparer.Default);
        var compilation = CSharpCompilation.Create("references", references: references, options: options);
        _ = compilation.Assembly;
        return compilation;
    }

    // Documentation is read when it is first asked for, which no compilation does.
    private static PortableExecutableReference Reference(string path) =>
        MetadataReference.CreateFromFile(path, documentation: new AssemblyDocumentation(path));
}
