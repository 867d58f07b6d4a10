#!/usr/bin/env dotnet
// PAN-X (WikiANN), named entities in the 48 languages of the paper: the published files.
//     dotnet run --file data-scripts/panx.cs [-- --languages en,de|all --output DIR --mirror URL | --archive FILE]
// The publisher's own place, on Amazon Drive, wants a browser (--help has the address); what comes from there, AmazonPhotos.zip,
// is taken with --archive.
#:project common/IntraDistill.DataScripts.csproj
using IntraDistill.DataScripts;
using IntraDistill.DataScripts.Panx;

// A copy of the publisher's panx_dataset that needs no browser. Address, size and checksum as in datasets/wikiann/wikiann.py and
// dataset_infos.json of github.com/huggingface/datasets (040102f), looked up 2026-11-23; not fetched from here yet.
return await PanxScript.RunAsync(args, new DataSource("panx_dataset.zip",
    "https://s3.amazonaws.com/datasets.huggingface.co/wikiann/1.1.0/panx_dataset.zip", 234_008_884,
    "164814b64f749ad000988b5ab45050b5116913b3db466ab173008955ddf649a4"));
