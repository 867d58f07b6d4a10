using System.Diagnostics;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using IntraDistill.Build;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests.BuildTests;

/// <summary>What the build mends in assemblies of others: above all, that a Scalar or Tensor is kept alive while libtorch reads it.</summary>
public class MendAssembliesTests : SingleThreadedTests
{
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
    public void What_the_assemblies_ask_for_is_what_a_host_of_net_10_has()
    {
        string folder = Path.Combine(Repository.Root, "bin");
        Dictionary<string, Version> torchSharp = References(Path.Combine(folder, "TorchSharp.dll"));
        Assert.All(torchSharp.Where(pair => pair.Key.StartsWith("System.", StringComparison.Ordinal)),
            pair => Assert.Equal(10, pair.Value.Major));
        Version fsharp = AssemblyName.GetAssemblyName(Path.Combine(folder, "FSharp.Core.dll")).Version!;
        Assert.Equal(fsharp, References(Path.Combine(folder, "Giraffe.ViewEngine.dll"))["FSharp.Core"]);
        Assert.Equal(fsharp, References(Path.Combine(folder, "Plotly.NET.dll"))["FSharp.Core"]);
    }

    [Fact]
    public void A_chart_names_its_formatters_by_dotnet_interactives_convention()
    {
        var source = Assert.Single(typeof(Plotly.NET.GenericChart).GetCustomAttributes<TypeFormatterSourceAttribute>());
        Assert.Equal(nameof(Microsoft.DotNet.Interactive.Formatting.TypeFormatterSourceAttribute), source.GetType().Name);
        Assert.Equal(typeof(ChartFormatters), source.FormatterSourceType);
        Assert.NotNull(source.FormatterSourceType.GetMethod("CreateTypeFormatters"));
    }

    [Theory]
    [InlineData("System.Numerics.Tensors.dll", "nothing is known to be wrong with it")]
    [InlineData("libLibTorchSharp.so", "")]
    [InlineData("there.is.none.dll", "")]
    public void A_file_that_cannot_be_mended_fails_the_build_with_its_name(string file, string why)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("mend-");
        try
        {
            string assembly = Path.Combine(Repository.Root, "bin", file);
            var engine = new SilentEngine();
            Assert.False(new MendAssembly
            {
                Assembly = assembly, Mended = Path.Combine(folder.FullName, file), Version = "1.0", BuildEngine = engine,
            }.Execute());
            string error = Assert.Single(engine.Errors);
            Assert.Contains($"{assembly}: cannot be mended: ", error, StringComparison.Ordinal);
            Assert.Contains(why, error, StringComparison.Ordinal);
            Assert.Empty(folder.GetFiles());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Dictionary<string, Version> References(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        MetadataReader metadata = file.GetMetadataReader();
        return metadata.AssemblyReferences.Select(metadata.GetAssemblyReference)
            .ToDictionary(one => metadata.GetString(one.Name), one => one.Version);
    }

    // Optimized from its first call: the Scalar is an argument and nothing else.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Tensor Fill(Tensor values, Tensor mask) => values.masked_fill(mask, 2.5);
}
