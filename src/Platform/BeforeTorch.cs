using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace IntraDistill;

/// <summary>What has to be done before libtorch loads, in this order.</summary>
internal static class BeforeTorch
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Nothing later comes before libtorch in every host.")]
    internal static void Prepare()
    {
        OpenMp.SpinBriefly();
        LibTorch.Load();
    }
}
