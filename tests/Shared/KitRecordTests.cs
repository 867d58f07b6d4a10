using System.Collections;
using System.Reflection;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class KitRecordTests
{
    [Fact]
    public void Every_public_record_prints_what_its_lists_hold_or_has_a_text_of_its_own()
    {
        Type[] records = [.. typeof(KitRecord).Assembly.GetExportedTypes().Where(type => type.GetMethod("<Clone>$") is not null)];
        Assert.True(records.Length > 50);
        Assert.Empty(records.Where(type => !type.IsSubclassOf(typeof(KitRecord)) && type != typeof(KitRecord)
            && type.GetMethod("ToString", Type.EmptyTypes)!.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute))
            && type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Any(property =>
                property.PropertyType != typeof(string) && property.PropertyType.IsAssignableTo(typeof(IEnumerable)))).Select(type => type.Name));
    }

    [Fact]
    public void Lists_are_cut_and_counted_and_what_is_not_there_is_said()
    {
        Assert.Equal("LoadedWeights { Files = [model.safetensors], Loaded = [], Missing = [a, b, c, d, … 1,003 in all], Unused = [e] }",
            new LoadedWeights
            {
                Files = ["model.safetensors"], Loaded = [], Unused = ["e"], Missing = ["a", "b", "c", "d", .. Enumerable.Repeat("x", 999)],
            }.ToString());
        Assert.Contains("Rules = [Metric, Loss], ", new TrainerSettings { Rules = [WeightRule.Metric, WeightRule.Loss] }.ToString());
        Assert.Contains("CheckpointFolder = none", new TrainerSettings().ToString());
        Assert.Contains("Ids = [2 × 3]", new EncodedBatch(new long[2, 3], new long[2, 3], new long[2, 3]).ToString());
    }
}
