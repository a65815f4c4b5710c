/**
 * Where a shell's standard output and error go: a file system of two files, mounted in the machine, whose every write
 * is handed on at once and in order. The shell's streams are redirected into it, so that output is seen while a script
 * runs and the two streams keep their order.
 */
import type { IFileSystem } from 'just-bash';

export type OutputStream = 'stdout' | 'stderr';
export type OutputListener = (stream: OutputStream, bytes: Uint8Array) => void;

export const OUTPUT_MOUNT = '/dev/shell';

const STREAMS: Readonly<Record<string, OutputStream>> = { '/stdout': 'stdout', '/stderr': 'stderr' };

/** Makes the device; whoever has the file system's classes at hand gives the in-memory one. */
export function makeOutputDevice(
  InMemoryFs: typeof import('just-bash').InMemoryFs,
  listener: OutputListener,
): IFileSystem {
  class OutputDevice extends InMemoryFs {
    override async appendFile(...args: Parameters<IFileSystem['appendFile']>): Promise<void> {
      const [path, content, options] = args;
      const stream = STREAMS[path];
      if (stream === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
      const encoding = typeof options === 'string' ? options : options?.encoding;
      const isBytes = encoding === 'binary' || encoding === 'latin1';
      const bytes = typeof content === 'string' ? Buffer.from(content, isBytes ? 'latin1' : 'utf8') : content;
      if (bytes.length > 0) listener(stream, bytes);
    }

    override async writeFile(...args: Parameters<IFileSystem['writeFile']>): Promise<void> {
      await this.appendFile(...args);
    }
  }
  return new OutputDevice({ '/stdout': '', '/stderr': '' });
}
