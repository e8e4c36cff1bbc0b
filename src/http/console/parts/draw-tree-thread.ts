import { parentPort, workerData } from 'node:worker_threads';
import { jsonTree, type TreePart } from './json-tree.ts';

/** The thread of one tree: it answers with the text of it, or null for what is no JSON, and ends. */
const { text, part } = workerData as Readonly<{ text: string; part: TreePart }>;
parentPort!.postMessage(jsonTree(text, part)?.toString() ?? null);
