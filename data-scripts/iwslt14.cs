#!/usr/bin/env dotnet
// IWSLT'14, TED talks from eight languages to English: the paper's translation benchmark, prepared as its authors did.
//     dotnet run --file data-scripts/iwslt14.cs -- --pairs de-en,ar-en|all [--output DIR] \
//         [--mirror URL | --archive FILE | --tokenized DIR]
#:project common/IntraDistill.DataScripts.csproj
using IntraDistill.DataScripts;
using IntraDistill.DataScripts.Iwslt14;

// null: could not be looked up; about.json records it at the first download.
PairSource[] sources =
[
    // fairseq's copy of WIT3's archive of the pair, named in its examples/translation/prepare-iwslt14.sh.
    new(new DataSource("de-en.tgz", "https://dl.fbaipublicfiles.com/fairseq/data/iwslt14/de-en.tgz", Size: null, Sha256: null),
        ["de-en"]),
    // WIT3's release 2014-01, all pairs, on Google Drive since 2021: the file named at https://wit3.fbk.eu/2014-01.
    new(new DataSource("2014-01.tgz",
            "https://drive.usercontent.google.com/download?id=1GnBarJIbNgEIIDvUyKDtLmv35Qcxg6Ed&export=download&confirm=t",
            Size: null, Sha256: null),
        ["ar-en", "es-en", "fa-en", "he-en", "it-en", "nl-en", "pl-en"]),
];

return await Iwslt14Script.RunAsync(args, sources, language => new MosesRules(language));
