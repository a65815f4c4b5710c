/**
 * Real Open vSwitch as the oracle of differential tests: a throw-away ovsdb-server and ovs-vswitchd with the userspace
 * datapath's dummy devices, in a folder of their own. No kernel module, no root, no state left behind.
 *
 * Invariant: both daemons end with this process, however it ends. They run under a shell that waits for its standard
 * input, which the operating system closes when we die.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface OracleResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface OracleReply {
  readonly ok: boolean;
  readonly text: string;
}

const TOOLS = ['ovsdb-tool', 'ovsdb-server', 'ovs-vswitchd', 'ovs-vsctl', 'ovs-ofctl', 'ovs-appctl'];
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
/** A search path that has the daemons, which Debian keeps where only root looks. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

/** Starts both daemons and ends them when standard input ends. */
const KEEPER = `
set -e
ovsdb-tool create conf.db ${SCHEMA}
ovsdb-server conf.db --no-chdir --pidfile --log-file --remote=punix:db.sock 2>/dev/null & DB=$!
n=0; until test -S db.sock || test $n = 100; do sleep 0.05; n=$((n + 1)); done
ovs-vsctl --db=unix:db.sock --no-wait init
ovs-vswitchd --enable-dummy --disable-system --disable-system-route --no-chdir --pidfile --log-file unix:db.sock \\
  2>/dev/null & SW=$!
set +e
read _
kill $SW; wait $SW
kill $DB; wait $DB
rm -rf "$OVS_RUNDIR"
`;

/** Why real OVS cannot be had here, or null when it can. */
export function oracleMissing(): string | null {
  const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`], { env: { PATH } }).status !== 0);
  if (missing.length > 0) return `not installed: ${missing.join(', ')} (Debian: apt-get install openvswitch-switch)`;
  return existsSync(SCHEMA) ? null : `${SCHEMA} is missing`;
}

/**
 * True when differential tests can run. Where they cannot, says why and returns false, for describe.skipIf(); in
 * continuous integration (CI=true) a missing oracle is an error.
 */
export function requireOracle(): boolean {
  const reason = oracleMissing();
  if (reason === null) return true;
  if (process.env.CI === 'true') throw new Error(`differential tests need Open vSwitch: ${reason}`);
  console.warn(`skipped, no Open vSwitch to compare with: ${reason}`);
  return false;
}

export class OvsOracle {
  readonly dir: string;
  private readonly keeper: ChildProcess;
  private readonly env: NodeJS.ProcessEnv;
  private socket: Socket | null = null;
  private received = '';
  private nextId = 0;
  private waiting: ((reply: OracleReply) => void) | null = null;
  private failed: ((error: Error) => void) | null = null;

  private constructor(dir: string) {
    this.dir = dir;
    this.env = {
      PATH,
      OVS_RUNDIR: dir,
      OVS_LOGDIR: dir,
      OVS_DBDIR: dir,
      OVS_SYSCONFDIR: dir,
      OVS_CTL_TIMEOUT: '30',
    };
    this.keeper = spawn('sh', ['-c', KEEPER], { cwd: dir, env: this.env, stdio: ['pipe', 'ignore', 'ignore'] });
  }

  static async start(): Promise<OvsOracle> {
    const oracle = new OvsOracle(mkdtempSync(join(tmpdir(), 'ovs-oracle-')));
    try {
      await oracle.connectUnixctl();
      // Nothing happens by itself: no revalidation, no aging.
      await oracle.appctl('time/stop');
      return oracle;
    } catch (error) {
      await oracle.stop();
      throw error;
    }
  }

  /** Runs one of OVS's tools against this instance. */
  run(tool: string, args: readonly string[], input = ''): OracleResult {
    const done = spawnSync(tool, args, { cwd: this.dir, env: this.env, input, encoding: 'utf8', maxBuffer: 1 << 28 });
    // A tool that ends before it has read its input is no mishap.
    if (done.error !== undefined && (done.error as NodeJS.ErrnoException).code !== 'EPIPE') throw done.error;
    return { stdout: done.stdout, stderr: done.stderr, exitCode: done.status ?? -1 };
  }

  /** As run(), for commands that must succeed. */
  must(tool: string, args: readonly string[], input = ''): string {
    const result = this.run(tool, args, input);
    if (result.exitCode !== 0) throw new Error(`${tool} ${args.join(' ')}: ${result.stderr}`);
    return result.stdout;
  }

  /** A command of ovs-appctl, over the socket it would use: twenty times faster than a process for each. */
  appctl(command: string, ...args: readonly string[]): Promise<OracleReply> {
    return new Promise((resolve, reject) => {
      if (this.waiting !== null || this.socket === null) {
        reject(new Error('one command at a time'));
        return;
      }
      this.waiting = resolve;
      this.failed = reject;
      this.socket.write(JSON.stringify({ id: this.nextId++, method: command, params: args }));
    });
  }

  /** Deletes all bridges and settings, so that one instance serves many cases. */
  clear(): void {
    const bridges = this.must('ovs-vsctl', ['list-br']).split('\n').filter(Boolean);
    if (bridges.length === 0) return;
    this.must('ovs-vsctl', [
      '--all',
      'destroy',
      'Flow_Sample_Collector_Set',
      ...['--', 'clear', 'Open_vSwitch', '.', 'other_config'],
      ...bridges.flatMap((bridge) => ['--', 'del-br', bridge]),
    ]);
  }

  async stop(): Promise<void> {
    this.socket?.destroy();
    const ended = new Promise<void>((resolve) => {
      if (this.keeper.exitCode !== null) resolve();
      else this.keeper.once('exit', () => resolve());
    });
    this.keeper.stdin?.end();
    await ended;
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async connectUnixctl(): Promise<void> {
    for (let tries = 0; ; tries++) {
      const socket = await this.tryConnect();
      if (socket !== null) {
        this.socket = socket;
        break;
      }
      if (tries === 200 || this.keeper.exitCode !== null) throw new Error(`ovs-vswitchd did not start in ${this.dir}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.socket.setEncoding('utf8');
    this.socket.on('data', (text: string) => this.receive(text));
    this.socket.on('error', (error) => this.failed?.(error));
    this.socket.on('close', () => this.failed?.(new Error('ovs-vswitchd closed the connection')));
  }

  private tryConnect(): Promise<Socket | null> {
    const pidFile = join(this.dir, 'ovs-vswitchd.pid');
    if (!existsSync(pidFile)) return Promise.resolve(null);
    const path = join(this.dir, `ovs-vswitchd.${readFileSync(pidFile, 'utf8').trim()}.ctl`);
    if (!existsSync(path)) return Promise.resolve(null);
    return new Promise((resolve) => {
      const socket = connect(path);
      socket.once('connect', () => {
        socket.removeAllListeners('error');
        resolve(socket);
      });
      socket.once('error', () => resolve(null));
    });
  }

  /** JSON objects follow each other without a separator; one command at a time makes each chunk's end findable. */
  private receive(text: string): void {
    this.received += text;
    let message: { readonly result?: unknown; readonly error?: unknown };
    try {
      message = JSON.parse(this.received) as typeof message;
    } catch {
      return;
    }
    this.received = '';
    const resolve = this.waiting;
    this.waiting = null;
    this.failed = null;
    const ok = message.error === null || message.error === undefined;
    resolve?.({ ok, text: String(ok ? message.result : message.error) });
  }
}
