export type {
  EngineState,
  StoreOptions,
  StoreOptions as UseClassifierOptions,
} from './local/store/engine-store.ts';
export {
  type Classifier,
  type Embedder,
  type Searcher,
  useClassifier,
  useEmbedder,
  useSearch,
} from './react/hooks.ts';
