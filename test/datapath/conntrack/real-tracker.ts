/**
 * Real OVS's connection tracker: a bridge where each port has its own row of ct actions, and where what comes out tells
 * the state, the mark, the label and the original tuple in its Ethernet header.
 */
import { ip4, ip6 } from '../../support/packet-builder.js';
import type { CtRequest, NatRange, NatRequest } from '#datapath/conntrack/ct-request.js';
import { RealSwitch } from '../../differential/bridge/switch.js';
import type { OvsOracle } from '../../support/ovs-oracle.js';
import { formatIpv4, formatIpv6 } from '#src/vswitchd/odp/address-text.js';

export type Pipeline = readonly Partial<CtRequest>[];

export interface RealResult {
  readonly state: number;
  readonly mark: number;
  readonly zone: number;
  /** The low 16 bits. */
  readonly label: number;
  /** From the EtherType on, in hexadecimal. */
  readonly rest: string;
  /** Original tuple of IPv4 in hexadecimal: addresses and ports. */
  readonly tuple: string | null;
}

function natText(nat: NatRequest): string {
  if (nat === 'restore') return 'nat';
  const address = (bytes: Uint8Array): string =>
    bytes.length === 4 ? formatIpv4(bytes, 0) : `[${formatIpv6(bytes, 0)}]`;
  let text = nat.kind === 'source' ? 'nat(src=' : 'nat(dst=';
  if (nat.minAddress !== null) text += address(nat.minAddress);
  if (nat.maxAddress !== null) text += `-${address(nat.maxAddress)}`;
  if (nat.minPort !== null) text += `:${nat.minPort}`;
  if (nat.maxPort !== null) text += `-${nat.maxPort}`;
  return `${text})`;
}

/** The action as ovs-ofctl reads it. */
export function ctActionText(request: Partial<CtRequest>, table: number): string {
  const parts = [`table=${table}`, `zone=${request.zone ?? 0}`];
  if (request.commit || request.force) parts.push('commit');
  if (request.force) parts.push('force');
  if (request.nat) parts.push(natText(request.nat));
  if (request.helper) parts.push(`alg=${request.helper}`);
  const exec: string[] = [];
  if (request.mark) exec.push(`set_field:${request.mark.value}/${request.mark.mask}->ct_mark`);
  if (request.label) {
    const hexOf = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;
    exec.push(`set_field:${hexOf(request.label.value)}/${hexOf(request.label.mask)}->ct_label`);
  }
  if (exec.length > 0) parts.push(`exec(${exec.join(',')})`);
  return `ct(${parts.join(',')})`;
}

export function natTo(kind: 'source' | 'destination', address: string | null, ports: number[] = []): NatRange {
  const bytes = address === null ? null : address.includes(':') ? ip6(address) : ip4(address);
  return {
    kind,
    minAddress: bytes,
    maxAddress: null,
    minPort: ports[0] ?? null,
    maxPort: ports[1] ?? null,
    selection: null,
    isPersistent: false,
  };
}

const OUT = 99;

export class RealTracker {
  private readonly real: RealSwitch;

  constructor(oracle: OvsOracle) {
    this.real = new RealSwitch(oracle);
  }

  /** Port p1 runs the first pipeline, p2 the second, and so on. */
  setUp(pipelines: readonly Pipeline[], hasTuples = true): void {
    this.real.clear();
    const ports = [...pipelines.map((_, i) => i + 1), OUT].flatMap((n) => [
      '--',
      'add-port',
      'br0',
      `p${n}`,
      '--',
      'set',
      'Interface',
      `p${n}`,
      'type=dummy',
      `ofport_request=${n}`,
      ...(n === OUT ? [`options:tx_pcap={dir}/p${n}.pcap`] : []),
    ]);
    this.real.vsctl([
      'add-br',
      'br0',
      '--',
      'set',
      'bridge',
      'br0',
      'datapath-type=dummy',
      'fail-mode=secure',
      ...ports,
    ]);
    const flows: string[] = [];
    for (const [i, pipeline] of pipelines.entries()) {
      for (const [table, request] of pipeline.entries()) {
        const next = table === pipeline.length - 1 ? 90 : table + 1;
        const nat = request.nat ?? 'restore';
        const size = nat === 'restore' ? null : (nat.minAddress?.length ?? null);
        for (const family of size === null ? ['ip', 'ipv6'] : [size === 4 ? 'ip' : 'ipv6']) {
          const protocol = request.helper === 'ftp' ? ',nw_proto=6' : request.helper === 'tftp' ? ',nw_proto=17' : '';
          flows.push(`table=${table},in_port=${i + 1},${family}${protocol},actions=${ctActionText(request, next)}`);
        }
      }
    }
    const show =
      'move:NXM_NX_CT_STATE[]->NXM_OF_ETH_SRC[0..31],move:NXM_NX_CT_LABEL[0..15]->NXM_OF_ETH_SRC[32..47],' +
      `move:NXM_NX_CT_MARK[]->NXM_OF_ETH_DST[0..31],move:NXM_NX_CT_ZONE[]->NXM_OF_ETH_DST[32..47],output:${OUT}`;
    const tuple =
      'move:NXM_NX_CT_NW_SRC[]->NXM_OF_ETH_SRC[0..31],move:NXM_NX_CT_TP_SRC[]->NXM_OF_ETH_SRC[32..47],' +
      `move:NXM_NX_CT_NW_DST[]->NXM_OF_ETH_DST[0..31],move:NXM_NX_CT_TP_DST[]->NXM_OF_ETH_DST[32..47],output:${OUT}`;
    for (const protocol of hasTuples ? [6, 17] : []) {
      flows.push(`table=90,priority=2,ct_state=+trk-inv,ip,ct_nw_proto=${protocol},actions=${show},${tuple}`);
    }
    flows.push(`table=90,priority=1,actions=${show}`);
    this.real.ofctl(['add-flows', 'br0', '-'], flows.join('\n'));
  }

  async send(port: number, frame: Uint8Array): Promise<RealResult | null> {
    // Blanks make OVS allocate more than the frame needs: room for what FTP's helper puts in.
    await this.must('netdev-dummy/receive', `p${port}`, Buffer.from(frame).toString('hex') + ' '.repeat(256));
    await this.real.settle();
    const frames = this.real.transmitted(`p${OUT}`);
    const shown = frames[0];
    if (shown === undefined) return null;
    const bytes = Buffer.from(shown, 'hex');
    return {
      zone: bytes.readUInt16BE(0),
      mark: bytes.readUInt32BE(2),
      label: bytes.readUInt16BE(6),
      state: bytes.readUInt32BE(8),
      rest: shown.slice(24),
      // OVS does not move the tuple of an ICMP error: the second frame is then as the first.
      tuple: frames[1] === undefined || frames[1] === shown ? null : frames[1].slice(0, 24),
    };
  }

  /** All frames that come out of one, state and bytes from the EtherType on; for a bridge without tuples. */
  async sendAll(port: number, frame: Uint8Array): Promise<readonly string[]> {
    await this.must('netdev-dummy/receive', `p${port}`, Buffer.from(frame).toString('hex'));
    await this.real.settle();
    return this.real
      .transmitted(`p${OUT}`)
      .map((shown) => `${Number.parseInt(shown.slice(16, 24), 16)} ${shown.slice(24)}`);
  }

  async dump(...options: readonly string[]): Promise<readonly string[]> {
    const text = await this.must('dpctl/dump-conntrack', ...options);
    return text.split('\n').filter(Boolean).sort();
  }

  async must(command: string, ...args: readonly string[]): Promise<string> {
    const reply = await this.real.appctl(command, ...args);
    if (!reply.ok) throw new Error(`${command}: ${reply.text}`);
    return reply.text;
  }
}
