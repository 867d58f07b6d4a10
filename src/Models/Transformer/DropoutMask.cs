using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace IntraDistill;

/// <summary>
/// Dropout masks made on the CPU, sixteen elements at a time: xoshiro128+ (Blackman and Vigna, 2018) in each of sixteen
/// lanes, seeded by splitmix64. The lanes are the same whatever the machine's vectors are, so a seed means the same mask
/// everywhere.
/// </summary>
public static class DropoutMask
{
    /// <summary>Fills a mask: each element is 0 with probability p and 1/(1−p) otherwise.</summary>
    /// <param name="mask">What to fill.</param>
    /// <param name="p">The probability of 0; in [0, 1).</param>
    /// <param name="seed">Equal seeds give equal masks.</param>
    public static void Fill(Span<float> mask, double p, ulong seed)
    {
        Vector512<uint> threshold = Vector512.Create((uint)(p * 4294967296.0));
        Vector512<uint> kept = Vector512.Create((float)(1 / (1 - p))).AsUInt32();
        Vector512<uint> s0 = Lanes(ref seed), s1 = Lanes(ref seed), s2 = Lanes(ref seed), s3 = Lanes(ref seed);
        ref uint start = ref Unsafe.As<float, uint>(ref MemoryMarshal.GetReference(mask));
        int i = 0;
        for (; i <= mask.Length - Vector512<uint>.Count; i += Vector512<uint>.Count)
            Next().StoreUnsafe(ref start, (nuint)i);
        if (i < mask.Length)
        {
            Span<uint> last = stackalloc uint[Vector512<uint>.Count];
            Next().CopyTo(last);
            MemoryMarshal.Cast<uint, float>(last)[..(mask.Length - i)].CopyTo(mask[i..]);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        Vector512<uint> Next()
        {
            Vector512<uint> random = s0 + s3;
            Vector512<uint> shifted = s1 << 9;
            s2 ^= s0;
            s3 ^= s1;
            s1 ^= s2;
            s0 ^= s3;
            s2 ^= shifted;
            s3 = (s3 << 11) | (s3 >>> 21);
            return Vector512.GreaterThanOrEqual(random, threshold) & kept;
        }
    }

    private static Vector512<uint> Lanes(ref ulong seed)
    {
        Span<ulong> words = stackalloc ulong[Vector512<ulong>.Count];
        foreach (ref ulong word in words)
        {
            seed += 0x9E3779B97F4A7C15;
            ulong z = seed;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            word = z ^ (z >> 31);
        }
        return Vector512.Create<ulong>(words).AsUInt32();
    }
}
