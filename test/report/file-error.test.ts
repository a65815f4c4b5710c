import { describe, expect, test } from 'vitest';
import { type FileUse, fileError } from '#src/report/file-error.js';

describe('why a file could not be used', () => {
  test.each<[FileUse, string, string]>([
    ['read', 'ENOENT', 'a/b: cannot be read: there is no such file'],
    ['read', 'EISDIR', 'a/b: cannot be read: it is a directory'],
    ['written', 'ENOENT', 'a/b: cannot be written: there is no such folder'],
    ['written', 'EACCES', 'a/b: cannot be written: it is not permitted'],
    ['written', 'ENOSPC', 'a/b: cannot be written: there is no space left'],
    ['made', 'EEXIST', 'a/b: cannot be made: there is a file of that name'],
    ['made', 'EXDEV', 'a/b: cannot be made: EXDEV: the words of the system'],
  ])('%s: %s', (use, code, expected) => {
    const error = Object.assign(new Error(`${code}: the words of the system`), { code });
    expect(fileError(use, 'a/b', error).toString()).toBe(expected);
  });

  test('what is no error of the system', () => {
    expect(fileError('read', 'f', 'odd').message).toBe('cannot be read: odd');
  });
});
