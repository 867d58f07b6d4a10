using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Training;

/// <summary>The machine that a run's numbers come from, and the device it computes on.</summary>
public static class Machine
{
    /// <summary>One line for a table's footnote: processor, cores, memory, system, .NET and device.</summary>
    public static string Describe(Device device)
    {
        string memory = (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9).ToString("F0", CultureInfo.InvariantCulture);
        string accelerator = device.type == DeviceType.CUDA ? $", {device}" : "";
        return $"{Processor()}, {Environment.ProcessorCount} cores, {memory} GB, {RuntimeInformation.OSDescription}, "
            + $"{RuntimeInformation.FrameworkDescription}, TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}{accelerator}";
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
                + "-p:Accelerator=cuda on a machine that has one, or take auto or cpu");
        return new Device(DeviceType.CUDA, index);
    }

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
