/** Tells bundlers to leave `import()` of a computed name alone, which minifying the code no longer does. */
export function markComputedImports(code: string): string {
  return code.replaceAll(/\bimport\((?=[\w$])/g, 'import(/* @vite-ignore */ /* webpackIgnore: true */ ');
}
