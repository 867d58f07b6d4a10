namespace IntraDistill.Tests.RunnerTests;

/// <summary>Tests that run cells in this process: the console and the running cell's token belong to the whole process.</summary>
[CollectionDefinition("runner", DisableParallelization = true)]
public sealed class RunnerCollection;
