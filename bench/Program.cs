// dotnet run --project bench [rounds]
// Each formulation runs in processes of its own, in turn, so that neither's peak memory nor a slow moment of the
// machine is counted for the other; what counts are the ratios.
using System.Diagnostics;
using System.Globalization;
using IntraDistill.Bench;

if (args is ["measure", string formulation, string repetitions])
{
    (double seconds, double megaBytes) = ObjectiveBenchmark.Measure(formulation, int.Parse(repetitions, CultureInfo.InvariantCulture));
    Console.WriteLine(FormattableString.Invariant($"{seconds:R} {megaBytes:R}"));
    return 0;
}

int rounds = args is [string given] && int.TryParse(given, out int n) && n > 0 ? n : 3;
Console.WriteLine($"Objective and output projection, forward and backward: {ObjectiveBenchmark.Description}; {Environment.ProcessorCount} cores");
List<double> times = [], memories = [];
for (int round = 1; round <= rounds; round++)
{
    (double plainTime, double plainMemory) = RunChild("plain");
    (double fusedTime, double fusedMemory) = RunChild("fused");
    times.Add(fusedTime / plainTime);
    memories.Add(fusedMemory / plainMemory);
    Console.WriteLine($"  plain {plainTime:F2} s, {plainMemory:N0} MB    fused {fusedTime:F2} s, {fusedMemory:N0} MB    "
        + $"time x {times[^1]:F2}    extra memory x {memories[^1]:F3}");
}
Console.WriteLine($"  median of {rounds}: time x {Median(times):F2}, extra memory x {Median(memories):F3} of the plain formulation");
return 0;

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static (double Seconds, double MegaBytes) RunChild(string formulation)
{
    var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
    if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) is "dotnet")
        start.ArgumentList.Add(typeof(ObjectiveBenchmark).Assembly.Location);
    foreach (string argument in (string[])["measure", formulation, "3"])
        start.ArgumentList.Add(argument);
    using Process child = Process.Start(start)!;
    string[] fields = child.StandardOutput.ReadToEnd().Split(' ', StringSplitOptions.TrimEntries);
    child.WaitForExit();
    if (child.ExitCode != 0 || fields.Length != 2)
        throw new InvalidOperationException($"the {formulation} formulation ended with exit code {child.ExitCode}");
    return (double.Parse(fields[0], CultureInfo.InvariantCulture), double.Parse(fields[1], CultureInfo.InvariantCulture));
}
