// Where something went wrong first, by what scripts say then.

const WORDS = [
  "Traceback \\(most recent call last\\)",
  "\\b(ERROR|FATAL|CRITICAL)\\b",
  "\\w(Error|Exception): ",
  "^(error|fatal): ",
];
const QUERY = { text: WORDS.join("|"), regex: 1, case: 1, back: 0, limit: 1 };

/** The number from 0 of the first line of `source` that says so; null where none does. */
export async function firstError(source) {
  for (let from = 0; from !== null; ) {
    const { matches, next } = await source.find({ ...QUERY, from });
    if (matches.length) return matches[0].line;
    from = next;
  }
  return null;
}
