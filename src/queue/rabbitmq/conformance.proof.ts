import { skipWithout } from '../../../testkit/on-path.ts';
import { queueConformance } from '../conformance/index.ts';
import { createRabbitRig } from './testing.ts';

queueConformance('rabbitmq', createRabbitRig, skipWithout('rabbitmq-server'));
