/** Whether `npm run stress -- hostile` runs, and not its short form in `npm test`. */
const isLong = process.env.HOSTILE === 'long';

/** How often something is tried: in the long form, and in the short one. */
export const rounds = (long: number, short: number): number => (isLong ? long : short);

/** Milliseconds within which everything is answered. Only the long form holds to it, on a machine of its own. */
export const answerMs = isLong ? 2_000 : 30_000;
