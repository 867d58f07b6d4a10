namespace IntraDistill.Tests.LanguageTests;

[Collection("runner")]
public sealed class LongSessionTests : LanguageTest
{
    [Fact]
    public async Task Memory_grows_with_the_cells_and_not_with_their_square()
    {
        const int cells = 150, mostMegabytes = 50;   // measured: 24; 97 when the engine gives each cell all references anew
        await Run("var first = new List<int>();");
        await Texts("fir|");
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < cells; i++)
            await Run($"var v{i} = {i};");
        Assert.Equal("v149", (await Texts("v149|")).First());
        Assert.Contains("Count", await Texts("first.Cou|"));
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < mostMegabytes << 20, $"{cells} cells took {grown >> 20} MB");
    }
}
