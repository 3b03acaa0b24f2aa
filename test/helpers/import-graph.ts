import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

/** What each file imports, by paths from the root of the repository; type-only and dynamic imports count. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** Matches the specifier of `import`, `export … from` and `import()`. */
const importPattern = /(?:from|import)\s*\(?\s*'([^']+)'/g;

/** The specifiers that a module's text imports. */
export function specifiersOf(text: string, pattern = importPattern): string[] {
  return Array.from(text.matchAll(pattern), (match) => match[1] as string);
}

/**
 * Reads the imports between the TypeScript files of some folders.
 *
 * @param root - of the repository, with a slash at the end.
 * @param folders - from there.
 */
export async function readImports(root: string, folders: readonly string[]): Promise<ImportGraph> {
  const graph = new Map<string, string[]>();
  for (const folder of folders) {
    const files = await readdir(join(root, folder), { recursive: true });
    for (const file of files.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name))) {
      const specifiers = specifiersOf(await readFile(join(root, file), 'utf8'));
      const relative = specifiers.filter((specifier) => specifier.startsWith('.'));
      graph.set(
        file,
        relative.map((specifier) => normalize(join(dirname(file), specifier))),
      );
    }
  }
  return graph;
}

/**
 * Finds the groups of files that import each other, directly or through others: the strongly connected components of more
 * than one file, and files that import themselves (Tarjan, "Depth-first search and linear graph algorithms", 1972).
 *
 * @returns each group's files, sorted.
 */
export function findCircles(graph: ImportGraph): string[][] {
  const order = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    order.set(file, order.size);
    let low = order.get(file) as number;
    const depth = stack.push(file) - 1;
    for (const target of graph.get(file) ?? []) {
      if (!order.has(target)) low = Math.min(low, visit(target));
      else if (stack.includes(target)) low = Math.min(low, order.get(target) as number);
    }
    if (low === order.get(file)) {
      const group = stack.splice(depth);
      if (group.length > 1 || graph.get(file)?.includes(file)) circles.push(group.sort());
    }
    return low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles;
}

/** Folders with more files of code directly in them than `most`, and how many they have. */
export async function crowdedFolders(
  root: string,
  folders: readonly string[],
  most: number,
): Promise<string[]> {
  const counts = new Map<string, number>();
  for (const folder of folders)
    for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true }))
      if (entry.isFile() && /\.(ts|py)$/.test(entry.name))
        counts.set(entry.parentPath, (counts.get(entry.parentPath) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > most)
    .map(([path, count]) => `${path.slice(root.length)}: ${count}`);
}
