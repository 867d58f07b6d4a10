using IntraDistill.BrowserTests;
using Xunit.Sdk;
using Xunit.v3;

// Two cores: one kernel, one server and one browser at a time are enough.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(Workplace))]
[assembly: AssemblyFixture(typeof(Browser))]
