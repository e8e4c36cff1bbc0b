import path from 'node:path';
import {
  isArrowFunction,
  isCallExpression,
  isExportDeclaration,
  isFunctionLikeDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isMethodSignatureDeclaration,
  isNewExpression,
  isStringLiteral,
  type Node,
  type SourceFile as Tree,
} from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

/** A function with a body, with all that is nested in it. */
export type SourceFunction = Readonly<{ name: string; line: number; lines: number }>;

/** A file of `src/`; paths are relative to `src/`. */
export type SourceFile = Readonly<{
  file: string;
  lines: number;
  /** Files that it imports or re-exports, types included, and modules that it starts as threads. */
  imports: readonly string[];
  functions: readonly SourceFunction[];
  /** Methods that its types declare. */
  methods: readonly string[];
}>;

/** Parses all files below `src/` with the compiler of the repository. */
export function readSourceFiles(root: string): readonly SourceFile[] {
  return mapTrees(path.join(root, 'tsconfig.json'), path.join(root, 'src'), describeFile);
}

/** The names that each file of the repository uses, by the file's path from the root. */
export function readIdentifiers(root: string): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    mapTrees(path.join(root, 'tsconfig.json'), root, (file, tree) => {
      const names = new Set<string>();
      const visit = (node: Node): void => {
        if (isIdentifier(node)) names.add(node.text);
        node.forEachChild(visit);
      };
      visit(tree);
      return [file, names] as const;
    }),
  );
}

/** Calls `map` for each file of a project below a folder, with its path from there. */
function mapTrees<T>(config: string, folder: string, map: (file: string, tree: Tree) => T): T[] {
  const api = new API({ cwd: path.dirname(config) });
  try {
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)!;
    return project.rootFiles
      .filter((file) => file.startsWith(folder + path.sep))
      .map((file) => map(path.relative(folder, file), project.program.getSourceFile(file)!));
  } finally {
    api.close();
  }
}

/** Whether a file belongs to the tests: a test or proof, what tests alone use, or a conformance suite. */
export function isForTests(file: string): boolean {
  return (
    /\.(test|proof)\.ts$/.test(file) ||
    /(^|[/-])testing\.ts$/.test(file) ||
    /^(store|queue)\/conformance\//.test(file)
  );
}

function describeFile(file: string, tree: Tree): SourceFile {
  const imports = new Set<string>();
  const functions: SourceFunction[] = [];
  const methods = new Set<string>();
  const visit = (node: Node): void => {
    const target = importedBy(node);
    if (target?.startsWith('.')) imports.add(path.join(path.dirname(file), target));
    if (isFunctionLikeDeclaration(node) && 'body' in node && node.body !== undefined) {
      functions.push(describeFunction(node, tree));
    }
    if (isMethodSignatureDeclaration(node)) methods.add(node.name.getText());
    node.forEachChild(visit);
  };
  visit(tree);
  const lines = tree.text.trimEnd().split('\n').length;
  return { file, lines, imports: [...imports], functions, methods: [...methods] };
}

/** The specifier of an import in any form, or undefined. */
function importedBy(node: Node): string | undefined {
  if (isImportDeclaration(node) || isExportDeclaration(node)) return literal(node.moduleSpecifier);
  // The type `import('./file.ts').Name`.
  if (isImportTypeNode(node)) {
    return isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined;
  }
  // `import('./file.ts')`
  if (isCallExpression(node)) {
    return node.expression.getText() === 'import' ? literal(node.arguments[0]) : undefined;
  }
  // `new URL('./thread.ts', import.meta.url)`
  if (!isNewExpression(node) || node.expression.getText() !== 'URL') return undefined;
  return node.arguments?.[1]?.getText() === 'import.meta.url' ? literal(node.arguments[0]) : undefined;
}

function literal(node: Node | undefined): string | undefined {
  return node !== undefined && isStringLiteral(node) ? node.text : undefined;
}

function describeFunction(node: Node, tree: Tree): SourceFunction {
  const lineAt = (position: number) => tree.getLineAndCharacterOfPosition(position).line;
  const first = lineAt(node.getStart(tree));
  return { name: nameOf(node), line: first + 1, lines: lineAt(node.getEnd()) - first + 1 };
}

function nameOf(node: Node): string {
  const named = isArrowFunction(node) ? node.parent : node;
  const name = (named as { name?: Node }).name;
  return name === undefined ? '(anonymous)' : name.getText();
}
