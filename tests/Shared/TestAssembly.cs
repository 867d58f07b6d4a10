using System.Runtime.CompilerServices;

namespace IntraDistill.Tests;

internal static class TestAssembly
{
    /// <summary>Runs the kit's own initializers before any test can load libtorch.</summary>
    [ModuleInitializer]
    internal static void InitializeKit() => RuntimeHelpers.RunModuleConstructor(typeof(IntraDistillException).Module.ModuleHandle);
}
