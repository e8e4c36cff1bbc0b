/** What must not outlive the run: undone in reverse order, at the end and on Ctrl-C. */
type Undo = () => Promise<void> | void;

const undos = new Set<Undo>();
let interrupted = false;
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/** To be called before making anything that needs an undo: after Ctrl-C nothing new may begin. */
export function throwIfInterrupted(): void {
  if (interrupted) throw new Error('interrupted');
}

/** Registers an undo; what it returns runs it now, once. */
export function atEnd(undo: Undo): () => Promise<void> {
  undos.add(undo);
  return async () => {
    if (undos.delete(undo)) await undo();
  };
}

let undoing: Promise<void> | null = null;

/** Once for all: the program that a Ctrl-C ended comes here too, and has to wait for what is already going on. */
export function undoAll(): Promise<void> {
  undoing ??= undoEach();
  return undoing;
}

async function undoEach(): Promise<void> {
  for (const undo of [...undos].reverse()) {
    if (!undos.delete(undo)) continue;
    try {
      await undo();
    } catch (error) {
      process.stderr.write(`cleaning up: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

/** Ctrl-C ends children and removes what they wrote. A second one leaves at once. */
export function undoOnSignals(): void {
  for (const [name, number] of Object.entries(SIGNAL_NUMBERS)) {
    process.on(name, () => {
      if (interrupted) process.exit(128 + number);
      interrupted = true;
      process.stderr.write(`\n${name}: cleaning up\n`);
      undoAll().finally(() => process.exit(128 + number));
    });
  }
}

/** Runs the program, cleans up whatever came of it, and turns a failure into exit code 1. */
export async function runAndUndo(program: () => Promise<void>): Promise<void> {
  undoOnSignals();
  try {
    await program();
  } catch (error) {
    // What was interrupted fails in many ways, none of which anybody wants to read.
    if (interrupted) return;
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await undoAll();
  }
}
