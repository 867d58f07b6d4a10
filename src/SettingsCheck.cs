using System.Runtime.CompilerServices;

namespace IntraDistill;

/// <summary>Checks of numbers in settings; the error names the setting, what it is and what was expected.</summary>
internal static class SettingsCheck
{
    public static void AtLeast(int value, int least, [CallerArgumentExpression(nameof(value))] string name = "") =>
        That(value >= least, $"{name} is {value}; expected at least {least}");

    public static void Probability(double value, [CallerArgumentExpression(nameof(value))] string name = "") =>
        That(value is >= 0 and < 1, $"{name} is {value}; expected a probability in [0, 1)");

    public static void That(bool holds, string problem)
    {
        if (!holds)
            throw new IntraDistillException(problem);
    }
}
