/**
 * The files of a machine: in memory, with one directory of the disk mounted at its real path. The in-memory part and
 * the mount are just-bash's file systems, loaded when a shell first needs them.
 *
 * The switch appends to files (captures) from within events, where nothing can be waited for: bytes for the mounted
 * directory go to the disk at once, others wait here until the next command. Invariant: nothing outside the mounted
 * directory is ever touched, symbolic links or not.
 */
import { appendFileSync, lstatSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { IFileSystem } from 'just-bash';

export interface Mount {
  /** An absolute path: both where it is on the disk and where the machine sees it. */
  readonly directory: string;
  readonly readOnly: boolean;
}

interface Waiting {
  readonly path: string;
  /** Null: the file goes. */
  readonly bytes: Uint8Array | null;
  /** Begins the file anew. */
  readonly truncate: boolean;
}

export class MachineFiles {
  private mounted: Mount | null = null;
  private opened: Promise<IFileSystem> | null = null;
  private waiting: Waiting[] = [];
  private errors: string[] = [];
  private readonly begun = new Set<string>();

  get mount(): Mount | null {
    return this.mounted;
  }

  /** Where relative paths of the switch begin. */
  get workingDirectory(): string {
    return this.mounted?.directory ?? '/root';
  }

  /** Mounts a directory; before the file system is first opened. */
  setMount(mount: Mount): void {
    if (this.opened !== null) throw new Error('the file system is in use');
    this.mounted = { ...mount, directory: realpathSync(mount.directory) };
  }

  open(): Promise<IFileSystem> {
    this.opened ??= this.create();
    return this.opened;
  }

  /** Appends to a file of the switch's; the first time it begins the file anew, as a switch does that opens it. */
  append(name: string, bytes: Uint8Array): void {
    const file = path.posix.resolve(this.workingDirectory, name);
    const truncate = !this.begun.has(file);
    this.begun.add(file);
    this.put(file, bytes, truncate);
  }

  /** Writes a file anew. */
  write(name: string, bytes: Uint8Array): void {
    this.put(path.posix.resolve(this.workingDirectory, name), bytes, true);
  }

  /** Adds to the end of a file that another may have begun. */
  appendTo(name: string, bytes: Uint8Array): void {
    this.put(path.posix.resolve(this.workingDirectory, name), bytes, false);
  }

  remove(name: string): void {
    this.put(path.posix.resolve(this.workingDirectory, name), null, false);
  }

  /** Brings what waits into the file system. Returns what went wrong, one sentence each. */
  async flush(): Promise<readonly string[]> {
    const errors = this.errors;
    this.errors = [];
    const waiting = this.waiting;
    this.waiting = [];
    if (waiting.length > 0) {
      const fs = await this.open();
      for (const { path: file, bytes, truncate } of waiting) {
        try {
          if (bytes === null) await fs.rm(file, { force: true });
          else if (truncate) await fs.writeFile(file, bytes);
          else await fs.appendFile(file, bytes);
        } catch (error) {
          errors.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
    return errors;
  }

  private put(file: string, bytes: Uint8Array | null, truncate: boolean): void {
    const mount = this.mounted;
    if (mount === null || !isInside(file, mount.directory)) {
      this.waiting.push({ path: file, bytes: bytes?.slice() ?? null, truncate });
      return;
    }
    if (mount.readOnly) {
      this.errors.push(`${file}: Read-only file system`);
      return;
    }
    try {
      const parent = realpathSync(path.dirname(file));
      if (parent !== mount.directory && !isInside(parent, mount.directory)) throw new Error('Permission denied');
      const target = path.join(parent, path.basename(file));
      if (lstatSync(target, { throwIfNoEntry: false })?.isFile() === false) throw new Error('Not a regular file');
      if (bytes === null) rmSync(target, { force: true });
      else if (truncate) writeFileSync(target, bytes);
      else appendFileSync(target, bytes);
    } catch (error) {
      this.errors.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private async create(): Promise<IFileSystem> {
    const { InMemoryFs, MountableFs, OverlayFs, ReadWriteFs } = await import('just-bash');
    const base = new InMemoryFs({
      '/etc/hosts': '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n',
    });
    for (const directory of ['/root', '/tmp', '/var/log', '/var/run/openvswitch', '/etc', '/dev']) {
      await base.mkdir(directory, { recursive: true });
    }
    const fs = new MountableFs({ base });
    const mount = this.mounted;
    if (mount !== null) {
      const inner = mount.readOnly
        ? new OverlayFs({ root: mount.directory, mountPoint: '/', readOnly: true })
        : new ReadWriteFs({ root: mount.directory, maxFileReadSize: 1 << 30 });
      await base.mkdir(mount.directory, { recursive: true });
      fs.mount(mount.directory, inner);
    }
    return fs;
  }
}

const isInside = (file: string, directory: string): boolean =>
  file.startsWith(directory === '/' ? '/' : `${directory}/`) && file !== directory;
