using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>The machine that a run's numbers come from, and the device it computes on.</summary>
public static class Machine
{
    /// <summary>One line for a table's footnote and every stored run's <c>config.json</c>: processor, cores, memory, system, .NET, libtorch
    /// and, of a GPU, name and driver.</summary>
    public static string Describe(Device device)
    {
        string memory = (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9).ToString("F0", CultureInfo.InvariantCulture);
        string accelerator = device.type != DeviceType.CUDA ? ""
            : $", {device}: {NativeGpu.Name(Index(device)) ?? "name unknown"}, driver {NativeGpu.DriverVersion() ?? "unknown"}";
        return $"{Processor()}, {Environment.ProcessorCount} cores, {memory} GB, {RuntimeInformation.OSDescription}, "
            + $"{RuntimeInformation.FrameworkDescription}, TorchSharp {TorchSharpVersion()}{accelerator}";
    }

    /// <summary>The process's working set in bytes after the garbage collector and the C library have given back what is free: what
    /// <see cref="TrainingResult.PeakMemory"/> is measured from, so that what earlier work left behind is not taken for it.</summary>
    public static long MemoryInUse()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        NativeMemory.Trim();
        return Environment.WorkingSet;
    }

    /// <summary>Bytes in use now: the process's working set, or of a GPU what its driver counts as used on the whole device (0 if it does
    /// not say). That is the CUDA context, what other processes hold, and all that torch's caching allocator has reserved: it gives nothing
    /// back, so a sample after the peak still shows it.</summary>
    internal static long SampleMemory(Device device) =>
        device.type != DeviceType.CUDA ? Environment.WorkingSet
            : NativeGpu.Memory(Index(device)) is var (free, total) ? total - free : 0;

    /// <summary>The type of a model's weights and states that a notebook's <c>precision</c> parameter names. Whatever it is, losses are
    /// computed and added up in float32, and a bf16 model is trained on float32 weights (<see cref="Trainer{TBatch}"/>).</summary>
    /// <param name="name"><c>fp32</c>; <c>tf32</c>: float32 whose products a GPU may round to 10 bits, for the whole process; <c>bf16</c>;
    /// or <c>auto</c>: <c>bf16</c> on a GPU that has it, else <c>fp32</c>.</param>
    /// <param name="device">What the model computes on.</param>
    /// <exception cref="IntraDistillException">The name is none of these, or the device does not have it.</exception>
    public static ScalarType ChoosePrecision(string name, Device device)
    {
        bool onGpu = device.type == DeviceType.CUDA, bFloat16 = !onGpu || NativeGpu.HasBFloat16(Index(device));
        if (name is not ("auto" or "fp32" or "tf32" or "bf16"))
            throw new IntraDistillException($"precision = \"{name}\": auto, fp32, tf32 or bf16 was expected");
        if (name == "tf32" && !onGpu)
            throw new IntraDistillException($"precision = \"tf32\" is of NVIDIA's GPUs, and the device is {device}: "
                + "auto, fp32 or bf16 was expected");
        if (name == "bf16" && !bFloat16)
            throw new IntraDistillException($"precision = \"bf16\": {NativeGpu.Name(Index(device)) ?? "this GPU"} has none; "
                + "auto, fp32 or tf32 was expected");
        if (onGpu)
            backends.cuda.matmul.allow_tf32 = name == "tf32";
        return name == "bf16" || (name == "auto" && onGpu && bFloat16) ? bfloat16 : float32;
    }

    /// <summary>The device that a notebook's <c>device</c> parameter names: <c>auto</c> for CUDA where there is one and the CPU elsewhere;
    /// or <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c> …</summary>
    /// <exception cref="IntraDistillException">The name is none of these, or this build or machine has no such device.</exception>
    public static Device ChooseDevice(string name = "auto")
    {
        if (name == "auto") return cuda.is_available() ? CUDA : CPU;
        if (name == "cpu") return CPU;
        int index = 0;
        if (name != "cuda" && !(name.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(name["cuda:".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
            throw new IntraDistillException($"device = \"{name}\": auto, cpu, cuda or cuda:N was expected");
        int devices = cuda.is_available() ? cuda.device_count() : 0;
        return index < devices ? new Device(DeviceType.CUDA, index)
            : throw new IntraDistillException($"device = \"{name}\": {devices} CUDA devices are usable here; build the kit with "
                + "-p:LibTorch=… or -p:Accelerator=cuda on a machine that has one, or take auto or cpu");
    }

    internal static int Index(Device device) => Math.Max(device.index, 0);

    internal static string TorchSharpVersion() => typeof(torch).Assembly.GetName().Version!.ToString(3)
        + (LibTorch.Origin is { } origin ? $" with libtorch of {origin}" : "");

    internal static string Processor()
    {
        const string info = "/proc/cpuinfo";
        string? model = File.Exists(info)
            ? File.ReadLines(info).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return model ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
