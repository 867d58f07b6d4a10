using System.Collections;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Resources.Extensions;

namespace IntraDistill.Tasks;

/// <summary>Reads the strings among an assembly's embedded resources without loading the assembly.</summary>
internal static class ResourceStrings
{
    /// <summary>The strings of an assembly by resource name (without extension and language) and key; in one of a language, resource
    /// names have that for a suffix.</summary>
    public static Dictionary<(string Resource, string Key), string> Read(string path, string? language)
    {
        Dictionary<(string, string), string> strings = [];
        string suffix = language is null ? ".resources" : $".{language}.resources";
        try
        {
            using PEReader file = new(File.OpenRead(path));
            MetadataReader metadata = file.GetMetadataReader();
            DirectoryEntry directory = file.PEHeaders.CorHeader!.ResourcesDirectory;
            if (directory.Size == 0)
                return strings;
            PEMemoryBlock block = file.GetSectionData(directory.RelativeVirtualAddress);
            foreach (ManifestResourceHandle handle in metadata.ManifestResources)
            {
                ManifestResource resource = metadata.GetManifestResource(handle);
                string name = metadata.GetString(resource.Name);
                if (!resource.Implementation.IsNil || !name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
                    continue;
                // The resource's bytes follow their length.
                BlobReader reader = block.GetReader((int)resource.Offset, block.Length - (int)resource.Offset);
                byte[] bytes = reader.ReadBytes(reader.ReadInt32());
                Add(strings, name[..^suffix.Length], bytes);
            }
        }
        catch (Exception e) when (e is BadImageFormatException or InvalidOperationException or ArgumentException
            or FormatException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IntraDistillException($"{path}: cannot read its resources: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        return strings;
    }

    private static void Add(Dictionary<(string, string), string> strings, string name, byte[] bytes)
    {
        using DeserializingResourceReader reader = new(new MemoryStream(bytes));
        IDictionaryEnumerator entries = reader.GetEnumerator();
        while (entries.MoveNext())
        {
            try
            {
                if (entries.Value is string text)
                    strings[(name, (string)entries.Key)] = text;
            }
            catch (Exception e) when (e is NotSupportedException or PlatformNotSupportedException or TypeLoadException)
            {
                // An image or other object, which would need its class: not a text.
            }
        }
    }
}
