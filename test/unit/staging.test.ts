import { expect, test } from 'vitest';
import { unstable_readConfig as readConfig } from 'wrangler';

test('staging binds all that the deployment does, under the same names', () => {
  const [deployment, staging] = [undefined, 'staging'].map((env) => {
    const { vars, durable_objects, ratelimits, assets, migrations, compatibility_flags } = readConfig(
      { config: 'wrangler.toml', env },
      { hideWarnings: true },
    );
    const limits = ratelimits.map(({ name, simple }: { name: string; simple: object }) => ({ name, simple }));
    return { vars, durable_objects, limits, assets, migrations, compatibility_flags };
  });
  expect(deployment?.limits).toHaveLength(1);
  expect(staging).toEqual(deployment);
});
