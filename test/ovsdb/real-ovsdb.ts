/**
 * A throw-away ovsdb-server with the real Open_vSwitch schema, in a folder of its own: the judge of the differential
 * tests. Without Open vSwitch on the machine those tests are skipped, with a reason; under CI they fail instead.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandOutput } from '#src/report/command-output.js';

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

function isInstalled(): boolean {
  return ['ovs-vsctl', 'ovsdb-server', 'ovsdb-tool', 'ovsdb-client'].every(
    (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}

/** Whether to run differential tests. */
export function hasRealOvsdb(): boolean {
  if (isInstalled()) return true;
  if (process.env.CI === 'true') throw new Error('Open vSwitch is not installed, and CI=true forbids skipping');
  console.warn('skipped: ovs-vsctl and ovsdb-server are not installed (Debian: openvswitch-switch)');
  return false;
}

export class RealOvsdb {
  private readonly folder = mkdtempSync(join(tmpdir(), 'ovsdb-'));
  private readonly socket = `unix:${join(this.folder, 'db.sock')}`;
  private readonly env = {
    ...process.env,
    OVS_RUNDIR: this.folder,
    OVS_LOGDIR: this.folder,
    OVS_DBDIR: this.folder,
    OVS_SYSCONFDIR: this.folder,
    OVS_SYSLOG_METHOD: 'null',
  };

  constructor() {
    const database = join(this.folder, 'conf.db');
    execFileSync('ovsdb-tool', ['create', database, SCHEMA], { env: this.env });
    const remote = `--remote=p${this.socket}`;
    execFileSync('ovsdb-server', [database, '--detach', '--no-chdir', '--pidfile', '-vconsole:off', remote], {
      env: this.env,
    });
    this.vsctl(['--no-wait', 'init']);
  }

  vsctl(args: readonly string[]): CommandOutput {
    const { stdout, stderr, status } = spawnSync('ovs-vsctl', args, { env: this.env, encoding: 'utf8' });
    return { stdout, stderr, exitCode: status ?? -1 };
  }

  /** The results of a transaction, as JSON. */
  transact(operations: readonly unknown[]): unknown {
    const transaction = JSON.stringify(['Open_vSwitch', ...operations]);
    return JSON.parse(
      execFileSync('ovsdb-client', ['transact', this.socket, transaction], { env: this.env, encoding: 'utf8' }),
    );
  }

  stop(): void {
    process.kill(Number(readFileSync(join(this.folder, 'ovsdb-server.pid'), 'utf8')));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
