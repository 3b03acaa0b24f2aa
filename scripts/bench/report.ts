import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';

const file = new URL('../../BENCHMARKS.md', import.meta.url);

/** The result of one part of the benchmarks. */
export interface Findings {
  title: string;
  /** Markdown. */
  text: string;
  /** What is compared with what others offer, as a multiple of theirs: less than 1 where ours leads. */
  ratios?: Record<string, number>;
}

/** How many measurements to take. */
export interface Effort {
  /** Per table. */
  rounds: number;
  /** With a new browser or server each. */
  visits: number;
}

/** A Markdown table; all columns but the first are numbers. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/**
 * Replaces a part of `BENCHMARKS.md`, with the date, the machine and its load.
 *
 * @param names - of all parts, in order.
 */
export async function keep(
  name: string,
  { title, text, ratios = {} }: Findings,
  names: readonly string[],
): Promise<void> {
  const old = await readFile(file, 'utf8').catch(() => '');
  const sections = new Map<string, { ratios: Record<string, number>; body: string }>();
  for (const [, part = '', json = '{}', body = ''] of old.matchAll(
    /<!-- (\w+)(?: (\{.*?\}))? -->\n(.*?)(?=\n<!-- |$)/gs,
  ))
    sections.set(part, { ratios: JSON.parse(json), body: body.trim() });
  const when = `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, load ${loads()}, ${machine()}`;
  sections.set(name, { ratios, body: `## ${title}\n\n${text.trim()}\n\n*${when}.*` });
  const kept = names.flatMap((part) => {
    const section = sections.get(part);
    return section ? [[part, section] as const] : [];
  });
  const all = kept.flatMap(([, section]) => Object.entries(section.ratios)).sort(([, a], [, b]) => a - b);
  const head = `# Benchmarks

Written by \`npm run bench\`, each section on the machine that it names.

Every table measures its rows in turn, round by round. A cell is the median of the rounds, with the quartiles in brackets;
a ratio is the median of each round's ratio. The load below each section is that of the machine over 1, 5 and 15 minutes
when it was measured, the benchmark's own included: above the number of cores, times are longer than those of a quiet machine.

${table(
  ['ours over theirs', ''],
  all.map(([what, value]) => [what, value.toFixed(2)]),
)}
`;
  const parts = kept.map(([part, { ratios, body }]) => {
    const about = Object.keys(ratios).length > 0 ? ` ${JSON.stringify(ratios)}` : '';
    return `<!-- ${part}${about} -->\n${body}`;
  });
  await writeFile(file, `${[head, ...parts].join('\n')}\n`);
}

function machine(): string {
  return `${cpus().length} x ${cpus()[0]?.model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`;
}

function loads(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(', ');
}
