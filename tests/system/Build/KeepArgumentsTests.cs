using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using IntraDistill.Build;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests.BuildTests;

/// <summary>The build step that keeps a Scalar or Tensor alive while libtorch reads it.</summary>
public class KeepArgumentsTests : SingleThreadedTests
{
    private static readonly byte[] s_release = [8, 1, 0, 2, 0, 0, 0, 0, 0];

    [Fact]
    public void TorchSharp_is_marked_here_and_beside_the_kit()
    {
        Assembly loaded = typeof(torch).Assembly;
        Assert.True(loaded.GetCustomAttribute<DebuggableAttribute>()!.IsJITOptimizerDisabled, loaded.Location);
        Assert.Equal(File.ReadAllBytes(loaded.Location), File.ReadAllBytes(Path.Combine(Repository.Root, "bin", "TorchSharp.dll")));
    }

    /// <summary>In an unmarked TorchSharp some 6 % of these calls fail: masked_fill copies its input before it reads the number.</summary>
    [Fact]
    public async Task A_garbage_collection_during_a_call_leaves_its_arguments_alone()
    {
        using var scope = NewDisposeScope();
        for (int round = 0; round < 5; round++)   // an optimized TorchSharp is so only once the runtime has compiled it again
        {
            for (int call = 0; call < 100; call++) Fill(ones(1), ones(1, ScalarType.Bool)).Dispose();
            await Task.Delay(150, TestContext.Current.CancellationToken);
        }
        Tensor values = zeros(1_000_000), mask = ones(1_000_000, ScalarType.Bool);
        bool done = false;
        var collector = new Thread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            for (int call = 0; call < 500; call++)
            {
                using Tensor filled = Fill(values, mask);
                Assert.Equal(2.5f, filled.ReadCpuSingle(999_999));
            }
        }
        finally
        {
            Volatile.Write(ref done, true);
            collector.Join();
        }
    }

    [Fact]
    public void Only_the_attribute_changes_and_only_once()
    {
        byte[] noise = new byte[300];
        new Random(1).NextBytes(noise);
        byte[] image = [8, 1, .. noise, .. s_release, .. noise, 8, 1, 0, 2, 0];

        byte[] marked = [.. image];
        Assert.True(KeepArguments.Mark(marked));
        Assert.False(KeepArguments.Mark(marked));

        int[] changed = [.. Enumerable.Range(0, image.Length).Where(i => image[i] != marked[i])];
        Assert.Equal([2 + noise.Length + 3, 2 + noise.Length + 4], changed);
        Assert.Equal(DebuggableAttribute.DebuggingModes.Default | DebuggableAttribute.DebuggingModes.DisableOptimizations
            | DebuggableAttribute.DebuggingModes.IgnoreSymbolStoreSequencePoints,
            (DebuggableAttribute.DebuggingModes)BitConverter.ToInt32(marked, changed[0]));
    }

    [Fact]
    public void An_assembly_without_the_value_or_with_two_of_it_fails_the_build_with_its_name()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("keep-");
        try
        {
            string assembly = Path.Combine(folder.FullName, "T.dll");
            foreach (byte[] image in new byte[][] { [], s_release[..^1], [.. s_release, .. s_release] })
            {
                File.WriteAllBytes(assembly, image);
                var engine = new SilentEngine();
                Assert.False(new KeepArguments { Assembly = assembly, BuildEngine = engine }.Execute());
                Assert.Contains(assembly, Assert.Single(engine.Errors));
                Assert.Equal(image, File.ReadAllBytes(assembly));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_task_replaces_the_file_without_writing_through_a_hard_link()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("keep-");
        try
        {
            string assembly = Path.Combine(folder.FullName, "T.dll"), cache = Path.Combine(folder.FullName, "cache.dll");
            File.WriteAllBytes(cache, s_release);
            DateTime time = new(2024, 2, 3, 4, 5, 6, DateTimeKind.Utc);
            File.SetLastWriteTimeUtc(cache, time);
            if (OperatingSystem.IsWindows())
                File.Copy(cache, assembly);
            else
                Process.Start("ln", [cache, assembly])!.WaitForExit();

            Assert.True(new KeepArguments { Assembly = assembly, BuildEngine = new SilentEngine() }.Execute());

            Assert.False(KeepArguments.Mark(File.ReadAllBytes(assembly)));
            Assert.Equal(s_release, File.ReadAllBytes(cache));
            Assert.Equal(2, folder.GetFiles().Length);
            Assert.Equal(time, File.GetLastWriteTimeUtc(assembly));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Optimized from its first call: the Scalar is an argument and nothing else.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Tensor Fill(Tensor values, Tensor mask) => values.masked_fill(mask, 2.5);
}
