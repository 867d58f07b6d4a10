namespace IntraDistill.Tests;

/// <summary>torch's default generator and the memory in use are the whole process's: tests that draw from the one or measure the other run
/// one after another, with nothing beside.</summary>
[CollectionDefinition("torch-rng", DisableParallelization = true)]
public sealed class TorchRngCollection;
