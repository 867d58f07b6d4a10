using System.Collections;
using Microsoft.Build.Framework;

namespace IntraDistill.Tests.BuildTests;

/// <summary>What a build task needs of MSBuild; keeps the errors.</summary>
internal sealed class SilentEngine : IBuildEngine
{
    public List<string> Errors { get; } = [];
    public bool ContinueOnError => false;
    public int LineNumberOfTaskNode => 0;
    public int ColumnNumberOfTaskNode => 0;
    public string ProjectFileOfTaskNode => "";
    public bool BuildProjectFile(string file, string[] targets, IDictionary properties, IDictionary outputs) => true;
    public void LogCustomEvent(CustomBuildEventArgs e) { }
    public void LogErrorEvent(BuildErrorEventArgs e) => Errors.Add(e.Message!);
    public void LogMessageEvent(BuildMessageEventArgs e) { }
    public void LogWarningEvent(BuildWarningEventArgs e) { }
}
