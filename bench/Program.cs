// dotnet run -c Release --project bench [rounds]                        the loss and the output projection of translation
// dotnet run -c Release --project bench -- bert-base [part] [updates]   fine-tuning of a model of BERT-base's size
// Each thing measured runs in processes of its own, so that neither's peak memory is counted for the other; in turn, so that
// a slow moment of the machine is not either. Between the formulations of the loss what counts are the ratios.
using System.Diagnostics;
using System.Globalization;
using IntraDistill.Bench;
using IntraDistill.Training;
using static TorchSharp.torch;

switch (args)
{
    case ["measure", string formulation, string repetitions]:
        (double seconds, double megaBytes) = ObjectiveBenchmark.Measure(formulation, Count(repetitions));
        Console.WriteLine(FormattableString.Invariant($"{seconds:R} {megaBytes:R}"));
        return 0;
    case ["measure-bert-base", string arm, string part, string updates]:
        await BertBaseBenchmark.RunAsync(arm, Count(part), Count(updates));
        return 0;
    case ["bert-base", .. { Length: <= 2 } given]:
        return BertBase(given.Length > 0 ? Count(given[0]) : 4, given.Length > 1 ? Count(given[1]) : 3);
    case []:
        return Objective(3);
    case [string rounds]:
        return Objective(Count(rounds));
    default:
        Console.Error.WriteLine("expected [rounds], or bert-base [part] [updates]");
        return 1;
}

static int BertBase(int part, int updates)
{
    if (32 % part != 0)
    {
        Console.Error.WriteLine($"a part of {part} examples: expected a divisor of 32");
        return 1;
    }
    Console.WriteLine($"{BertBaseBenchmark.Describe(part)}; {updates} updates after a first that is not counted");
    Console.WriteLine(Machine.Describe(CPU));
    foreach (string arm in BertBaseBenchmark.Arms)
        Console.Write(RunChild("measure-bert-base", arm, Text(part), Text(updates)));
    return 0;
}

static int Objective(int rounds)
{
    Console.WriteLine($"Objective and output projection, forward and backward: {ObjectiveBenchmark.Description}; {Environment.ProcessorCount} cores");
    List<double> times = [], memories = [];
    for (int round = 1; round <= rounds; round++)
    {
        (double plainTime, double plainMemory) = Formulation("plain");
        (double fusedTime, double fusedMemory) = Formulation("fused");
        times.Add(fusedTime / plainTime);
        memories.Add(fusedMemory / plainMemory);
        Console.WriteLine($"  plain {plainTime:F2} s, {plainMemory:N0} MB    fused {fusedTime:F2} s, {fusedMemory:N0} MB    "
            + $"time x {times[^1]:F2}    extra memory x {memories[^1]:F3}");
    }
    Console.WriteLine($"  median of {rounds}: time x {Median(times):F2}, extra memory x {Median(memories):F3} of the plain formulation");
    return 0;
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static (double Seconds, double MegaBytes) Formulation(string formulation)
{
    string[] fields = RunChild("measure", formulation, "3").Split(' ', StringSplitOptions.TrimEntries);
    return (double.Parse(fields[0], CultureInfo.InvariantCulture), double.Parse(fields[1], CultureInfo.InvariantCulture));
}

static string RunChild(params string[] arguments)
{
    var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
    if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) is "dotnet")
        start.ArgumentList.Add(typeof(ObjectiveBenchmark).Assembly.Location);
    foreach (string argument in arguments)
        start.ArgumentList.Add(argument);
    using Process child = Process.Start(start)!;
    string output = child.StandardOutput.ReadToEnd();
    child.WaitForExit();
    return child.ExitCode == 0 ? output
        : throw new InvalidOperationException($"{string.Join(' ', arguments)} ended with exit code {child.ExitCode}");
}

static int Count(string argument)
{
    if (int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0)
        return count;
    Console.Error.WriteLine($"'{argument}': a whole number above 0 was expected");
    Environment.Exit(1);
    return 0;
}

static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
