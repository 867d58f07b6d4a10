using Microsoft.DotNet.Interactive;

namespace IntraDistill.Interactive;

/// <summary>Brings the kit of a package up in a notebook's host, before the first cell uses it or what it is built on: its module
/// initializer loads libtorch, the mended assemblies beside it in the package, and the formatters of charts and tables.</summary>
public sealed class KitExtension : IKernelExtension
{
    /// <inheritdoc/>
    public Task OnLoadAsync(Kernel kernel)
    {
        NotebookFormatters.Register();
        return Task.CompletedTask;
    }
}
