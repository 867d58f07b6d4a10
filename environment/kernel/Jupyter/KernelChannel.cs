namespace IntraDistill.Kernel.Jupyter;

/// <summary>The five sockets between a Jupyter client and a kernel.</summary>
internal enum KernelChannel
{
    /// <summary>Requests to run and to inspect code.</summary>
    Shell,

    /// <summary>Requests that must not wait behind a running cell: interrupt, shutdown.</summary>
    Control,

    /// <summary>The kernel's questions to the user.</summary>
    Stdin,

    /// <summary>What every client sees: outputs and the kernel's state.</summary>
    IoPub,

    /// <summary>Echoes what it gets, to show that the kernel lives.</summary>
    Heartbeat,
}
