/**
 * One of the two sides of a comparison: a running switch that takes frames and says what became of each.
 *
 * Invariant: frames go through the datapath as they would in a replay, with all its caches: what is compared is what the
 * switch does, not what its tables say.
 */
import { Datapath } from '#datapath/datapath.js';
import { extractFlow } from '#datapath/flow-extract.js';
import { type FlowKey, KEY_WORDS, OFF_IN_PORT, OFF_VLAN_TCI, OFF_VLAN_TPID, SHAPE_WORD } from '#flowtable/flow-key.js';
import { FlowKey as Key } from '#flowtable/flow-key.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import { UserError } from '#src/report/user-error.js';
import type { SwitchPort } from '#src/vswitchd/bundle.js';
import { devicePorts } from '../capture-frames.js';
import { describePart, partsOf } from '../key-parts.js';
import type { PreparedSwitch } from '../switch-setup.js';

export interface FrameFate {
  /** `drop`, or the ports that the frame left by, each with what was changed: `p2 with dl_vlan=5`. */
  readonly text: string;
  /** All that left, to the byte. */
  readonly bytes: string;
}

export class Side {
  readonly name: string;
  readonly prepared: PreparedSwitch;
  private readonly ports: ReadonlyMap<string, SwitchPort>;
  private readonly watched = new Set<Datapath>();
  private sent: { readonly port: string; readonly frame: Uint8Array }[] = [];

  constructor(name: string, prepared: PreparedSwitch) {
    this.name = name;
    this.prepared = prepared;
    this.ports = new Map(devicePorts(prepared).map((port) => [port.name, port]));
  }

  /** Throws UserError where the side has no such port. */
  port(name: string): SwitchPort {
    const port = this.ports.get(name);
    if (port !== undefined) return port;
    throw new UserError(`has no port ${name} that frames can come in by`, { file: this.name });
  }

  /** The key of a frame that comes in by the port, as the bridge's tables see it. */
  keyOf(frame: Uint8Array, portName: string): FlowKey {
    const metadata = new Key();
    metadata.setU32(OFF_IN_PORT, this.port(portName).ofPort);
    return extractFlow(frame, metadata, this.prepared.vswitchd.vlanLimit);
  }

  receive(frame: Uint8Array, portName: string, timeNs: number): FrameFate {
    const { scheduler } = this.prepared.machine;
    scheduler.runUntil(Math.max(scheduler.nowNs(), timeNs));
    const { dpif, odpPort } = this.port(portName);
    if (!(dpif instanceof Datapath) || odpPort === null) throw new Error(`${portName} is of no datapath of ours`);
    this.watch(dpif);
    this.sent = [];
    dpif.receive(odpPort, frame);
    // Upcalls are handled by an event of this instant.
    scheduler.runDue();
    const parts = this.sent.map(({ port, frame: left }) => port + this.changes(frame, left)).sort();
    const bytes = this.sent.map(({ port, frame: left }) => `${port} ${Buffer.from(left).toString('latin1')}`).sort();
    return { text: parts.length === 0 ? 'drop' : parts.join(', '), bytes: bytes.join('|') };
  }

  private watch(datapath: Datapath): void {
    if (this.watched.has(datapath)) return;
    this.watched.add(datapath);
    datapath.observe({
      transmitted: (port, frame) => {
        this.sent.push({ port: datapath.portGet(port)?.name ?? `port ${port}`, frame: frame.slice() });
      },
      dropped: () => undefined,
    });
  }

  private changes(before: Uint8Array, after: Uint8Array): string {
    const a = extractFlow(before);
    const b = extractFlow(after);
    const differing = new Key();
    for (let i = 0; i < KEY_WORDS; i++) if (i !== SHAPE_WORD) differing.words[i] = a.words[i]! ^ b.words[i]!;
    const whole = new Key();
    whole.words.fill(-1);
    const parts = partsOf(differing);
    const hasTag = parts.some(({ offset }) => offset === OFF_VLAN_TCI);
    // A tag that comes or goes is told by its VLAN.
    const told = hasTag ? parts.filter(({ offset }) => offset !== OFF_VLAN_TPID) : parts;
    const texts = told.map((part) => describePart(part, b, whole, NO_PORT_NAMES));
    return texts.length === 0 ? '' : ` with ${texts.join(',')}`;
  }
}
