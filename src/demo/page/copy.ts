import { find } from '../dom.ts';

/** Lets the button copy the text of an element; where the page may not, it selects the text instead. */
export function listenForCopy(buttonSelector: string, textSelector: string): void {
  const button = find(buttonSelector, HTMLButtonElement);
  const source = find(textSelector, HTMLElement);
  const name = button.textContent;
  button.addEventListener('click', async () => {
    getSelection()?.selectAllChildren(source);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Selected';
    }
    setTimeout(() => {
      button.textContent = name;
    }, 2000);
  });
}
