import { find } from '../dom.ts';

/** Calls `show` with every file that is picked, dropped anywhere on the page, or pasted. */
export function listenForFiles(show: (file: Blob) => void): void {
  const input = find('#file', HTMLInputElement);
  input.addEventListener('change', () => {
    take(input.files);
    // The same file can then be picked again.
    input.value = '';
  });

  const mark = (isOver: boolean) => find('#stage', HTMLElement).classList.toggle('over', isOver);
  addEventListener('dragover', (event) => {
    event.preventDefault();
    mark(true);
  });
  addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) mark(false);
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    mark(false);
    take(event.dataTransfer?.files);
  });
  addEventListener('paste', (event) => take(event.clipboardData?.files));

  function take(files: FileList | null | undefined) {
    if (files?.[0]) show(files[0]);
  }
}

/** Calls `show` with the drawing that is clicked, or with the failure to get it. */
export function listenForSamples(show: (file: Promise<Blob>) => void): void {
  find('#samples', HTMLElement).addEventListener('click', ({ target }) => {
    const button = target instanceof Element && target.closest('button');
    if (button) show(fetch(button.value).then((response) => response.blob()));
  });
}
