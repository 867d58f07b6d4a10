using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace IntraDistill.Kernel.Engine;

/// <summary>
/// Loads what notebooks reference into the default load context. Whatever the runner ships itself wins there, so the
/// kit and the runner share one Microsoft.DotNet.Interactive.Formatting, and with it the formatters registered in it.
/// </summary>
internal static class AssemblyProbe
{
    private static readonly ConcurrentDictionary<string, string> s_managed = new(StringComparer.OrdinalIgnoreCase);
    private static readonly ConcurrentDictionary<string, string> s_native = new(StringComparer.OrdinalIgnoreCase);

    static AssemblyProbe()
    {
        AssemblyLoadContext.Default.Resolving += (context, name) =>
            Find(name.Name!) is { } path ? context.LoadFromAssemblyPath(path) : null;
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, library) =>
            FindNative(library) is { } path ? NativeLibrary.Load(path) : IntPtr.Zero;
    }

    /// <summary>The assemblies that the runner was started with, by simple name: the framework's and its own.</summary>
    public static IReadOnlyDictionary<string, string> Platform { get; } =
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .GroupBy(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase)
        .ToDictionary(group => group.Key, group => group.First(), StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes an assembly file known; the first one of a name stays.</summary>
    public static void Add(string path) => s_managed.TryAdd(Path.GetFileNameWithoutExtension(path), path);

    /// <summary>Makes a native library known that does not lie beside the assembly that wants it.</summary>
    public static void AddNative(string path) => s_native.TryAdd(Path.GetFileName(path), path);

    /// <summary>Where the assembly of that simple name is loaded from, if it is known.</summary>
    public static string? Find(string simpleName) => s_managed.GetValueOrDefault(simpleName);

    /// <summary>Loads an assembly and runs its module initializer, so that the formatters it registers are in place.</summary>
    public static Assembly Load(string path)
    {
        Add(path);
        Assembly assembly = AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName(Path.GetFileNameWithoutExtension(path)));
        System.Runtime.CompilerServices.RuntimeHelpers.RunModuleConstructor(assembly.ManifestModule.ModuleHandle);
        return assembly;
    }

    private static string? FindNative(string library)
    {
        foreach (string name in (string[])[library, $"lib{library}.so", $"{library}.so", $"{library}.dll", $"lib{library}.dylib"])
            if (s_native.TryGetValue(name, out string? path))
                return path;
        return null;
    }
}
