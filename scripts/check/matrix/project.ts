/** A project of a person who uses a tool, as small as it can be: its page classifies the picture that is chosen. */
export interface Project {
  /** By path. */
  files: Record<string, string>;
  /** By name, beside `unlabel`. */
  dependencies: Record<string, string>;
  /** Builds it: a program and its arguments. Default: nothing is built. */
  build?: string[];
  /** Folder of what was built, to be served as it is; or a program that serves it on the port `PORT`. */
  serve: string | string[];
  /** Folder of what a deployment would send to browsers, if it is another one than `serve`. */
  output?: string;
}

/** Makes a project whose page asks a deployment for its model. */
export type MakeProject = (deployment: string) => Project;

/** The elements of every page. */
export const elements = '<input type="file"><output></output>';

/** The script of a page without a framework. */
export const script = (deployment: string) => `import { createLocalEngine } from 'unlabel/local';

const engine = createLocalEngine({ model: 'cifar10', baseUrl: '${deployment}' });
const input = document.querySelector('input');
const output = document.querySelector('output');
input.onchange = async () => {
  try {
    const { predictions } = await engine.classify(input.files[0]);
    output.textContent = \`\${predictions[0].label}, \${engine.thread}, \${engine.device}\`;
  } catch (error) {
    output.textContent = String(error);
  }
};
document.body.dataset.ready = '';
`;

/** An HTML page with scripts. */
export const page = (scripts: string) =>
  `<!doctype html><title>Page</title><link rel="icon" href="data:,"><body>${elements}${scripts}`;

/** An HTML page with the script of an address. */
export const html = (source: string) => page(`<script type="module" src="${source}"></script>`);
