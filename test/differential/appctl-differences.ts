/** The same commands of ovs-appctl to real OVS and to ours, on one and the same two bridges. */
import type { OvsOracle } from '../support/ovs-oracle.js';
import { OurSwitch } from './bridge/our-switch.js';
import { RealSwitch } from './bridge/switch.js';

export const APPCTL_SETUP = [
  ...['add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath-type=dummy', 'fail-mode=secure'],
  ...['--', 'add-br', 'br1', '--', 'set', 'Bridge', 'br1', 'datapath-type=dummy'],
  ...['--', 'add-port', 'br0', 'p1', '--', 'set', 'Interface', 'p1', 'type=dummy', 'ofport_request=1'],
  ...['--', 'add-port', 'br0', 'p2', '--', 'set', 'Interface', 'p2', 'type=dummy', 'ofport_request=2'],
  ...['--', 'add-port', 'br0', 'p3', 'tag=10', '--', 'set', 'Interface', 'p3', 'type=dummy', 'ofport_request=3'],
  ...['--', 'add-port', 'br0', 'pa', '--', 'set', 'Interface', 'pa', 'type=patch', 'options:peer=pb'],
  ...['--', 'add-port', 'br1', 'pb', '--', 'set', 'Interface', 'pb', 'type=patch', 'options:peer=pa'],
  ...['--', 'add-port', 'br0', 'vx', '--', 'set', 'Interface', 'vx', 'type=vxlan', 'ofport_request=9'],
  ...['options:remote_ip=flow', 'options:key=flow'],
];

export interface AppctlSession {
  /** Flows of br0. */
  readonly flows?: string;
  /** Files by name; `{name}` in an argument stands for the path. */
  readonly files?: Readonly<Record<string, string>>;
  /** What is known to differ, taken out of both answers. */
  readonly comparable?: (text: string) => string;
}

/** Commands in order, to which the two answer differently; what one changes the next sees. */
export async function appctlDifferences(
  oracle: OvsOracle,
  commands: readonly (readonly string[])[],
  session: AppctlSession = {},
): Promise<string> {
  const theirs = new RealSwitch(oracle);
  const ours = new OurSwitch();
  for (const target of [theirs, ours]) {
    target.clear();
    target.vsctl(APPCTL_SETUP);
    await target.ofctl(['add-flows', 'br0', '-'], session.flows ?? 'actions=NORMAL\n');
  }
  const files = Object.entries(session.files ?? {});
  const ask = async (target: RealSwitch | OurSwitch, [command, ...args]: readonly string[]): Promise<string> => {
    const paths = new Map(files.map(([name, text]) => [`{${name}}`, target.write(name, text)]));
    const reply = await target.appctl(command!, ...args.map((arg) => paths.get(arg) ?? arg));
    const text = (session.comparable ?? ((same) => same))(comparable(reply.text));
    return `${reply.ok ? 'ok' : 'error'}: ${text}`;
  };
  const found: string[] = [];
  for (const command of commands) {
    const expected = await ask(theirs, command);
    const actual = await ask(ours, command);
    if (actual !== expected) found.push(`${command.join(' ')}\nreal OVS ${expected}\nUpcall ${actual}`);
    // Real OVS looks at its ports between commands.
    for (let i = 0; i < 12; i++) await theirs.appctl('version');
  }
  return found.join('\n');
}

/**
 * Floods go out in the order of hash tables over memory addresses, and which addresses were seen last depends on when a
 * revalidator counted their packets.
 */
function comparable(text: string): string {
  const sorted = (lines: string): string =>
    lines
      .split('\n')
      .map((line) => line.trim())
      .sort()
      .join('\n');
  const plain = text.replace(/(?<=[Aa]ctions: ?)[\d,a-z]+(?=$|\n)/gm, (ports) => ports.split(',').sort().join(','));
  return /^( port {2}VLAN|Flow: |[a-z]+,orig=)/.test(text) ? sorted(plain) : plain;
}
