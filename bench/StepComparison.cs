using System.Globalization;

namespace IntraDistill.Bench;

/// <summary>Two builds of this benchmark, with a kit each, by their training steps: in turns, so that a slow hour strikes both.</summary>
internal static class StepComparison
{
    /// <param name="a">The folder of a build.</param>
    /// <param name="b">That of the other.</param>
    /// <param name="size">What is trained.</param>
    /// <param name="device">Where.</param>
    /// <param name="precision">Of products on a GPU.</param>
    /// <param name="rounds">How often each is run.</param>
    public static void Print(string a, string b, StepSize size, string device, string precision, int rounds)
    {
        List<(StepTimes A, StepTimes B)> measured = [];
        for (int round = 0; round < rounds; round++)
        {
            // A B, B A, A B, …
            bool swapped = round % 2 == 1;
            StepTimes first = Measure(swapped ? b : a), second = Measure(swapped ? a : b);
            measured.Add(swapped ? (second, first) : (first, second));
            Console.Error.WriteLine($"{size.Name}: round {round + 1} of {rounds}");
        }
        Console.WriteLine($"{size.Name}, {device}, {precision}: medians of {rounds} rounds; A is {a}, B is {b}");
        Console.WriteLine($"{"ms",-30}{"A",10}{"B",10}{"B / A",8}  of each round");
        for (int arm = 0; arm < size.Arms.Length; arm++)
        {
            string name = size.Arms[arm].Name;
            Row($"{name}, forward", time => time.Forward);
            Row($"{name}, backward", time => time.Backward);
            Row($"{name}, step", time => time.Whole);

            void Row(string row, Func<ArmTime, double> seconds)
            {
                double[] ofA = [.. measured.Select(round => seconds(round.A.Arms[arm]))];
                double[] ofB = [.. measured.Select(round => seconds(round.B.Arms[arm]))];
                double[] ratios = [.. ofA.Zip(ofB, (x, y) => y / x)];
                Console.WriteLine($"{row,-30}{1e3 * StepBenchmark.Median(ofA),10:N1}{1e3 * StepBenchmark.Median(ofB),10:N1}"
                    + $"{StepBenchmark.Median(ratios),8:N3}  {string.Join(' ', ratios.Select(ratio => $"{ratio:N3}"))}");
            }
        }

        StepTimes Measure(string folder) => Child.Result<StepTimes>(folder, "measure-step", size.Name, device, precision,
            (size.Name == "paper" ? 1 : 3).ToString(CultureInfo.InvariantCulture));
    }
}
