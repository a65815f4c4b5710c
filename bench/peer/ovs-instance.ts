/**
 * A throw-away OVS with DPDK: a database and a daemon in a folder and a network namespace of their own, without huge
 * pages and without network cards. One core is for its poll-mode thread, the others for the rest.
 *
 * Debian's packages: openvswitch-switch-dpdk librte-net-pcap23 librte-net-null23 librte-bus-vdev23 librte-mempool-ring23.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerMissing } from './peer.js';

const DAEMON = '/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk';
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const DRIVER_ROOT = '/usr/lib';
const DRIVERS = ['librte_net_pcap', 'librte_net_null', 'librte_bus_vdev', 'librte_mempool_ring'];
const PACKAGES = 'openvswitch-switch-dpdk librte-net-pcap23 librte-net-null23 librte-bus-vdev23 librte-mempool-ring23';
/** OVS adds --in-memory, which goes with --no-huge only when --legacy-mem is said too. */
const DPDK_EXTRA = '--no-huge --legacy-mem -m 4096 --no-pci';
const COMMAND_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;

export class OvsInstance {
  readonly folder: string;
  readonly version: string;
  private readonly namespace: string;
  private readonly environment: NodeJS.ProcessEnv;

  private constructor(folder: string, namespace: string, version: string) {
    this.folder = folder;
    this.namespace = namespace;
    this.version = version;
    this.environment = {
      ...process.env,
      PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
      OVS_RUNDIR: folder,
      OVS_LOGDIR: folder,
      OVS_DBDIR: folder,
      OVS_SYSCONFDIR: folder,
    };
  }

  /** Throws PeerMissing where it cannot run. */
  static start(): OvsInstance {
    requirePackages();
    const folder = mkdtempSync(join(tmpdir(), 'upcall-ovs-dpdk-'));
    const version = /\d+\.\d+\.\d+/.exec(execFileSync(DAEMON, ['--version'], { encoding: 'utf8' }))?.[0] ?? '';
    const instance = new OvsInstance(folder, `upcall-bench-${process.pid}`, version);
    try {
      instance.startDaemons();
    } catch (error) {
      instance.stop();
      throw new PeerMissing(`it does not start: ${error instanceof Error ? error.message.trim() : String(error)}`);
    }
    return instance;
  }

  private startDaemons(): void {
    const { folder } = this;
    const database = join(folder, 'conf.db');
    this.run('ip', 'netns', 'add', this.namespace);
    this.run('ip', '-n', this.namespace, 'link', 'set', 'lo', 'up');
    this.run('ovsdb-tool', 'create', database, SCHEMA);
    const common = ['--detach', '--no-chdir'];
    const named = (name: string) => [
      `--unixctl=${join(folder, `${name}.ctl`)}`,
      `--pidfile=${join(folder, `${name}.pid`)}`,
      `--log-file=${join(folder, `${name}.log`)}`,
    ];
    this.run('ovsdb-server', database, `--remote=punix:${this.socket()}`, ...named('ovsdb'), ...common);
    this.vsctl('--no-wait', 'init');
    const lastCore = cpus().length - 1;
    this.setConfig({
      'dpdk-init': 'true',
      'dpdk-extra': `"${DPDK_EXTRA} --file-prefix=upcall${process.pid}"`,
      'dpdk-lcore-mask': '0x1',
      'pmd-cpu-mask': `0x${(2 ** lastCore).toString(16)}`,
      'max-idle': '600000',
      'flow-limit': '4000000',
    });
    const daemon = [DAEMON, `unix:${this.socket()}`, ...named('vswitchd'), ...common, '--disable-system'];
    this.run('ip', 'netns', 'exec', this.namespace, ...daemon);
  }

  stop(): void {
    for (const name of ['vswitchd', 'ovsdb']) {
      const pid = this.pidOf(name);
      if (pid !== null) endProcess(pid);
    }
    try {
      this.run('ip', 'netns', 'delete', this.namespace);
    } catch {
      // It was never made.
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Open_vSwitch:other_config; without waiting, since the daemon may not run yet. */
  setConfig(settings: Readonly<Record<string, string>>): void {
    const pairs = Object.entries(settings).map(([name, value]) => `other_config:${name}=${value}`);
    this.vsctl('--no-wait', 'set', 'Open_vSwitch', '.', ...pairs);
  }

  vsctl(...args: readonly string[]): string {
    return this.run('ovs-vsctl', '-t', '30', `--db=unix:${this.socket()}`, ...args);
  }

  ofctl(...args: readonly string[]): string {
    return this.run('ovs-ofctl', '-t', '30', ...args);
  }

  appctl(...args: readonly string[]): string {
    return this.run('ovs-appctl', '-T', '60', '-t', join(this.folder, 'vswitchd.ctl'), ...args);
  }

  /** A command of iproute2 in its namespace. */
  ip(...args: readonly string[]): string {
    return this.run('ip', '-n', this.namespace, ...args);
  }

  /** Nanoseconds that the poll-mode thread has run, and waited for its core; null while there is none. */
  pollTime(): { readonly runNs: number; readonly waitNs: number } | null {
    const tasks = `/proc/${this.pidOf('vswitchd')}/task`;
    for (const task of readdirSync(tasks)) {
      if (!readFileSync(join(tasks, task, 'comm'), 'latin1').startsWith('pmd-c')) continue;
      const [runNs = 0, waitNs = 0] = readFileSync(join(tasks, task, 'schedstat'), 'latin1')
        .split(' ')
        .map(Number);
      return { runNs, waitNs };
    }
    return null;
  }

  private socket(): string {
    return join(this.folder, 'db.sock');
  }

  private pidOf(name: string): number | null {
    try {
      return Number(readFileSync(join(this.folder, `${name}.pid`), 'latin1'));
    } catch {
      return null;
    }
  }

  private run(command: string, ...args: readonly string[]): string {
    return execFileSync(command, args, {
      encoding: 'utf8',
      env: this.environment,
      timeout: COMMAND_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    });
  }
}

function requirePackages(): void {
  const drivers = driverNames();
  const absent = [
    ...(existsSync(DAEMON) ? [] : [DAEMON]),
    ...DRIVERS.filter((driver) => !drivers.some((name) => name.startsWith(driver))),
  ];
  if (absent.length > 0)
    throw new PeerMissing(`${absent.join(', ')} is not installed; Debian: apt-get install ${PACKAGES}`);
  if (process.getuid?.() !== 0) throw new PeerMissing('it needs to be root');
}

/** Files of DPDK's drivers, wherever the architecture puts them. */
function driverNames(): readonly string[] {
  try {
    return readdirSync(DRIVER_ROOT)
      .map((architecture) => join(DRIVER_ROOT, architecture, 'dpdk'))
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => readdirSync(folder).flatMap((drivers) => readdirSync(join(folder, drivers))));
  } catch {
    return [];
  }
}

function endProcess(pid: number): void {
  const isThere = (): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  if (!isThere()) return;
  process.kill(pid, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < STOP_TIMEOUT_MS && isThere(); waitedMs += 100) sleepSync(100);
  if (isThere()) process.kill(pid, 'SIGKILL');
}

function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
