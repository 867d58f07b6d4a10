#!/usr/bin/env dotnet
// Multi30k, German to English: the benchmark that a laptop can train whole.
//     dotnet run --file data-scripts/multi30k.cs [-- --output DIR --mirror URL]
#:project common/IntraDistill.DataScripts.csproj
using IntraDistill.DataScripts;

// The publisher's repository at the commit that sizes and checksums were taken from (checked 2026-11-22 in a copy of it).
const string Raw = "https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw";

DataSource[] sources =
[
    new("train.de.gz", $"{Raw}/train.de.gz", 637_044, "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6"),
    new("train.en.gz", $"{Raw}/train.en.gz", 568_929, "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f"),
    new("val.de.gz", $"{Raw}/val.de.gz", 24_681, "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a"),
    new("val.en.gz", $"{Raw}/val.en.gz", 21_650, "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28"),
    new("test_2016_flickr.de.gz", $"{Raw}/test_2016_flickr.de.gz", 22_890,
        "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8"),
    new("test_2016_flickr.en.gz", $"{Raw}/test_2016_flickr.en.gz", 21_077,
        "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9"),
];

return await Multi30k.RunAsync(args, sources);
