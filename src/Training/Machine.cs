using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using IntraDistill.Runs;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Training;

/// <summary>The machine that a run's numbers come from, and the device it computes on.</summary>
public static class Machine
{
    /// <summary>
    /// One line for a table's footnote: processor, cores, memory, system, .NET, libtorch and, of a GPU, name and driver. It is in
    /// every stored run's <c>config.json</c>.
    /// </summary>
    public static string Describe(Device device)
    {
        string memory = (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9).ToString("F0", CultureInfo.InvariantCulture);
        string accelerator = device.type != DeviceType.CUDA ? ""
            : $", {device}: {NativeGpu.Name(Index(device)) ?? "name unknown"}, driver {NativeGpu.DriverVersion() ?? "unknown"}";
        return $"{Processor()}, {Environment.ProcessorCount} cores, {memory} GB, {RuntimeInformation.OSDescription}, "
            + $"{RuntimeInformation.FrameworkDescription}, TorchSharp {TorchSharpVersion()}{accelerator}";
    }

    /// <summary>
    /// What of the machine changes a run's numbers, for its <see cref="RunConfig"/>: with the same of these, the same settings and
    /// seed, the same commit gives the same weights bit for bit.
    /// </summary>
    /// <remarks>
    /// <c>machine.device</c>, <c>cpu</c> or the GPU's name: kernels are chosen by it. <c>machine.processor</c>: so are the CPU's, by
    /// its instructions, and initial weights are drawn there in any case. <c>machine.threads</c>, on the CPU only: sums are cut into
    /// as many parts. <c>machine.precision</c>: the type of new tensors, and on a GPU whether products may use TF32.
    /// <c>machine.system</c>, <c>machine.torchsharp</c> (and libtorch, where it is not the package's), <c>machine.kit</c>: other builds of
    /// the same code round otherwise, and releases may compute otherwise. Left out, since it changes nothing: memory, number of cores,
    /// the system's version, .NET's; and the commit, for else no result would outlive an edit: <see cref="RunOrigin"/> has it.
    /// </remarks>
    /// <param name="device">What the run computes on.</param>
    /// <param name="type">The type of the model's weights; that of new tensors, if not given.</param>
    public static IReadOnlyList<(string Name, RunValue Value)> Identity(Device device, ScalarType? type = null)
    {
        bool onCpu = device.type == DeviceType.CPU;
        string system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "macos" : OperatingSystem.IsLinux()
            ? "linux" : RuntimeInformation.OSDescription;
        string precision = (type ?? get_default_dtype()).ToString()
            + (!onCpu && backends.cuda.matmul.allow_tf32 ? ", TF32" : "");
        string kit = typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        List<(string, RunValue)> values =
        [
            ("machine.device", device.type == DeviceType.CUDA ? NativeGpu.Name(Index(device)) ?? "cuda"
                : device.type.ToString().ToLowerInvariant()),
            ("machine.processor", Processor()),
            ("machine.precision", precision),
            ("machine.system", $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}"),
            ("machine.torchsharp", TorchSharpVersion()),
            ("machine.kit", kit.Split('+')[0]),
        ];
        if (onCpu)
            values.Add(("machine.threads", get_num_threads()));
        return values;
    }

    /// <summary>
    /// The process's working set in bytes after it has given back what is free, by the garbage collector and by the C library:
    /// what <see cref="TrainingResult.PeakMemory"/> is measured from, so that what earlier work left behind is not taken for it.
    /// </summary>
    public static long MemoryInUse()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        NativeMemory.Trim();
        return Environment.WorkingSet;
    }

    /// <summary>
    /// Bytes in use now, as a peak is sampled from: of a GPU what its driver counts as used on the whole device (0 if it does not
    /// say), else the process's working set. On the GPU that is the CUDA context and all that torch's caching allocator has reserved.
    /// The allocator gives nothing back, so a sample after the peak still shows it; but earlier work of the process shows as well,
    /// and what other processes hold on the device.
    /// </summary>
    internal static long SampleMemory(Device device) =>
        device.type != DeviceType.CUDA ? Environment.WorkingSet
            : NativeGpu.Memory(Index(device)) is var (free, total) ? total - free : 0;

    /// <summary>
    /// The type of a model's weights and states that a notebook's <c>precision</c> parameter names. Whatever it is, losses are computed and
    /// added up in float32, and a bf16 model is trained on float32 weights (<see cref="Trainer{TBatch}"/>).
    /// </summary>
    /// <param name="name">
    /// <c>fp32</c>; <c>tf32</c>: float32 whose products a GPU may round to 10 bits, for the whole process; <c>bf16</c>; or <c>auto</c>:
    /// <c>bf16</c> on a GPU that has it, else <c>fp32</c>.
    /// </param>
    /// <param name="device">What the model computes on.</param>
    /// <exception cref="IntraDistillException">The name is none of these, or the device does not have it.</exception>
    public static ScalarType ChoosePrecision(string name, Device device)
    {
        bool onGpu = device.type == DeviceType.CUDA, bFloat16 = !onGpu || NativeGpu.HasBFloat16(Index(device));
        if (name is not ("auto" or "fp32" or "tf32" or "bf16"))
            throw new IntraDistillException($"precision = \"{name}\": auto, fp32, tf32 or bf16 was expected");
        if (name == "tf32" && !onGpu)
            throw new IntraDistillException($"precision = \"tf32\" is of NVIDIA's GPUs, and the device is {device}: auto, fp32 or bf16 was expected");
        if (name == "bf16" && !bFloat16)
            throw new IntraDistillException($"precision = \"bf16\": {NativeGpu.Name(Index(device)) ?? "this GPU"} has none; auto, fp32 or tf32 was expected");
        if (onGpu)
            backends.cuda.matmul.allow_tf32 = name == "tf32";
        return name == "bf16" || (name == "auto" && onGpu && bFloat16) ? bfloat16 : float32;
    }

    /// <summary>The device that a notebook's <c>device</c> parameter names.</summary>
    /// <param name="name"><c>auto</c> for CUDA where there is one and the CPU elsewhere; or <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c> …</param>
    /// <exception cref="IntraDistillException">The name is none of these, or this build or machine has no such device.</exception>
    public static Device ChooseDevice(string name = "auto")
    {
        if (name == "auto")
            return cuda.is_available() ? CUDA : CPU;
        if (name == "cpu")
            return CPU;
        string[] parts = name.Split(':');
        int index = 0;
        bool named = parts is ["cuda"]
            || (parts is ["cuda", string number] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out index));
        if (!named)
            throw new IntraDistillException($"device = \"{name}\": auto, cpu, cuda or cuda:N was expected");
        int devices = cuda.is_available() ? cuda.device_count() : 0;
        if (index >= devices)
            throw new IntraDistillException($"device = \"{name}\": {devices} CUDA devices are usable here; build the kit with "
                + "-p:LibTorch=… or -p:Accelerator=cuda on a machine that has one, or take auto or cpu");
        return new Device(DeviceType.CUDA, index);
    }

    private static int Index(Device device) => Math.Max(device.index, 0);

    private static string TorchSharpVersion() => typeof(torch).Assembly.GetName().Version!.ToString(3)
        + (LibTorch.Origin is { } origin ? $" with libtorch of {origin}" : "");

    private static string Processor()
    {
        const string info = "/proc/cpuinfo";
        string? model = File.Exists(info)
            ? File.ReadLines(info).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?
                .Split(':', 2)[1].Trim()
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return model ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
