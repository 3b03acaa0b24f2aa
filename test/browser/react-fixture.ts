/** A page of a React application, for the functions that a test runs there. */

import { createElement, StrictMode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { createClient } from '../../src/index.ts';
import {
  type Classifier,
  type Embedder,
  type Searcher,
  type UseClassifierOptions,
  useClassifier,
  useEmbedder,
  useSearch,
} from '../../src/react.ts';
import { stock } from '../../src/stock.ts';

const root = createRoot(document.body.appendChild(document.createElement('div')));
/** What the component was given at its latest render, every status in turn, and what each render had. */
const seen = {
  classifier: undefined as Classifier | undefined,
  embedder: undefined as Embedder | undefined,
  searcher: undefined as Searcher | undefined,
  statuses: [] as string[],
  renders: [] as { device: string | undefined; status: string }[],
};

function Component(options: UseClassifierOptions) {
  const classifier = useClassifier(options);
  seen.classifier = classifier;
  seen.renders.push({ device: options.device, status: classifier.status });
  if (seen.statuses.at(-1) !== classifier.status) seen.statuses.push(classifier.status);
  const { status, progress, error } = classifier;
  return createElement('p', {}, `${status} ${progress?.loaded ?? 0} ${(error as Error)?.message ?? ''}`);
}

function Lookup(options: UseClassifierOptions) {
  seen.embedder = useEmbedder(options);
  seen.searcher = useSearch(options);
  return createElement('p', {}, `${seen.embedder.status} ${seen.searcher.status}`);
}

function renderLookup(options: UseClassifierOptions): void {
  flushSync(() => root.render(createElement(StrictMode, null, createElement(Lookup, options))));
}

/** Renders the component in strict mode, effects and all; `undefined` takes it away. */
function render(options: UseClassifierOptions | undefined): void {
  flushSync(() => root.render(createElement(StrictMode, null, options && createElement(Component, options))));
}

const fixture = { createClient, render, renderLookup, seen, stock };
declare global {
  var app: typeof fixture;
}
globalThis.app = fixture;
