import { explainConfig } from '../config/explain.ts';
import { loadConfig } from '../config/load.ts';

/** `webhook-receiver config` */
export async function printConfig(): Promise<void> {
  const config = await loadConfig({ env: process.env, cwd: process.cwd() });
  process.stdout.write(`${JSON.stringify(explainConfig(config), null, 2)}\n`);
}
