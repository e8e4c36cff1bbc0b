// The same requests at two endpoints: one verifies them as GitHub's, the other reads its envelope.
import type { UserConfig } from '../../src/config/define-config.ts';
import { GITHUB_SECRET } from '../clients/sign-orders.ts';

export default {
  sources: { plain: {}, github: { provider: 'github', secret: GITHUB_SECRET } },
} satisfies UserConfig;
