#nullable disable
using System;
using System.IO;
using System.Linq;
using Microsoft.Build.Framework;

namespace IntraDistill.Build
{
    /// <summary>
    /// Writes the plotly.js that Plotly.NET's assembly holds as a resource to a file.
    /// (C# 7.3: MSBuild compiles this file itself, against netstandard 2.0.)
    /// </summary>
    public sealed class PlotlyScript : Microsoft.Build.Utilities.Task
    {
        /// <summary>Plotly.NET.dll.</summary>
        [Required]
        public string Assembly { get; set; }

        /// <summary>The file to write.</summary>
        [Required]
        public string Script { get; set; }

        /// <inheritdoc/>
        public override bool Execute()
        {
            try
            {
                // From memory: the build's process lives on, and would hold the file open.
                var plotly = System.Reflection.Assembly.Load(File.ReadAllBytes(Assembly));
                string name = plotly.GetManifestResourceNames().FirstOrDefault(resource =>
                    resource.IndexOf("plotly", StringComparison.Ordinal) >= 0
                    && resource.EndsWith(".min.js", StringComparison.Ordinal));
                if (name == null)
                    throw new IOException("it holds no plotly*.min.js");
                string temporary = Script + "." + Guid.NewGuid().ToString("N");   // two builds at once do not meet
                using (Stream from = plotly.GetManifestResourceStream(name))
                using (Stream to = File.Create(temporary))
                    from.CopyTo(to);
                if (File.Exists(Script))
                    File.Replace(temporary, Script, null);
                else
                    File.Move(temporary, Script);
                return true;
            }
            catch (Exception e) when (e is IOException || e is UnauthorizedAccessException || e is BadImageFormatException)
            {
                Log.LogError("{0}: cannot take plotly.js out of it: {1}", Assembly, e.Message);
                return false;
            }
        }
    }
}
