using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>One seed for everything random. torch's generators are global to the process, so a run is reproducible as long as
/// nothing else draws from them meanwhile: train one model at a time in a process.</summary>
public static partial class Reproducible
{
    private const string CublasVariable = "CUBLAS_WORKSPACE_CONFIG";

    /// <summary>Seeds torch for making a model: call it just before the constructor that draws the initial weights.</summary>
    public static void Seed(long seed) => Seed(seed, -1);

    /// <summary>Seeds torch for one update, from 1. As every update starts from a seed of its own, the state of the generators never
    /// has to be saved, and an update gives the same result wherever the run was stopped and resumed before it.</summary>
    public static void Seed(long seed, long update)
    {
        long mixed = Mix(seed, update);
        using var generator = manual_seed(mixed);    // the CPU's alone
        if (cuda.is_available()) cuda.manual_seed_all(mixed);
    }

    /// <summary>A fixed hash of two numbers (two rounds of SplitMix64), 0 to 2⁶³ − 1, the same on every machine.</summary>
    internal static long Mix(long seed, long stream) => (long)(SplitMix(SplitMix((ulong)seed) ^ (ulong)stream) & long.MaxValue);

    /// <summary>Has torch use deterministic algorithms only, until what is returned is disposed. TorchSharp has no way to.</summary>
    /// <exception cref="IntraDistillException">On Windows, whose libtorch names its functions otherwise.</exception>
    internal static IDisposable Deterministic()
    {
        if (OperatingSystem.IsWindows())
            throw new IntraDistillException("TrainerSettings.Deterministic: on Linux and macOS only");
        manual_seed(0).Dispose();       // libtorch is loaded
        bool before = AreDeterministic, sets = GetVariable(CublasVariable) == 0;
        // libtorch wants it before it takes cuBLAS for deterministic. Set for longer it costs: of each matrix product on a GPU libtorch
        // reads it anew, 50 µs that are more than all else of a small one.
        if (sets) OpenMp.SetEnvironment(CublasVariable, ":4096:8", overwrite: 0);
        SetDeterministic(Context(), true, false);
        return new Undo(() =>
        {
            SetDeterministic(Context(), before, false);
            if (sets) _ = UnsetVariable(CublasVariable);
        });
    }

    /// <summary>Whether torch uses deterministic algorithms only.</summary>
    internal static bool AreDeterministic => GetDeterministic(Context());

    private sealed class Undo(Action action) : IDisposable
    {
        public void Dispose() => action();
    }

    // at::globalContext(), at::Context::setDeterministicAlgorithms(bool, bool) and deterministicAlgorithms().
    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at13globalContextEv")]
    private static partial nint Context();

    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at7Context26setDeterministicAlgorithmsEbb")]
    private static partial void SetDeterministic(nint context, [MarshalAs(UnmanagedType.U1)] bool on,
        [MarshalAs(UnmanagedType.U1)] bool warnOnly);

    [LibraryImport("torch_cpu", EntryPoint = "_ZNK2at7Context23deterministicAlgorithmsEv")]
    [return: MarshalAs(UnmanagedType.U1)]
    private static partial bool GetDeterministic(nint context);

    // Of libc, where libtorch looks: .NET has a copy of its own.
    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint GetVariable(string name);

    [LibraryImport("libc", EntryPoint = "unsetenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnsetVariable(string name);

    // Steele, Lea and Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
    private static ulong SplitMix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
