#!/usr/bin/env dotnet
// TyDiQA-GoldP, question answering in nine languages: English to train on, all nine to score.
//     dotnet run --file data-scripts/tydiqa.cs [-- --output DIR --mirror URL]
#:project common/IntraDistill.DataScripts.csproj
using IntraDistill.DataScripts;

const string Published = "https://storage.googleapis.com/tydiqa/v1.1";

// Sizes and checksums as in url_checksums/tydi_qa.txt of github.com/tensorflow/datasets (0260618), looked up 2026-11-23; those of
// the training set are in datasets/tydiqa/dataset_infos.json of github.com/huggingface/datasets too.
DataSource[] sources =
[
    new("tydiqa-goldp-v1.1-train.json", $"{Published}/tydiqa-goldp-v1.1-train.json", 58_004_076,
        "cefc8e09ff2548d9b10a678d3a6bbbe5bc036be543f92418819ea676c97be23b"),
    new("tydiqa-goldp-v1.1-dev.tgz", $"{Published}/tydiqa-goldp-v1.1-dev.tgz", 1_725_055,
        "5a415d019a345794c8a83191ecfe4a761eaab69dab79c3c9813d4379e1cc5519"),
];

Dictionary<string, int> questions = new()
{
    ["en.train"] = 3_696, ["en.dev"] = 440, ["ar.dev"] = 921, ["bn.dev"] = 113, ["fi.dev"] = 782, ["id.dev"] = 565,
    ["ko.dev"] = 276, ["ru.dev"] = 812, ["sw.dev"] = 499, ["te.dev"] = 669,
};

return await Tydiqa.RunAsync(args, sources, questions);
