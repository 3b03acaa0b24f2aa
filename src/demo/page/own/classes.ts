import type { ImageSource, LocalEngine } from '../../../local.ts';
import { find, make } from '../../dom.ts';
import { showBars } from '../bars.ts';

/** The set of this page. */
const set = 'demo';

/** What the page shows at the moment. */
interface Parts {
  engine: Promise<Pick<LocalEngine, 'classes' | 'classify' | 'persistent'>>;
  /** Undefined before the first picture. */
  seen(): ImageSource | undefined;
}

const section = find('#own-section', HTMLElement);
const name = find('#own-name', HTMLInputElement);
const list = find('#own-list', HTMLUListElement);
const bars = find('#own-predictions', HTMLOListElement);
const verdict = find('#own-verdict', HTMLElement);
const save = find('#own-save', HTMLButtonElement);

/**
 * Lets a person name classes by what the page sees; they stay in this browser.
 * @returns shows what an image is among them.
 */
export function listenForClasses({ engine, seen }: Parts) {
  let labels: string[] = [];

  /** Runs a change, and shows the classes as they are then. */
  async function change(work: (classes: LocalEngine['classes']) => Promise<unknown>): Promise<void> {
    section.ariaBusy = 'true';
    try {
      const { classes } = await engine;
      await work(classes);
      await refresh();
      const image = seen();
      if (image) await show(image);
      explain();
    } catch (error) {
      explain(error);
    } finally {
      section.ariaBusy = 'false';
    }
  }

  async function refresh(): Promise<void> {
    const { classes, persistent } = await engine;
    const mine = (await classes.list()).find((one) => one.name === set)?.classes ?? [];
    labels = mine.map(({ label }) => label);
    list.replaceChildren(...mine.map(rowOf));
    bars.hidden = labels.length === 0;
    save.disabled = labels.length === 0;
    name.placeholder = nextName();
    find('#own-kept', HTMLElement).textContent = (await persistent)
      ? ''
      : 'This browser keeps nothing: the classes go when you close the page.';
    if (labels.length === 0) verdict.textContent = '';
  }

  function rowOf({ label, count }: { label: string; count: number }): HTMLLIElement {
    const title = `Add what you see to ${label}`;
    const more = make('button', { type: 'button', title, ariaLabel: `${title}, which has ${count}` }, label);
    more.append(' ', make('span', {}, String(count)));
    more.addEventListener('click', () => add(label, [seen()]));
    const less = make(
      'button',
      { type: 'button', title: `Remove ${label}`, ariaLabel: `Remove ${label}` },
      '×',
    );
    less.addEventListener('click', () =>
      change(async (classes) => {
        for (const example of await classes.examples(set))
          if (example.label === label) await classes.remove(set, example.id);
      }),
    );
    return make('li', {}, more, less);
  }

  /** The first free name, for those who do not want to type one. */
  function nextName(): string {
    for (let i = 1; ; i++) if (!labels.includes(`Class ${i}`)) return `Class ${i}`;
  }

  function add(label: string, images: readonly (ImageSource | undefined)[]): Promise<void> {
    const pictures = images.filter((image) => image !== undefined);
    if (pictures.length === 0) return Promise.resolve(explain('Show a picture first, or use the camera'));
    return change((classes) => classes.add(set, { [label]: pictures }));
  }

  function takeName(): string {
    const label = name.value.trim() || nextName();
    name.value = '';
    return label;
  }

  async function show(image: ImageSource, signal?: AbortSignal): Promise<void> {
    if (labels.length === 0) return;
    const { predictions, unknown } = await (await engine).classify(image, {
      classes: set,
      topK: 100,
      signal,
    });
    signal?.throwIfAborted();
    showBars(bars, predictions);
    section.classList.toggle('unknown', unknown ?? false);
    const text = unknown ? 'None of these' : (predictions[0]?.label ?? '');
    // Unchanged text is left alone: a live camera must not have a screen reader repeat it.
    if (verdict.textContent !== text) verdict.textContent = text;
  }

  find('#own-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    add(takeName(), [seen()]);
  });
  const files = find('#own-files', HTMLInputElement);
  files.addEventListener('change', () => {
    add(takeName(), Array.from(files.files ?? []));
    files.value = '';
  });
  save.addEventListener('click', async () => {
    try {
      const url = URL.createObjectURL(await (await engine).classes.export(set));
      make('a', { href: url, download: 'my-classes.bin' }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1_000);
    } catch (error) {
      explain(error);
    }
  });
  const open = find('#own-open', HTMLInputElement);
  open.addEventListener('change', () => {
    const [file] = open.files ?? [];
    open.value = '';
    if (file) change((classes) => classes.import(set, file));
  });
  refresh().catch(explain);
  return (image: ImageSource, signal: AbortSignal) =>
    show(image, signal).catch((error) => {
      if (!signal.aborted) explain(error);
    });
}

/** Shows a failure as a sentence; nothing where there is none. */
function explain(error?: unknown): void {
  const text = error === undefined ? '' : `${error instanceof Error ? error.message : error}.`;
  find('#own-problem', HTMLElement).textContent = text;
}
