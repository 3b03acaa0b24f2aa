export { type Classifier, type UseClassifierOptions, useClassifier } from './react/use-classifier.ts';
