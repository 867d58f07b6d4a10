using System.Buffers.Binary;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class TensorBoardTests : IDisposable
{
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("intradistill-tensorboard-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_event_file_holds_every_update_and_validation_and_a_resumed_run_starts_another()
    {
        string logs = Path.Combine(_temporary.FullName, "logs");
        var settings = new TrainerSettings
        {
            MaxUpdates = 12,
            ValidateEvery = 5,
            CheckpointFolder = Path.Combine(_temporary.FullName, "run"),
            TensorBoardFolder = logs,
        };
        TrainingResult first;
        using (var model = new ToyModel())
        using (var trainer = model.Trainer(settings, validate: () => 3))
        {
            await trainer.TrainAsync(untilUpdate: 5, cancellation: Cancellation);
            first = await trainer.TrainAsync(untilUpdate: 8, cancellation: Cancellation);
        }
        string file = Assert.Single(Directory.GetFiles(logs));
        byte[] content = File.ReadAllBytes(file);
        var events = Events(content);
        foreach (string tag in new[] { "loss/task", "loss/divergence", "alpha", "lr", "tokens_per_second", "gradient_norm" })
            Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], events.Where(e => e.Tag == tag).Select(e => e.Step));
        Assert.Equal(first.History.Select(point => (float)point.Task),
            events.Where(e => e.Tag == "loss/task").Select(e => e.Value));
        Assert.Equal([(5, 3f), (8, 3f)], events.Where(e => e.Tag == "validation").Select(e => (e.Step, e.Value)));

        using (var model = new ToyModel())
        using (var trainer = model.Trainer(settings, validate: () => 3))
        {
            Assert.True(trainer.TryResume());
            await trainer.TrainAsync(cancellation: Cancellation);
        }
        Assert.Equal(content, File.ReadAllBytes(file));
        string second = Assert.Single(Directory.GetFiles(logs), other => other != file);
        Assert.Equal([9, 10, 11, 12], Events(File.ReadAllBytes(second)).Where(e => e.Tag == "alpha").Select(e => e.Step));
    }

    public void Dispose() => _temporary.Delete(recursive: true);

    /// <summary>Reads TFRecords (length, its masked CRC, data, its masked CRC) of Event messages, checking the CRCs.</summary>
    private static List<(string Tag, long Step, float Value)> Events(byte[] file)
    {
        var events = new List<(string, long, float)>();
        int at = 0;
        while (at < file.Length)
        {
            int length = checked((int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at)));
            Assert.Equal(MaskedCrc(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            var data = file.AsSpan(at + 12, length);
            Assert.Equal(MaskedCrc(data), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            at += 16 + length;
            var message = Tensorboard.Event.Parser.ParseFrom(data.ToArray());
            foreach (var value in message.Summary?.Value ?? []) events.Add((value.Tag, message.Step, value.SimpleValue));
        }
        return events;
    }

    // CRC-32C (Castagnoli), rotated and offset as TFRecord has it.
    private static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0x82F63B78;
        }
        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }
}
