// The conditions of targets: a letter, a word and a colour each, those that need somebody first.

export const CONDITIONS = {
  f: "failed",
  l: "locked",
  u: "unreachable",
  d: "drifted",
  a: "ahead",
  b: "behind",
  n: "none",
  r: "running",
  c: "current",
  x: "retired",
};
export const LETTERS = Object.fromEntries(Object.entries(CONDITIONS).map(([letter, word]) => [word, letter]));

const TOLD = {
  f: "the last execution failed there",
  l: "a lock was not had in time",
  u: "its database cannot be asked",
  d: "its catalog is not as its peers' are",
  a: "it is at a version that the folder does not have",
  b: "migrations are pending",
  n: "it has no history yet",
  r: "an execution is working on it",
  c: "nothing is pending",
  x: "no execution goes there any more",
};
export const told = (letter) => `${CONDITIONS[letter]}: ${TOLD[letter]}`;
