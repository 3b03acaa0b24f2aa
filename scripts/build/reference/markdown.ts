import type { Declaration } from './declarations.ts';

/** A page of the reference. */
export function pageOf(title: string, about: string, declarations: Iterable<Declaration>): string {
  const sections = Array.from(declarations, ({ name, doc, code }) =>
    [`## ${name}`, proseOf(doc), `\`\`\`ts\n${code}\n\`\`\``].filter(Boolean).join('\n\n'),
  );
  return `${[`# ${title}`, about, ...sections].join('\n\n')}\n`;
}

/** A TSDoc comment as Markdown: its tags become a list. */
function proseOf(doc: string): string {
  const [text = '', ...tags] = doc.replaceAll(/\{@link (\w+)\}/g, '`$1`').split(/^@/m);
  const items = tags.map((tag) => {
    const [, name, rest = ''] = /^(\w+)\s*(.*)$/s.exec(tag.trim()) ?? [];
    if (name === 'example') return `Example:\n\n${rest}`;
    const [, parameter, said] = /^(\S+) - (.*)$/s.exec(rest) ?? [];
    return name === 'param' ? `- \`${parameter}\`: ${said}` : `- **${name}** ${rest}`;
  });
  return [text.trim(), items.join('\n')].filter(Boolean).join('\n\n');
}
