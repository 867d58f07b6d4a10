namespace IntraDistill.Tests;

/// <summary>torch's default generator is one for the whole process: tests that draw from it run one after another.</summary>
[CollectionDefinition("torch-rng", DisableParallelization = true)]
public sealed class TorchRngCollection;
