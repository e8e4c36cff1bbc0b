import { StoreError, type StoreErrorCode } from '../../domain/errors.ts';

/** Primary result codes, https://www.sqlite.org/rescode.html */
const CODES: Readonly<Record<number, StoreErrorCode>> = {
  5: 'STORE_BUSY',
  6: 'STORE_BUSY',
  8: 'STORE_IO',
  10: 'STORE_IO',
  11: 'STORE_CORRUPT',
  13: 'STORE_FULL',
  14: 'STORE_IO',
  26: 'STORE_CORRUPT',
};

const ADVICE: Readonly<Partial<Record<StoreErrorCode, string>>> = {
  STORE_FULL: 'the disk, or its quota, is full: free space, nothing that was acknowledged is lost',
  STORE_IO: 'the disk refused a read or a write: check the device, the permissions and the quota',
  STORE_CORRUPT: 'the file is damaged or not an SQLite database: keep a copy and restore a backup',
  STORE_BUSY: 'another program holds the database file',
};

/** Turns SQLite's error into a StoreError that says what to do. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { errcode, message } = error as { errcode?: number; message?: string };
  const code = errcode === undefined ? 'STORE_INTERNAL' : (CODES[errcode & 0xff] ?? 'STORE_INTERNAL');
  const advice = ADVICE[code];
  return new StoreError(code, advice === undefined ? `${message}` : `${message}; ${advice}`, {
    cause: error,
  });
}

/** Whether the storage failed rather than one operation: then the whole batch fails. */
export function isStorageFailure(error: StoreError): boolean {
  return error.code !== 'STORE_INTERNAL';
}
