/** What Interface:bfd asks for (ovs-vswitchd.conf.db(5), "BFD Configuration"). Mirrors bfd_configure() of lib/bfd.c. */
import { type RowOptions, integerOption, isOptionTrue } from '../row-options.js';

const DEFAULT_MULTIPLIER = 3;
const DEFAULT_MIN_TX_MS = 100;
const DEFAULT_MIN_RX_MS = 1000;
const DEFAULT_SOURCE = Uint8Array.of(169, 254, 1, 1);
const DEFAULT_DESTINATION = Uint8Array.of(169, 254, 1, 0);

export interface BfdSettings {
  readonly multiplier: number;
  /** Do packets that leave by a tunnel have its OAM flag? */
  readonly isOam: boolean;
  /** Take only packets whose tunnel has the key 0. */
  readonly checksTunnelKey: boolean;
  readonly minTxMs: number;
  readonly minRxMs: number;
  /** 0: never. */
  readonly decayMinRxMs: number;
  readonly isConcatenatedPathDown: boolean;
  readonly forwardsIfReceiving: boolean;
  /** Null: that of the port. */
  readonly localSource: Uint8Array | null;
  /** Null: BFD's own. */
  readonly localDestination: Uint8Array | null;
  /** Null: any. */
  readonly remoteDestination: Uint8Array | null;
  readonly ipSource: Uint8Array;
  /** Is it the preset, which does not say to whom packets must be addressed? */
  readonly hasPresetSource: boolean;
  readonly ipDestination: Uint8Array;
}

/** Null without BFD. */
export function bfdSettings(options: RowOptions): BfdSettings | null {
  if (!isOptionTrue(options, 'enable')) return null;
  const multiplier = integerOption(options, 'mult', DEFAULT_MULTIPLIER);
  const minRxMs = Math.max(1, integerOption(options, 'min_rx', DEFAULT_MIN_RX_MS));
  const decayMinRxMs = integerOption(options, 'decay_min_rx', 0);
  const ipSource = ipOption(options, 'bfd_src_ip', DEFAULT_SOURCE);
  return {
    multiplier: multiplier < 1 || multiplier > 255 ? DEFAULT_MULTIPLIER : multiplier,
    isOam: isOptionTrue(options, 'oam'),
    checksTunnelKey: isOptionTrue(options, 'check_tnl_key'),
    minTxMs: Math.max(1, integerOption(options, 'min_tx', DEFAULT_MIN_TX_MS)),
    minRxMs,
    decayMinRxMs,
    isConcatenatedPathDown: isOptionTrue(options, 'cpath_down'),
    forwardsIfReceiving: isOptionTrue(options, 'forwarding_if_rx'),
    localSource: macOption(options, 'bfd_local_src_mac'),
    localDestination: macOption(options, 'bfd_local_dst_mac'),
    remoteDestination: macOption(options, 'bfd_remote_dst_mac'),
    ipSource,
    hasPresetSource: Buffer.compare(ipSource, DEFAULT_SOURCE) === 0,
    ipDestination: ipOption(options, 'bfd_dst_ip', DEFAULT_DESTINATION),
  };
}

function macOption(options: RowOptions, name: string): Uint8Array | null {
  const text = options.get(name);
  if (text === undefined || !/^([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i.test(text)) return null;
  const mac = Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
  return mac.every((byte) => byte === 0) ? null : mac;
}

function ipOption(options: RowOptions, name: string, preset: Uint8Array): Uint8Array {
  const text = options.get(name);
  if (text === undefined || !/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return preset;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : preset;
}
