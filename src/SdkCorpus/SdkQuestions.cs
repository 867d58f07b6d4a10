using System.Globalization;
using System.Text;

namespace IntraDistill.Tasks;

/// <summary>Questions for zero-shot transfer whose answers come from the .NET SDK's messages and exist in all of its languages: which
/// placeholder of this text is a file, a type, a member, a package, a value? A stand-in for question answering: the question, an English
/// word, says what is looked for, and the answer is a span of the text.</summary>
/// <remarks><para>
/// A text is two messages, one of which has exactly one placeholder of the kind that is asked for and the other none
/// (<see cref="SdkEntities"/> says which kinds there are and how they are known). Placeholders are numbered anew at random, so that
/// neither a number nor its rank tells anything. Draws are by a fixed seed: the data are the same for every seed of a training.
/// </para>
/// <para>
/// Tested are the same texts in all languages. Both messages are of one part of the corpus (<see cref="SdkMessage.Split"/>), so no
/// near-duplicate of a test message is in training.
/// </para></remarks>
public static class SdkQuestions
{
    /// <summary>What the task is called.</summary>
    public const string Name = "SDK-Questions";

    private const int Seed = 1, Longest = 160, MostPlaceholders = 10;

    /// <summary>Makes the task from a corpus.</summary>
    /// <exception cref="IntraDistillException">A part of the corpus has no message for it.</exception>
    public static TransferCorpus<QuestionExample> Build(SdkCorpus corpus)
    {
        string[] english = ["en"];
        Draw[] tests = Draws(Split.Test, corpus.Languages);
        return new TransferCorpus<QuestionExample>(Name,
            [.. Draws(Split.Train, english).Select(draw => draw.In("en"))],
            [.. Draws(Split.Valid, english).Select(draw => draw.In("en"))],
            corpus.Languages.ToDictionary(language => language,
                language => (IReadOnlyList<QuestionExample>)[.. tests.Select(draw => draw.In(language))]));

        Draw[] Draws(Split split, IReadOnlyList<string> languages)
        {
            Random random = new(Seed);
            TaggedMessage[] messages = [.. SdkEntities.Tagged(corpus, split, languages)
                .Where(message => message.Message.English.Length <= Longest && message.Placeholders.Length > 0)];
            Draw[] draws = [.. messages.SelectMany(message => message.Kinds.Where(message.HasOne).Select(kind =>
                DrawOther(kind, message, messages, random))).OfType<Draw>()];
            random.Shuffle(draws);
            return draws.Length > 0 ? draws
                : throw new IntraDistillException($"{Name}: the SDK {corpus.SdkVersion} in {corpus.Root} has no message for {split}");
        }
    }

    private static Draw? DrawOther(string kind, TaggedMessage answer, TaggedMessage[] messages, Random random)
    {
        TaggedMessage[] others = [.. messages.Where(other => other != answer && !other.Kinds.Contains(kind)
            && other.Placeholders.Length + answer.Placeholders.Length <= MostPlaceholders)];
        if (others.Length == 0)
            return null;
        TaggedMessage[] both = [answer, others[random.Next(others.Length)]];
        random.Shuffle(both);
        int[] numbers = [.. Enumerable.Range(0, MostPlaceholders)];
        random.Shuffle(numbers);
        return new Draw(kind, answer.Message.Id, both, numbers);
    }

    // A question before it is put into a language.
    private sealed record Draw(string Kind, string Id, TaggedMessage[] Messages, int[] Numbers)
    {
        public QuestionExample In(string language)
        {
            StringBuilder context = new();
            List<AnswerSpan> answers = [];
            int numbered = 0;
            foreach (TaggedMessage message in Messages)
            {
                TaggedSentence sentence = message.Texts[language];
                for (int i = 0; i < sentence.Tokens.Count; i++)
                {
                    int rank = Array.IndexOf(message.Placeholders, sentence.Tokens[i]);
                    string token = rank < 0 ? sentence.Tokens[i]
                        : string.Create(CultureInfo.InvariantCulture, $"{{{Numbers[numbered + rank]}}}");
                    if (context.Length > 0 && !(IsEastAsian(context[^1]) && IsEastAsian(token[0])))
                        context.Append(' ');
                    if (sentence.Tags[i] == $"B-{Kind}")
                        answers.Add(new AnswerSpan(token, context.Length));
                    context.Append(token);
                }
                numbered += message.Placeholders.Length;
            }
            return new QuestionExample($"{Id} {Kind} {language}", Kind.ToLowerInvariant(), context.ToString(), answers);
        }

        // Chinese and Japanese are written without spaces.
        private static bool IsEastAsian(char c) =>
            c is >= '\u3000' and <= '\u30ff' or >= '\u4e00' and <= '\u9fff' or >= '\uff00' and <= '\uffef';
    }
}
