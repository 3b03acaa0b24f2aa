/** What the check of an example is given. */
export interface Example {
  /** A copy of the example, installed. */
  folder: string;
  /** Path of a picture of 320 x 240 pixels. */
  picture: string;
  /** Address of a deployment, without a slash at the end. */
  url: string;
}

/** Classifies the picture with an example. @returns its answer. @throws where it has none. */
export type Check = (example: Example) => Promise<string>;

/** Compares what an example wrote with what it should write. @throws with what it wrote. */
export function expectAnswer(answer: string | null, pattern: RegExp): string {
  const text = (answer ?? '').trim();
  if (!pattern.test(text)) throw new Error(`Expected an answer like ${pattern}, got: ${text}`);
  return text;
}
