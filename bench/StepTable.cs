using System.ComponentModel;
using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Bench;

/// <summary>The table of <c>bench step</c>: the kit's three arms and, where Python has torch, eager PyTorch beside them.</summary>
internal static class StepTable
{
    private const double Mega = 1e6, Giga = 1e9;

    private static readonly string[] Precisions = ["fp32", "tf32", "bf16"];

    /// <param name="size">What is trained.</param>
    /// <param name="device">Where.</param>
    /// <param name="precision">One of them, or all.</param>
    public static void Print(StepSize size, string device, string precision)
    {
        Device on = Machine.ChooseDevice(device);
        (int rounds, int updates) = StepBenchmark.Repetitions(size, on);
        Console.WriteLine($"{size.Name}: {size.Shape.EncoderLayers}+{size.Shape.DecoderLayers} layers, d {size.Shape.ModelSize}, "
            + $"vocabulary {size.Shape.TargetVocabulary:N0}; {size.Rows} sentences of {size.Source} and {size.Target} tokens");
        Console.WriteLine($"{Machine.Describe(on)}; medians of {rounds} rounds in turns of {updates} updates");
        Console.WriteLine($"{"ms",-30}{"K",3}{"forward",11}{"backward",11}{"the rest",11}{"step",11}{"× K=1",7}{"tokens/s",10}{"MB",7}"
            + $"{"GFLOP/s",9}{"of a product",14}");
        Dictionary<string, double> products = [];
        List<string> launches = [];
        string[] precisions = precision != "all" ? [precision] : on.type == DeviceType.CPU ? ["fp32"] : Precisions;
        foreach (string one in precisions)
        {
            StepTimes times = Child.Result<StepTimes>(AppContext.BaseDirectory,
                "measure-step", size.Name, on.ToString(), one, $"{rounds}");
            products[one] = times.ProductRate;
            launches.Add($"kit {one} {1e6 * times.Launch:N1}");
            foreach (ArmTime time in times.Arms)
            {
                long memory = Child.Result<long>(AppContext.BaseDirectory,
                    "measure-step-memory", size.Name, time.Arm.Name, on.ToString(), one);
                Row($"kit {one} {time.Arm.Name}", one, time.Arm.Passes, time.Whole, times.Arms[0].Whole, memory, time);
            }
        }
        foreach ((string one, int passes, double seconds, double single, double memory) in Peer(size, on, precisions))
            if (passes > 0)
                Row($"PyTorch {one}", one, passes, seconds, single, memory, null);
            else
                launches.Add($"PyTorch {one} {1e6 * seconds:N1}");
        Console.WriteLine($"products of large matrices in the same run, GFLOP/s: "
            + string.Join(", ", products.Select(product => $"{product.Key} {product.Value / Giga:N0}")));
        Console.WriteLine($"until the call of a small product (64 x 512 x 512) returns, µs: {string.Join(", ", launches)}");
        Console.WriteLine();

        void Row(string name, string ofPrecision, int passes, double whole, double single, double memory, ArmTime? pieces)
        {
            string Piece(double? seconds) => seconds is { } value ? $"{1e3 * value,11:N1}" : $"{"–",11}";
            double rate = size.Operations(passes) / whole;
            string ofProduct = products.TryGetValue(ofPrecision, out double product) ? $"{rate / product:N2}" : "–";
            Console.WriteLine($"{name,-30}{passes,3}{Piece(pieces?.Forward)}{Piece(pieces?.Backward)}{Piece(pieces?.Rest)}"
                + $"{1e3 * whole,11:N1}{whole / single,7:N2}{size.Tokens / whole,10:N0}{memory / Mega,7:N0}{rate / Giga,9:N0}"
                + $"{ofProduct,14}");
        }
    }

    /// <summary>What <c>peer.py</c> measured; says so and is empty where there is no Python with torch.</summary>
    private static IEnumerable<(string Precision, int Passes, double Seconds, double Single, double Memory)> Peer(
        StepSize size, Device on, string[] precisions)
    {
        if (Python(quiet: true, "-c", "import torch") is not (0, _))
        {
            Console.WriteLine("PyTorch: not found here");
            return [];
        }
        (int code, string output) = Python(quiet: false, [Path.Combine(AppContext.BaseDirectory, "peer.py"),
            "--size", size.Name, "--device", on.type == DeviceType.CPU ? "cpu" : "cuda", "--precision", .. precisions])!.Value;
        if (code != 0)
        {
            Console.WriteLine($"PyTorch: peer.py ended with exit code {code}");
            return [];
        }
        // A line: precision, K, milliseconds, tokens a second, bytes; K = 1 before K = 3, and 0 for a small product.
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).GroupBy(fields => fields[0])
            .SelectMany(same => same.Select(fields => (same.Key, int.Parse(fields[1]), double.Parse(fields[2]) / 1e3,
                double.Parse(same.First()[2]) / 1e3, double.Parse(fields[4]))));
    }

    private static (int Code, string Output)? Python(bool quiet, params string[] arguments)
    {
        try
        {
            string name = OperatingSystem.IsWindows() ? "python" : "python3";
            using Process python = Process.Start(new ProcessStartInfo(name, arguments)
            {
                RedirectStandardOutput = true, RedirectStandardError = quiet,
            })!;
            string output = python.StandardOutput.ReadToEnd();
            python.WaitForExit();
            return (python.ExitCode, output);
        }
        catch (Win32Exception)
        {
            return null; // no Python at all
        }
    }
}
