export { stockRuntime } from './inference/runtime-stock-workerd.ts';
