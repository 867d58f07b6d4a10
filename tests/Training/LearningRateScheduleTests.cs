
namespace IntraDistill.Tests;

public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3_999)]
    [InlineData(8_000)]
    [InlineData(8_001)]
    [InlineData(50_000)]
    public void Inverse_sqrt_is_fairseqs(long update)
    {
        // fairseq: InverseSquareRootSchedule.step_update with warmup_init_lr = 0.
        const double lr = 5e-4, warmup = 8_000;
        double expected = update < warmup ? update * (lr / warmup) : lr * Math.Pow(warmup, 0.5) * Math.Pow(update, -0.5);
        Assert.Equal(expected, LearningRateSchedule.At(new TrainerSettings(), update), 1e-18);
    }

    [Fact]
    public void Linear_rises_to_the_rate_and_falls_to_0_after_the_last_update()
    {
        var settings = new TrainerSettings { Schedule = ScheduleKind.Linear, LearningRate = 1, WarmupSteps = 4, MaxUpdates = 10 };
        double[] expected = [0.25, 0.5, 0.75, 1, 6 / 7.0, 5 / 7.0, 4 / 7.0, 3 / 7.0, 2 / 7.0, 1 / 7.0, 0, 0];
        for (int update = 1; update <= expected.Length; update++)
            Assert.Equal(expected[update - 1], LearningRateSchedule.At(settings, update), 1e-15);
    }

    [Fact]
    public void Constant_stays_after_the_warm_up()
    {
        var settings = new TrainerSettings { Schedule = ScheduleKind.Constant, LearningRate = 0.5, WarmupSteps = 2 };
        long[] updates = [1, 2, 1_000_000];
        Assert.Equal([0.25, 0.5, 0.5], updates.Select(update => LearningRateSchedule.At(settings, update)));
    }

    [Theory]
    [InlineData(ScheduleKind.InverseSqrt)]
    [InlineData(ScheduleKind.Linear)]
    [InlineData(ScheduleKind.Constant)]
    public void Without_warm_up_the_first_update_has_the_full_rate(ScheduleKind schedule)
    {
        var settings = new TrainerSettings { Schedule = schedule, LearningRate = 0.5, WarmupSteps = 0, MaxUpdates = 100 };
        Assert.Equal(0.5, LearningRateSchedule.At(settings, 1));
        if (schedule == ScheduleKind.InverseSqrt) Assert.Equal(0.25, LearningRateSchedule.At(settings, 4), 1e-15);
    }
}
