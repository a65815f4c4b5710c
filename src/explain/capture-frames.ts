/**
 * The frames of a capture and the ports they come in by: the n-th source MAC address that appears comes in by the n-th
 * port that stands for a device, round and round, as `upcall replay` spreads them; or all by the one that is named.
 */
import { fileSource } from '#src/capture/byte-source.js';
import { readCaptureFrom } from '#src/capture/capture-reader.js';
import type { CapturedFrames } from '#src/capture/capture-arena.js';
import { loadCapture } from '#src/capture/load-capture.js';
import { UserError } from '#src/report/user-error.js';
import type { SwitchPort } from '#src/vswitchd/bundle.js';
import type { PreparedSwitch } from './switch-setup.js';

/** Throws UserError for what is no capture, or has no frame of Ethernet. */
export async function readFrames(path: string): Promise<CapturedFrames> {
  const { frames } = await loadCapture(readCaptureFrom(await fileSource(path)));
  if (frames.count === 0) throw new UserError('has no frame that a switch could take', { file: path });
  return frames;
}

/** Ports that frames of a capture can come in by, bridge by bridge, by number. */
export function devicePorts({ vswitchd }: PreparedSwitch): readonly SwitchPort[] {
  return vswitchd
    .bridgeNames()
    .flatMap((name) =>
      [...vswitchd.bridgeNamed(name)!.ports.values()]
        .filter(({ odpPort, tunnel, type }) => odpPort !== null && tunnel === null && type !== 'internal')
        .sort((a, b) => a.ofPort - b.ofPort),
    );
}

export class PortSpread {
  private readonly ports: readonly SwitchPort[];
  private readonly bySource = new Map<string, SwitchPort>();

  /** inPort: the name of the one port, or its OpenFlow number where one port only has it. */
  constructor(prepared: PreparedSwitch, inPort: string | undefined) {
    const ports = devicePorts(prepared);
    if (ports.length === 0) {
      throw new UserError('the switch has no port that frames can come in by', {
        hint: 'ovs-vsctl add-port br0 p1 -- set Interface p1 type=dummy makes one on a bridge of datapath_type=dummy',
      });
    }
    if (inPort === undefined) {
      this.ports = ports;
      return;
    }
    const named = ports.filter(({ name, ofPort }) => name === inPort || String(ofPort) === inPort);
    if (named.length !== 1) {
      const problem = named.length === 0 ? 'there is no such port' : 'several ports have that number';
      throw new UserError(`--in-port ${inPort}: ${problem}`, { hint: ports.map(({ name }) => name).join(', ') });
    }
    this.ports = named;
  }

  /** The port that the frame comes in by. */
  portFor(frame: Uint8Array): SwitchPort {
    if (this.ports.length === 1) return this.ports[0]!;
    const source = Buffer.from(frame.subarray(6, 12)).toString('latin1');
    let port = this.bySource.get(source);
    if (port === undefined) {
      port = this.ports[this.bySource.size % this.ports.length]!;
      this.bySource.set(source, port);
    }
    return port;
  }
}
