using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>One tensor of a weight file: what the file says of it, checked against the file's length.</summary>
public sealed record WeightEntry : KitRecord
{
    /// <summary>No weight has more dimensions; a file that says so is broken.</summary>
    internal const int MaxDimensions = 8;

    /// <summary>The tensor's name.</summary>
    public required string Name { get; init; }

    /// <summary>The type of its elements in the file.</summary>
    public required ScalarType Type { get; init; }

    /// <summary>Its shape; empty for a scalar.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>Where its first element lies, in bytes from the start of the file.</summary>
    internal long Offset { get; init; }

    /// <summary>How many elements of the file it is made from: fewer than it has, or more, where it is strided.</summary>
    internal long StoredElements { get; init; }

    /// <summary>The distance of neighbours along each dimension, in elements; null where they lie row by row.</summary>
    internal long[]? Strides { get; init; }

    /// <summary>The size of one element in bytes.</summary>
    internal static int SizeOf(ScalarType type) => type switch
    {
        ScalarType.Bool or ScalarType.Byte or ScalarType.Int8 => 1,
        ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 => 4,
        ScalarType.Int64 or ScalarType.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "a type of weight files was expected"),
    };

    /// <summary>
    /// The number of elements of a shape, or null where a dimension is negative or the sizes are beyond counting.
    /// </summary>
    internal static long? Count(ReadOnlySpan<long> shape)
    {
        // Zeros are left out of the bound: what torch multiplies for strides must be countable as well.
        long elements = 1, bound = 1;
        foreach (long size in shape)
        {
            if (size < 0 || (size > 1 && bound > long.MaxValue / sizeof(long) / size))
                return null;
            bound *= Math.Max(size, 1);
            elements *= size;
        }
        return elements;
    }
}
