export { stockRuntime } from './inference/runtime/runtime-stock-workerd.ts';
