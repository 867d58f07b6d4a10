using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace IntraDistill.Tests;

public sealed class RunConfigTests
{
    private static readonly RunConfig s_config = new(seed: 1, ("pair", "de-en"), ("alpha", 5.0), ("passes", 3), ("lower", true));

    [Fact]
    public void The_hash_is_of_the_names_in_order_and_stays_as_it_is()
    {
        Assert.Equal("{\"alpha\": 5, \"lower\": true, \"pair\": \"de-en\", \"passes\": 3, \"seed\": 1}", s_config.Canonical);
        Assert.Equal("{\"seed\": 1, \"pair\": \"de-en\", \"alpha\": 5, \"passes\": 3, \"lower\": true}", s_config.ToJson());
        // By sha256sum: stored runs are found by it.
        Assert.Equal("4988d8c21767da20dbf0e6768f7c141e525356c3550d2aad1bf09958f7649c00", s_config.Hash);
        Assert.Equal($"iwslt-14-de-en-id-5-s1-{s_config.Hash[..6]}", s_config.FolderName(" IWSLT'14 de→en, ID α=5", 6));
    }

    [Fact]
    public void Equal_values_are_one_run_in_any_order_and_type_of_number()
    {
        RunConfig same = new(1, ("passes", 3.0), ("lower", true), ("alpha", 5), ("pair", "de-en"));
        Assert.Equal(s_config, same);
        Assert.Equal(s_config.Hash, same.Hash);
        Assert.Equal(s_config.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(s_config, new RunConfig(2, ("pair", "de-en"), ("alpha", 5.0), ("passes", 3), ("lower", true)));
        Assert.NotEqual(new RunConfig(1, ("a", "5")), new RunConfig(1, ("a", 5)));
        Assert.Equal(new RunConfig(1, ("a", 0.1)), new RunConfig(1, ("a", 0.1f)));
        Assert.Equal(new RunConfig(1, ("a", 0)), new RunConfig(1, ("a", -0.0)));
    }

    [Fact]
    public void Every_number_and_text_comes_back_from_its_json() =>
        Prop.ForAll<double, string, long>((number, text, whole) =>
        {
            RunValues values = new(("number", number), ("text", text ?? ""), ("whole", whole), ("flag", whole > 0));
            using var json = JsonDocument.Parse(values.ToJson());
            RunValues back = new(RunValues.Read(json.RootElement));
            return back.SequenceEqual(values) && back["number"].Number.Equals(number + 0.0) && back["text"].Text == (text ?? "")
                && back["whole"].Json == whole.ToString() && back["flag"].Text == (whole > 0 ? "true" : "false");
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_cannot_name_a_run_is_said()
    {
        static string Error(Func<object?> action) => Assert.Throws<IntraDistillException>(() => action()).Message;
        Assert.Equal("a is NaN; a run's settings are finite numbers", Error(() => new RunConfig(1, ("a", double.NaN))));
        Assert.Equal("\"a\" comes twice among the values of a run", Error(() => new RunConfig(1, ("a", 1), ("a", 2))));
        Assert.Equal("\"seed\" comes twice among the values of a run", Error(() => new RunConfig(1, ("seed", 1))));
        Assert.Equal("a value of a run has no name: 1", Error(() => new RunConfig(1, (" ", 1))));
        Assert.Equal("a run's label is \"→\"; expected one with letters or digits", Error(() => s_config.FolderName("→", 6)));
        Assert.Equal("there is no value \"nope\"; there are seed, pair, alpha, passes, lower", Error(() => s_config["nope"]));
        Assert.Equal("\"de-en\" is not a number", Error(() => s_config["pair"].Number));
        Assert.Equal("\"5\" is not a number", Error(() => ((RunValue)"5").Number));
    }

    [Fact]
    public void Configs_are_alike_but_for_the_names_excepted()
    {
        RunConfig one = new(1, ("source", "de"), ("alpha", 5), ("k", 3)), other = new(2, ("k", 3), ("alpha", 5.0), ("source", "ar"));
        Assert.True(one.IsLike(other, "seed", "source"));
        Assert.False(one.IsLike(other, "seed"));
        Assert.False(one.IsLike(other, "source"));
        Assert.False(one.IsLike(new(1, ("source", "de"), ("alpha", 4), ("k", 3)), "seed", "source"));
        Assert.False(one.IsLike(new(1, ("source", "de"), ("alpha", 5), ("k", 3), ("more", 1)), "source"));
        Assert.True(one.IsLike(new(1, ("source", "de"), ("alpha", 5), ("k", 3), ("more", 1)), "more"));
        Assert.False(one.IsLike(new(1, ("source", "de"), ("alpha", "5"), ("k", 3))));
    }
}
