/**
 * Why a file could not be read, written or made, in a sentence of its own instead of the system call's words (errno(3)).
 * A code that is not listed keeps its own words.
 */
import { UserError } from './user-error.js';

export type FileUse = 'read' | 'written' | 'made';

const SENTENCES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it is not permitted',
  EPERM: 'it is not permitted',
  EROFS: 'its file system is read-only',
  EISDIR: 'it is a directory',
  EEXIST: 'there is a file of that name',
  ELOOP: 'its symbolic links go in a circle',
  ENAMETOOLONG: 'its name is too long',
  ENOTDIR: 'a part of its path is not a directory',
  ENOSPC: 'there is no space left',
  EMFILE: 'too many files are open',
  EIO: 'the disk reported an error',
};

/** `FILE: cannot be read: there is no such file` */
export function fileError(use: FileUse, file: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const message = error instanceof Error ? error.message : String(error);
  // What is to be written is not there yet: it is its folder that is missing.
  const sentence = code === 'ENOENT' && use !== 'read' ? 'there is no such folder' : SENTENCES[code];
  return new UserError(`cannot be ${use}: ${sentence ?? message}`, { file });
}
