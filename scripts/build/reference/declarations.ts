import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What an entry exports under a name. */
export interface Declaration {
  name: string;
  /** Its comment, without the marks. */
  doc: string;
  /** TypeScript, without `export` and `declare`. */
  code: string;
}

/**
 * Reads what an emitted declaration file exports, itself and from others. The compiler writes one statement after another,
 * each with its comment before it, so that lines are enough to tell them apart.
 *
 * @param file - path of a `.d.ts`.
 * @returns by the name under which it is exported, in order.
 */
export async function readExports(file: string): Promise<Map<string, Declaration>> {
  const found = new Map<string, Declaration>();
  for (const { doc, code } of statementsOf(await readFile(file, 'utf8'))) {
    const [, list, path = ''] =
      /^export (?:type )?(\*|\{[^}]*\}) from '(\..+?)(?:\.d)?\.[jt]s';$/s.exec(code) ?? [];
    if (list !== undefined) {
      const others = await readExports(join(dirname(file), `${path}.d.ts`));
      for (const [name, as] of namesOf(list, others.keys())) {
        const other = others.get(name);
        if (!other) throw new Error(`${file}: ${path} exports no ${name}`);
        found.set(as, { ...other, name: as });
      }
      continue;
    }
    const name = /^export (?:declare )?(?:abstract )?(?:class|interface|function|const|type) (\w+)/.exec(
      code,
    )?.[1];
    if (name === undefined) continue;
    const own = code.replace(/^export (declare )?/, '');
    const overload = found.get(name);
    found.set(name, overload ? { ...overload, code: `${overload.code}\n${own}` } : { name, doc, code: own });
  }
  return found;
}

/** Names in the other file, and here, of `*` or `{ a, type B as C }`. */
function namesOf(list: string, all: Iterable<string>): [name: string, as: string][] {
  if (list === '*') return Array.from(all, (name) => [name, name]);
  return list
    .slice(1, -1)
    .split(',')
    .map((item) => item.trim().replace(/^type /, ''))
    .filter(Boolean)
    .map((item) => {
      const [name = '', as = name] = item.split(' as ');
      return [name, as];
    });
}

/** Statements of a file, each with the comment before it. */
function statementsOf(text: string): { doc: string; code: string }[] {
  const statements: { doc: string; code: string }[] = [];
  let doc = '';
  let lines: string[] = [];
  let depth = 0;
  let isComment = false;
  for (const line of text.split('\n')) {
    const isDoc: boolean = isComment || /^\s*\/\*\*/.test(line);
    isComment = isDoc && !line.includes('*/');
    if (isDoc && depth === 0 && lines.length === 0) {
      doc = /^\/\*\*/.test(line) ? line : `${doc}\n${line}`;
      continue;
    }
    if (line.trim() === '' && lines.length === 0) continue;
    lines.push(line);
    if (isDoc) continue;
    depth += (line.match(/[{(]/g)?.length ?? 0) - (line.match(/[})]/g)?.length ?? 0);
    if (depth > 0 || !/[;}]$/.test(line)) continue;
    statements.push({ doc: cleaned(doc), code: lines.join('\n') });
    doc = '';
    lines = [];
  }
  return statements;
}

/** The text of a comment. */
function cleaned(comment: string): string {
  return comment
    .replace(/^\/\*\*\s?|\s*\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim();
}
