#nullable disable
using System;
using System.IO;
using System.Linq;
using Microsoft.Build.Framework;
using Mono.Cecil;

namespace IntraDistill.Build
{
    /// <summary>
    /// Writes a copy of another's assembly with what is wrong in it mended; MendAssemblies.targets says what and why.
    /// (C# 7.3: MSBuild compiles this file itself, against netstandard 2.0.)
    /// </summary>
    public sealed class MendAssembly : Microsoft.Build.Utilities.Task
    {
        private static readonly System.Version s_frameworkOfNet8 = new System.Version(8, 0, 0, 0);

        /// <summary>The assembly: TorchSharp, Giraffe.ViewEngine or Plotly.NET.</summary>
        [Required]
        public string Assembly { get; set; }

        /// <summary>The file to write.</summary>
        [Required]
        public string Mended { get; set; }

        /// <summary>The kit's version.</summary>
        [Required]
        public string Version { get; set; }

        /// <inheritdoc/>
        public override bool Execute()
        {
            try
            {
                using (var assembly = AssemblyDefinition.ReadAssembly(Assembly))
                {
                    Mend(assembly);
                    // Another build may read or write the same file: it is there whole or not at all.
                    string temporary = Mended + "." + Guid.NewGuid().ToString("N");
                    assembly.Write(temporary);
                    File.Delete(Mended);
                    File.Move(temporary, Mended);
                }
                return true;
            }
            catch (Exception e) when (e is IOException || e is UnauthorizedAccessException || e is BadImageFormatException
                || e is InvalidDataException || e is AssemblyResolutionException)
            {
                Log.LogError("{0}: cannot be mended: {1}", Assembly, e.Message);
                return false;
            }
        }

        private void Mend(AssemblyDefinition assembly)
        {
            switch (assembly.Name.Name)
            {
                case "TorchSharp":
                    KeepArguments(assembly);
                    foreach (AssemblyNameReference reference in assembly.MainModule.AssemblyReferences)
                        if (reference.Name.StartsWith("System.") && reference.Version == s_frameworkOfNet8)
                            reference.Version = new System.Version(10, 0, 0, 0);
                    break;
                case "Giraffe.ViewEngine":
                    assembly.MainModule.AssemblyReferences.Single(reference => reference.Name == "FSharp.Core").Version =
                        new System.Version(10, 1, 0, 0);
                    break;
                case "Plotly.NET":
                    NameFormatters(assembly.MainModule, new System.Version(Version));
                    break;
                default:
                    throw new InvalidDataException("nothing is known to be wrong with it");
            }
        }

        private static void KeepArguments(AssemblyDefinition assembly)
        {
            CustomAttribute debuggable = assembly.CustomAttributes.Single(one => one.AttributeType.Name == "DebuggableAttribute");
            CustomAttributeArgument modes = debuggable.ConstructorArguments[0];
            const int Default = 1, DisableOptimizations = 256;
            debuggable.ConstructorArguments[0] = new CustomAttributeArgument(modes.Type, (int)modes.Value | Default | DisableOptimizations);
        }

        // [TypeFormatterSource(FormatterSourceType = typeof(IntraDistill.ChartFormatters))] on GenericChart, of the kit.
        private static void NameFormatters(ModuleDefinition module, System.Version version)
        {
            var kit = new AssemblyNameReference("IntraDistill.Kit", version);
            module.AssemblyReferences.Add(kit);
            var attribute = new TypeReference("IntraDistill", "TypeFormatterSourceAttribute", module, kit);
            var source = new TypeReference("IntraDistill", "ChartFormatters", module, kit);
            TypeReference type = module.ImportReference(new TypeReference("System", "Type", module, module.TypeSystem.CoreLibrary));
            var constructor = new MethodReference(".ctor", module.TypeSystem.Void, attribute) { HasThis = true };
            constructor.Parameters.Add(new ParameterDefinition(type));
            var named = new CustomAttribute(constructor);
            named.ConstructorArguments.Add(new CustomAttributeArgument(type, source));
            module.GetType("Plotly.NET.GenericChart").CustomAttributes.Add(named);
        }
    }
}
