
namespace IntraDistill.Tests;

public sealed class TrainerSettingsTests
{
    [Fact]
    public void The_defaults_are_the_papers_and_pass_the_check()
    {
        var settings = new TrainerSettings();
        settings.Check();
        Assert.Equal((OptimizerKind.AdamW, (0.9, 0.98)), (settings.Optimizer, settings.Betas));
        Assert.Equal((1e-6, 1e-4), (settings.Epsilon, settings.WeightDecay));
        Assert.Equal((5e-4, ScheduleKind.InverseSqrt, 8_000, 50_000),
            (settings.LearningRate, settings.Schedule, settings.WarmupSteps, settings.MaxUpdates));
    }

    public static TheoryData<TrainerSettings, string> Bad => new()
    {
        { new() { LearningRate = double.NaN }, "LearningRate is NaN" },
        { new() { Betas = (0.9, 1) }, "Betas is (0.9, 1)" },
        { new() { GradientAccumulation = 0 }, "GradientAccumulation is 0" },
        { new() { MaxUpdates = 0 }, "MaxUpdates is 0" },
        { new() { Patience = -1 }, "Patience is -1" },
        { new() { Schedule = ScheduleKind.Linear, WarmupSteps = 11, MaxUpdates = 10 }, "WarmupSteps is 11; expected no more" },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void A_bad_setting_is_named_with_its_value(TrainerSettings settings, string expected)
    {
        var error = Assert.Throws<IntraDistillException>(settings.Check);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }
}
