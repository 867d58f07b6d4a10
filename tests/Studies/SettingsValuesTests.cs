using System.Reflection;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class SettingsValuesTests
{
    private enum Way { Left, Right }

    private sealed record Inner(int Size, string? Name);

    private sealed record Outer(double Rate, float Half, (double, double) Betas, Way Way, IReadOnlyList<string> Names, int? Count,
        bool Flag, Inner Part, Inner? Other)
    {
        [ChangesNoResult("a name")]
        public string Label { get; init; } = "x";
    }

    private sealed record Dated(DateTime When);

    private sealed record Parted(IReadOnlyList<Inner> Parts, double Rate);

    /// <summary>Every settings record of the kit: new ones as well.</summary>
    public static TheoryData<Type> Records => [.. typeof(RunConfig).Assembly.GetTypes()
        .Where(type => type is { IsPublic: true, IsAbstract: false } && type.GetMethod("<Clone>$") is not null
            && type.Name.EndsWith("Settings", StringComparison.Ordinal))];

    [Fact]
    public void A_record_is_written_whole_and_its_records_with_dots()
    {
        Outer outer = new(0.1, 0.1f, (0.9, 0.98), Way.Right, ["a, b", "c"], null, true, new Inner(3, null), null);
        Assert.Equal(
            """
            o.Rate=0.1 o.Half=0.1 o.Betas=(0.9, 0.98) o.Way=Right o.Names=["a, b", "c"] o.Count=none o.Flag=true o.Part.Size=3 o.Part.Name=none o.Other=none
            """, new RunValues(RunConfig.Of("o", outer)).ToString());
        Assert.NotEqual(RunConfig.Of("o", outer), RunConfig.Of("o", outer with { Names = ["a", "b, c"] }));
        Assert.NotEqual(RunConfig.Of("o", outer), RunConfig.Of("o", outer with { Part = new(4, null) }));
        Assert.NotEqual(RunConfig.Of("o", outer), RunConfig.Of("o", outer with { Rate = Math.BitIncrement(0.1) }));
        Assert.Equal(RunConfig.Of("o", outer), RunConfig.Of("o", outer with { Label = "y" }));
    }

    [Fact]
    public void What_cannot_be_written_is_said_and_not_left_out()
    {
        static string Error(object settings) => Assert.Throws<IntraDistillException>(() => RunConfig.Of("s", settings)).Message;
        const string expected = "expected numbers, texts, true or false, enums, tuples and lists of these, and records of them";
        Assert.Equal($"s.When: Dated.When is, or holds, DateTime; {expected}", Error(new Dated(default)));
        Assert.Equal($"s.Parts: Parted.Parts is, or holds, Inner; {expected}", Error(new Parted([new(1, "")], 1)));
        Assert.Equal("s.Rate: Parted.Rate is NaN; a run's settings are finite numbers", Error(new Parted([], double.NaN)));
        Assert.Equal("s.Name: Inner.Name is the text \"none\", which stands for no value; expected another text",
            Error(new Inner(1, "none")));
        Assert.Equal("s: String was given; expected a settings record", Error("text"));
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void Changing_any_property_of_any_settings_makes_another_run(Type type)
    {
        object settings = Activator.CreateInstance(type)!;
        RunConfig before = new(1, RunConfig.Of("s", settings));
        foreach (PropertyInfo property in type.GetProperties().Where(property => property.CanWrite && !property.GetMethod!.IsStatic))
        {
            object changed = type.GetMethod("<Clone>$")!.Invoke(settings, null)!;
            property.SetValue(changed, Another(property.PropertyType, property.GetValue(settings)));
            RunConfig after = new(1, RunConfig.Of("s", changed));
            Assert.True(property.IsDefined(typeof(ChangesNoResultAttribute)) == (after.Hash == before.Hash), property.Name);
        }
    }

    [Fact]
    public void So_does_each_value_of_the_schedule_of_alpha()
    {
        AdaptiveAlpha[] schedules = [new(5, 100), new(4, 100), new(5, 99), new(5, 100, p: 4), new(5, 100, q: 11)];
        Assert.Equal(schedules.Length, schedules.Select(schedule => new RunConfig(1, RunConfig.Of("s", schedule))).Distinct().Count());
    }

    [Fact]
    public void The_records_and_what_changes_nothing_are_these()
    {
        Assert.Superset(new HashSet<Type>([typeof(TransformerSettings), typeof(BertSettings), typeof(TrainerSettings),
            typeof(IntraDistillationSettings), typeof(TaggingBatchSettings), typeof(MaskedLanguageSettings)]),
            Records.Select(row => row.Data).ToHashSet());
        Assert.Equal(["IntraDistillationSettings.MeasureEvery", "SdkCorpusSettings.DotnetRoot", "TrainerSettings.CheckpointEvery",
            "TrainerSettings.CheckpointFolder", "TrainerSettings.Deterministic", "TrainerSettings.Label", "TrainerSettings.TensorBoardFolder"],
            typeof(RunConfig).Assembly.GetTypes().SelectMany(type => type.GetProperties())
                .Where(property => property.GetCustomAttribute<ChangesNoResultAttribute>() is { Why.Length: > 5 })
                .Select(property => $"{property.DeclaringType!.Name}.{property.Name}").Order());
    }

    [Fact]
    public void A_seed_of_its_own_is_stored_and_the_runs_own_once()
    {
        RunConfig Config(long seed, long trainer, int batches) => new(seed, [.. RunConfig.Of("training", new TrainerSettings { Seed = trainer }),
            .. RunConfig.Of("batching", new TranslationBatchSettings { Seed = batches })]);
        Assert.DoesNotContain(Config(2, 2, 2).Names, name => name.EndsWith("Seed", StringComparison.Ordinal));
        Assert.Equal(1, Config(2, 2, 1)["batching.Seed"].Number);
        Assert.Equal(4, new[] { Config(1, 1, 1), Config(2, 2, 2), Config(2, 2, 1), Config(2, 1, 2) }.Distinct().Count());
        Assert.True(Config(1, 1, 1).IsLike(Config(2, 2, 1), "seed"));
        Assert.False(Config(1, 1, 1).IsLike(Config(2, 2, 1)));
    }

    private static object? Another(Type type, object? value) => value switch
    {
        null => Of(Nullable.GetUnderlyingType(type) ?? type),
        _ when Nullable.GetUnderlyingType(type) is not null => null,
        double number => number + 0.01,
        float number => number + 0.01f,
        int number => number + 1,
        long number => number + 1,
        bool flag => !flag,
        string text => text + "x",
        Enum => Enum.GetValues(type).Cast<object>().First(other => !other.Equals(value)),
        (double first, double second) => (first, second + 0.001),
        IReadOnlyList<string> list => (string[])[.. list, "x"],
        IReadOnlyList<WeightRule> list => (WeightRule[])[.. list, WeightRule.Last],
        _ => throw new ArgumentException($"a test of {type} is missing"),
    };

    private static object Of(Type type) => type == typeof(string) ? "x" : Activator.CreateInstance(type)!;
}
