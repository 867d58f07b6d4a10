
namespace IntraDistill.ResumeChild;

/// <summary>What RunKillTests kills: works at one run of a store, so many lines of metrics long, and finishes it.</summary>
internal static class RunChild
{
    public static async Task Work(string folder, int lines, bool waits)
    {
        try
        {
            var (store, config) = (new RunStore(folder), new RunConfig(1, ("alpha", 5)));
            using RunFolder run = waits
                ? await store.StartWhenFreeAsync("child", config, waiting: Console.WriteLine) : store.Start("child", config);
            if (run.IsDone)
            {
                Console.WriteLine($"found {run.Result}");
                return;
            }
            int there = run.Metrics().Count;
            Console.WriteLine($"started with {there}");
            for (int i = there; i < lines; i++)
            {
                run.Log(("update", i), ("text", new string('x', 2000)));
                Console.WriteLine("line");
                Console.ReadLine();   // the parent says when to go on
            }
            run.Finish(("lines", run.Metrics().Count));
            Console.WriteLine($"finished {run.Result}");
        }
        catch (RunInUseException error)
        {
            Console.WriteLine(error.Message);
        }
    }
}
