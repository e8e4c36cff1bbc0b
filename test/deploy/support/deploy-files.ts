import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

const DEPLOY = path.join(import.meta.dirname, '../../../deploy');

/** A file below deploy/. */
export function readDeploy(file: string): string {
  return readFileSync(path.join(DEPLOY, file), 'utf8');
}

/** The value of a YAML file of one document, anchors and merge keys resolved. */
export function parseDeploy<T>(file: string): T {
  return parse(readDeploy(file), { merge: true }) as T;
}

/** The values of all documents of a YAML file. A mistake of the syntax, such as a key that is there twice, throws. */
export function parseDeployAll<T>(file: string): T[] {
  return parseAllDocuments(readDeploy(file)).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as T;
  });
}

export type ComposeService = Readonly<{
  image?: string;
  command?: string | readonly string[];
  environment?: Readonly<Record<string, string>>;
  volumes?: readonly string[];
  ports?: readonly string[];
  depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  networks?: readonly string[];
  stop_grace_period?: string;
  read_only?: boolean;
}>;

export type Compose = Readonly<{
  services: Readonly<Record<string, ComposeService>>;
  networks: Readonly<Record<string, { internal?: boolean }>>;
  volumes: Readonly<Record<string, unknown>>;
}>;

export function clusterCompose(): Compose {
  return parseDeploy<Compose>('cluster/compose.yaml');
}

/** `${NAME:-default}` as compose reads it when NAME is not set, and a stand-in for `${NAME:?has to be}`. */
export function withDefaults(value: string): string {
  return value.replace(/\$\{\w+:-([^}]*)\}/g, '$1').replace(/\$\{\w+:\?[^}]*\}/g, 'given');
}
