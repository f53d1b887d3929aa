/** What a checker needs to say that something is wrong. */
export interface Failing {
  fail(checker: string, message: string): void;
}
