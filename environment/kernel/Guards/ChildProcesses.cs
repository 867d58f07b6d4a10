using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace IntraDistill.Kernel.Guards;

/// <summary>
/// The processes that cells started and that still run. They end with the kernel, as a Python kernel's do; one that is to
/// outlive it has to detach itself (<c>setsid</c>, <c>nohup … &amp;</c> in a shell). On Windows they are left alone.
/// </summary>
internal static class ChildProcesses
{
    /// <summary>Kills them, with those that they started.</summary>
    public static void Kill()
    {
        foreach (int id in Find())
        {
            try
            {
                using Process child = Process.GetProcessById(id);
                child.Kill(entireProcessTree: true);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception or AggregateException)
            {
                // It has ended by itself, or belongs to another user.
            }
        }
    }

    private static IEnumerable<int> Find() =>
        OperatingSystem.IsLinux() ? FindInProc()
        : OperatingSystem.IsMacOS() ? FindByPs()
        : [];

    private static List<int> FindInProc()
    {
        List<int> children = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                continue;
            try
            {
                // "12 (a name) S 34 …": state and parent follow the name, which may hold anything.
                string status = File.ReadAllText(Path.Combine(folder, "stat"));
                string[] fields = status[(status.LastIndexOf(')') + 2)..].Split(' ');
                if (int.Parse(fields[1], CultureInfo.InvariantCulture) == Environment.ProcessId)
                    children.Add(id);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile.
            }
        }
        return children;
    }

    private static List<int> FindByPs()
    {
        using Process ps = Process.Start(
            new ProcessStartInfo("/bin/ps", ["-A", "-o", "pid=,ppid="]) { RedirectStandardOutput = true })!;
        List<int> children = [];
        while (ps.StandardOutput.ReadLine() is { } line)
        {
            string[] ids = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            int id = int.Parse(ids[0], CultureInfo.InvariantCulture);
            if (int.Parse(ids[1], CultureInfo.InvariantCulture) == Environment.ProcessId && id != ps.Id)
                children.Add(id);
        }
        return children;
    }
}
