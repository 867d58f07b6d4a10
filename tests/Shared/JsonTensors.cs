using System.Text.Json;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>Tensors out of nested JSON arrays, and comparison by value.</summary>
internal static class JsonTensors
{
    /// <summary>A float64 tensor of the array's own shape.</summary>
    public static Tensor ToTensor(this JsonElement json)
    {
        List<long> shape = [];
        for (JsonElement e = json; e.ValueKind == JsonValueKind.Array; e = e[0])
            shape.Add(e.GetArrayLength());
        List<double> values = [];
        Collect(json, values);
        return tensor(values.ToArray()).reshape(shape.ToArray());
    }

    /// <summary>The largest |a − b| / max(1, |b|) over all elements.</summary>
    public static double RelativeError(this Tensor actual, Tensor expected)
    {
        Assert.Equal(expected.shape, actual.shape);
        return ((actual.to(float64) - expected.to(float64)).abs() / expected.to(float64).abs().clamp_min(1)).max().item<double>();
    }

    private static void Collect(JsonElement json, List<double> values)
    {
        if (json.ValueKind == JsonValueKind.Array)
            foreach (JsonElement element in json.EnumerateArray())
                Collect(element, values);
        else
            values.Add(json.GetDouble());
    }
}
