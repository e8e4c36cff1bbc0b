// The program's own `serve`, with leases as short as TEST_LEASE_MS says.
import { serve } from '../../../src/cli/serve.ts';

await serve({ leaseMs: Number(process.env.TEST_LEASE_MS) });
