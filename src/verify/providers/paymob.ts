import type { Provider } from '../provider.ts';

// In signing order.
const FIELDS = [
  'amount_cents',
  'created_at',
  'currency',
  'error_occured',
  'has_parent_transaction',
  'id',
  'integration_id',
  'is_3d_secure',
  'is_auth',
  'is_capture',
  'is_refunded',
  'is_standalone_payment',
  'is_voided',
  'order/id',
  'owner',
  'pending',
  'source_data/pan',
  'source_data/sub_type',
  'source_data/type',
  'success',
] as const;

export const paymob: Provider = {
  id: 'paymob',
  name: 'Paymob (transaction callbacks)',
  family: 'in-body',
  needs: [{ option: 'secret', what: 'HMAC secret: Paymob dashboard, Settings, Account Info.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha512',
      sig: { from: 'query:hmac', enc: 'hex' },
      signed: FIELDS.map((field) => `{body:/obj/${field}}`).join(''),
    },
  ],
  // Twenty fields are signed, and two callbacks of one transaction can have them in common.
  idempotencyKey: [],
  eventType: ['{body:/type}'],
  notes: [
    'Twenty fields of a transaction are signed; the rest is not covered, and callbacks of other kinds are refused.',
    'Paymob documents no retries and sends no event id: every callback is a new event.',
  ],
  sample: {
    eventType: 'TRANSACTION',
    body: '{"type":"{event_type}","obj":{"id":{now_ms},"pending":false,"amount_cents":4200,"success":true,"is_auth":false,"is_capture":false,"is_standalone_payment":true,"is_voided":false,"is_refunded":false,"is_3d_secure":true,"integration_id":6741,"has_parent_transaction":false,"order":{"id":4778239},"created_at":"{now_iso}","currency":"EGP","error_occured":false,"owner":4705,"source_data":{"pan":"2346","type":"card","sub_type":"MasterCard"}}}',
  },
};
