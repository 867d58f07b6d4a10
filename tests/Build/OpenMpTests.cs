using System.Runtime.InteropServices;

namespace IntraDistill.Tests.BuildTests;

public class OpenMpTests
{
    [Fact]
    public void Libgomp_is_told_not_to_spin_for_long_unless_the_user_has_told_it_something_else()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "libgomp is Linux's");
        string? set = Environment.GetEnvironmentVariable("GOMP_SPINCOUNT");
        bool policy = Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is not null;
        Assert.Equal(set ?? (policy ? null : "1000"), Marshal.PtrToStringUTF8(GetEnvironment("GOMP_SPINCOUNT")));
    }

    [DllImport("libc", EntryPoint = "getenv")]
    private static extern IntPtr GetEnvironment(string name);
}
