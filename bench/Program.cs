// dotnet run -c Release --project bench [-- rounds]                     the loss and the output projection of translation
// dotnet run -c Release --project bench -- bert-base [part] [updates]   fine-tuning of a model of BERT-base's size
// dotnet run -c Release --project bench -- step [--size paper|small|both] [--device auto|cpu|cuda] [--precision all|fp32|tf32|bf16]
//     the training step of translation: baseline, control, intra-distillation, and eager PyTorch (peer.py) where Python has it
// dotnet run -c Release --project bench -- compare A B [--size …] [--device …] [--precision fp32|tf32|bf16] [--rounds 5]
//     the step of two builds of this benchmark in turns; A and B are folders. Against a commit before 8cadd01, with the benchmark of then:
//         mkdir /tmp/old && git archive 10be0dc | tar -x -C /tmp/old && rm -r /tmp/old/bench && git archive 780e874 bench | tar -x -C /tmp/old
//         for tree in /tmp/old .; do dotnet build -c Release $tree/bench; done; B=bench/bin/Release/net10.0/$(ls bench/bin/Release/net10.0)
//         $B/IntraDistill.Bench compare /tmp/old/$B $B --size paper
// dotnet run -c Release --project bench -- check [--device auto|cpu|cuda]   does the kit work on this device? PASS and FAIL lines
// dotnet run -c Release --project bench -- iwslt ARM [--data data] [--device auto] [--updates 20000] [--seconds 400] [--pairs 0]
//     [--output out]   one arm of IWSLT'14 de-en, ended by the clock; see gpu/README.md
// Each thing measured runs in processes of its own, so that neither's peak memory is counted for the other; in turn, so that
// a slow moment of the machine is not either. Between the formulations of the loss what counts are the ratios.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using IntraDistill;
using IntraDistill.Bench;
using TorchSharp;
using static TorchSharp.torch;

try
{
    return await RunAsync(args);
}
catch (IntraDistillException error)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

static async Task<int> RunAsync(string[] args)
{
    switch (args)
    {
        case ["measure", string formulation, string repetitions]:
            (double seconds, double megaBytes) = ObjectiveBenchmark.Measure(formulation, Count(repetitions));
            Console.WriteLine(FormattableString.Invariant($"{seconds:R} {megaBytes:R}"));
            return 0;
        case ["measure-bert-base", string arm, string part, string updates]:
            await BertBaseBenchmark.RunAsync(arm, Count(part), Count(updates));
            return 0;
        case ["measure-step", string size, string device, string precision, string rounds]:
            Device timed = Machine.ChooseDevice(device);
            Console.WriteLine(JsonSerializer.Serialize(
                StepBenchmark.Times(StepSize.Of(size), timed, Machine.ChoosePrecision(precision, timed), Count(rounds))));
            return 0;
        case ["measure-step-memory", string size, string arm, string device, string precision]:
            StepSize ofSize = StepSize.Of(size);
            Device filled = Machine.ChooseDevice(device);
            Console.WriteLine(StepBenchmark.Memory(
                ofSize, ofSize.ArmsOn(filled).Single(one => one.Name == arm), filled, Machine.ChoosePrecision(precision, filled)));
            return 0;
        case ["check-killed", string device, string folder]:
            new DeviceChecks(Machine.ChooseDevice(device)).TrainUntilKilled(folder);
            return 0;
        case ["step", .. string[] given]:
            Options of = new(given, ("size", "both"), ("device", "auto"), ("precision", "all"));
            foreach (StepSize size in Sizes(of))
                StepTable.Print(size, of["device"], of.OneOf("precision", "all", "fp32", "tf32", "bf16"));
            return 0;
        case ["compare", string a, string b, .. string[] given]:
            Options ofBoth = new(given, ("size", "both"), ("device", "cpu"), ("precision", "fp32"), ("rounds", "5"));
            foreach (StepSize size in Sizes(ofBoth))
                StepComparison.Print(a, b, size, ofBoth["device"], ofBoth.OneOf("precision", "fp32", "tf32", "bf16"), Count(ofBoth["rounds"]));
            return 0;
        case ["check", .. string[] given]:
            return new DeviceChecks(Machine.ChooseDevice(new Options(given, ("device", "auto"))["device"])).Run() == 0 ? 0 : 1;
        case ["iwslt", string arm, .. string[] given]:
            Options run = new(given, ("data", "data"), ("device", "auto"), ("updates", "20000"), ("seconds", "400"), ("pairs", "0"),
                ("output", "out"));
            IwsltRun.Run(arm, run["data"], Machine.ChooseDevice(run["device"]), Count(run["updates"]), Count(run["seconds"]),
                run.Count("pairs"), run["output"]);
            return 0;
        case ["bert-base", .. { Length: <= 2 } given]:
            return BertBase(given.Length > 0 ? Count(given[0]) : 4, given.Length > 1 ? Count(given[1]) : 3);
        case []:
            return Objective(3);
        case [string rounds]:
            return Objective(Count(rounds));
        default:
            throw new IntraDistillException("expected [rounds], bert-base, step, compare, check or iwslt: see the top of bench/Program.cs");
    }
}

static IEnumerable<StepSize> Sizes(Options given) =>
    given.OneOf("size", "paper", "small", "both") is "both" ? StepSize.All : [StepSize.Of(given["size"])];

static int BertBase(int part, int updates)
{
    if (32 % part != 0)
        throw new IntraDistillException($"a part of {part} examples: expected a divisor of 32");
    Console.WriteLine($"{BertBaseBenchmark.Describe(part)}; {updates} updates after a first that is not counted");
    Console.WriteLine(Machine.Describe(CPU));
    foreach (string arm in BertBaseBenchmark.Arms)
        Console.Write(Child.Output("measure-bert-base", arm, Text(part), Text(updates)));
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
    string[] fields = Child.Output("measure", formulation, "3").Split(' ', StringSplitOptions.TrimEntries);
    return (double.Parse(fields[0], CultureInfo.InvariantCulture), double.Parse(fields[1], CultureInfo.InvariantCulture));
}

static int Count(string argument) =>
    int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0 ? count
        : throw new IntraDistillException($"'{argument}': a whole number above 0 was expected");

static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
