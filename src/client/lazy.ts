import { ConnectionError } from './errors.ts';
import { takeAll } from './images/take.ts';

/**
 * Makes methods whose code is loaded by the first call: a page that has not called any yet needs none of it. What a
 * call is given is taken before control returns.
 */
export function createLazy<Methods>(load: () => Promise<Methods>) {
  return <Args extends unknown[], Result>(
    methodOf: (methods: Methods) => (...args: Args) => Promise<Result>,
  ) =>
    async (...args: Args): Promise<Result> => {
      const { value, release } = takeAll(args);
      try {
        const methods = await load().catch((cause: unknown) => {
          throw new ConnectionError('The code of the client cannot be loaded', { cause });
        });
        return await methodOf(methods)(...value);
      } finally {
        release();
      }
    };
}
