using TorchSharp;

namespace IntraDistill.Tests;

[Collection("torch-rng")]   // what else runs would change the memory that is measured
public class MachineTests
{
    // torch.CUDA throws where there is none.
    private static readonly torch.Device s_gpu = new(DeviceType.CUDA, 0);

    [Fact]
    public void A_preset_is_chosen_by_name()
    {
        Assert.Equal(1, Presets.Parse("smoke").Choose(1, 2, 3));
        Assert.Equal(2, Presets.Parse("Quick").Choose(1, 2, 3));
        Assert.Equal(3, Presets.Parse("PAPER").Choose(1, 2, 3));
        Assert.Contains("\"fast\": Smoke, Quick or Paper", Assert.Throws<IntraDistillException>(() => Presets.Parse("fast")).Message);
    }

    [Fact]
    public void A_device_is_chosen_by_name()
    {
        Assert.Equal(DeviceType.CPU, Machine.ChooseDevice("cpu").type);
        Assert.Equal(torch.cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU, Machine.ChooseDevice().type);
        Assert.Contains("auto, cpu, cuda", Assert.Throws<IntraDistillException>(() => Machine.ChooseDevice("gpu")).Message);
        Assert.Contains("-p:LibTorch=… or -p:Accelerator=cuda", Assert.Throws<IntraDistillException>(() => Machine.ChooseDevice("cuda:99")).Message);
    }

    [Fact]
    public void A_precision_is_chosen_by_name_and_the_device_must_have_it()
    {
        Assert.Equal(torch.float32, Machine.ChoosePrecision("auto", torch.CPU));
        Assert.Equal(torch.float32, Machine.ChoosePrecision("fp32", torch.CPU));
        Assert.Equal(torch.bfloat16, Machine.ChoosePrecision("bf16", torch.CPU));
        string Refused(string name, torch.Device device) =>
            Assert.Throws<IntraDistillException>(() => Machine.ChoosePrecision(name, device)).Message;
        Assert.Equal("precision = \"fp16\": auto, fp32, tf32 or bf16 was expected", Refused("fp16", torch.CPU));
        Assert.Contains("is of NVIDIA's GPUs, and the device is cpu", Refused("tf32", torch.CPU));
        if (torch.cuda.is_available())
            Assert.Equal(torch.float32, Machine.ChoosePrecision("tf32", s_gpu));
        else
            Assert.Contains("precision = \"bf16\": this GPU has none", Refused("bf16", s_gpu));
    }

    [Fact]
    public void The_machine_is_described_in_one_line()
    {
        string line = Machine.Describe(torch.CPU);
        Assert.Contains($"{Environment.ProcessorCount} cores", line);
        Assert.DoesNotContain('\n', line);
    }

    [Fact]
    public void A_GPU_is_described_with_name_and_driver_where_there_is_one()
    {
        string line = Machine.Describe(s_gpu);
        if (torch.cuda.is_available())
            Assert.Matches(@"cuda:0: .*NVIDIA .*, driver \d+\.\d+", line);
        else
            Assert.EndsWith("cuda:0: name unknown, driver unknown", line);
    }

    [Fact]
    public void Memory_is_sampled_on_the_device_that_computes()
    {
        Assert.InRange(Machine.SampleMemory(torch.CPU), Environment.WorkingSet / 2, Environment.WorkingSet * 2);
        if (torch.cuda.is_available())
        {
            long before = Machine.SampleMemory(s_gpu);
            using torch.Tensor held = torch.ones(500_000_000, torch.uint8, s_gpu);
            Assert.InRange(Machine.SampleMemory(s_gpu) - before, 400_000_000, 5_000_000_000);
        }
        else
            Assert.Equal(0, Machine.SampleMemory(s_gpu));
    }

    [Fact]
    public void Memory_in_use_leaves_out_what_is_free()
    {
        long before = Machine.MemoryInUse();
        long held = Fill();
        // Half of it, since a kernel that reclaims cold pages (of libtorch, say) takes some 100 MB off at any time.
        Assert.True(held > before + 300_000_000, $"{before} before, {held} with 600 MB");
        Assert.True(Machine.MemoryInUse() < before + 300_000_000, $"{before} before, {Machine.MemoryInUse()} after");

        static long Fill()
        {
            var arrays = Enumerable.Range(0, 600).Select(_ => GC.AllocateUninitializedArray<byte>(1_000_000)).ToArray();
            foreach (byte[] array in arrays)
                array.AsSpan().Fill(1);
            long held = Environment.WorkingSet;
            GC.KeepAlive(arrays);
            return held;
        }
    }
}
