/**
 * Captures of a running scenario: what went in or out by a device or datapath port, as pcap with virtual time. Where the
 * scenario names no place, every network card and tap gets a file of its own.
 *
 * Deliberately nanosecond pcap: events of one simulation may lie closer than a microsecond.
 */
import type { ByteSink } from '../capture/byte-sink.js';
import { PcapWriter } from '../capture/pcap-writer.js';
import { Nic } from '../linux/device/nic.js';
import type { CaptureModel } from './model.js';
import type { Sighting } from './witness.js';
import type { World } from './world.js';

export type OpenCapture = (file: string) => ByteSink;

const NS_PER_SEC = 1e9;

/** `host1-eth0.pcap`. */
const fileOf = (at: string): string => `${at.replace(':', '-')}.pcap`;

export class Captures {
  private readonly world: World;
  private readonly open: OpenCapture;
  private readonly writers = new Map<string, PcapWriter>();

  constructor(world: World, open: OpenCapture) {
    this.world = world;
    this.open = open;
    const { captures } = world.scenario;
    // A place where nothing passes gets a capture of nothing, rather than none.
    for (const { at, file } of captures) this.writer(file ?? fileOf(at));
    world.witness.onSighting((sighting) => {
      if (sighting.kind !== 'receive' && sighting.kind !== 'transmit') return;
      if (captures.length === 0) this.captureAnywhere(sighting);
      else for (const capture of captures) this.captureAt(capture, sighting);
    });
  }

  private captureAt({ at, file, direction = 'both' }: CaptureModel, sighting: Sighting): void {
    const { place, kind } = sighting;
    if (place.namespace !== '' || `${place.host}:${place.device}` !== at) return;
    if (direction !== 'both' && (direction === 'in') !== (kind === 'receive')) return;
    this.write(file ?? fileOf(at), sighting);
  }

  private captureAnywhere(sighting: Sighting): void {
    const { host, device, namespace } = sighting.place;
    if (device === null || namespace !== '') return;
    if (this.world.host(host).device(device) instanceof Nic) this.write(fileOf(`${host}:${device}`), sighting);
  }

  private write(file: string, { atNs, frame }: Sighting): void {
    this.writer(file).write(Math.floor(atNs / NS_PER_SEC), atNs % NS_PER_SEC, frame);
  }

  private writer(file: string): PcapWriter {
    let writer = this.writers.get(file);
    if (writer === undefined) {
      writer = new PcapWriter(this.open(file), { resolution: 'ns' });
      this.writers.set(file, writer);
    }
    return writer;
  }
}
