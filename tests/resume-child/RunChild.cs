using IntraDistill.Runs;

namespace IntraDistill.ResumeChild;

/// <summary>What RunKillTests kills: works at one run of a store, so many lines of metrics long, and finishes it.</summary>
internal static class RunChild
{
    public static void Work(string folder, int lines)
    {
        try
        {
            using RunFolder run = new RunStore(folder).Start("child", new RunConfig(1, ("alpha", 5)));
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
