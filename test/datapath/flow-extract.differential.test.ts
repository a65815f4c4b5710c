/**
 * Key extraction against OVS itself: `ovs-ofctl parse-pcap` prints the flow of every frame of a capture. Frames are
 * well-formed ones of all kinds, then the same with bytes changed, cut and padded at random. Skipped where OVS is not
 * installed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FlowKey } from '#flowtable/flow-key.js';
import { extractFlow } from '#datapath/flow-extract.js';
import { SeededRng } from '#src/sim/rng.js';
import { requireOracle } from '../support/ovs-oracle.js';
import { allFrames } from '../support/frame-samples.js';
import { ip6, toHex } from '../support/packet-builder.js';

function pcap(frames: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(1, 20);
  const parts: Uint8Array[] = [header];
  for (const frame of frames) {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    parts.push(record, frame);
  }
  return Buffer.concat(parts);
}

const macAt = (key: FlowKey, offset: number): string =>
  Array.from(key.bytes.subarray(offset, offset + 6), (b) => b.toString(16).padStart(2, '0')).join(':');
const ip4At = (key: FlowKey, offset: number): string => key.bytes.subarray(offset, offset + 4).join('.');

/** The fields that both sides can be asked for, by the names that OVS prints. */
function ourFields(key: FlowKey): Map<string, string> {
  const type = key.u16(24);
  const proto = key.u8(27);
  const tci = key.u16(22);
  const isIp = type === 0x800 || type === 0x86dd;
  const fields = new Map<string, string>([
    ['dl_src', macAt(key, 14)],
    ['dl_dst', macAt(key, 8)],
    ['dl_vlan', String((tci & 0x1000) === 0 ? -1 : tci & 0xfff)],
    ['dl_vlan_pcp', String((tci & 0x1000) === 0 ? -1 : tci >>> 13)],
    ['dl_vlan1', String((key.u16(66) & 0x1000) === 0 ? -1 : key.u16(66) & 0xfff)],
  ]);
  if (type === 0x800) fields.set('nw_src', ip4At(key, 32)).set('nw_dst', ip4At(key, 36));
  if (isIp) {
    fields.set('nw_tos', String(key.u8(28) & 0xfc)).set('nw_ecn', String(key.u8(28) & 3));
    fields.set('nw_ttl', String(key.u8(29))).set('nw_frag', ['no', 'first', '', 'later'][key.u8(26)]!);
  }
  fields.set('dl_type', `0x${type.toString(16).padStart(4, '0')}`);
  const hexAt = (offset: number): string => toHex(key.bytes.subarray(offset, offset + 16));
  if (type === 0x86dd) fields.set('ipv6_src', hexAt(80)).set('ipv6_dst', hexAt(96));
  if (type === 0x86dd) fields.set('ipv6_label', `0x${key.u32(112).toString(16).padStart(5, '0')}`);
  if (isIp && (proto === 6 || proto === 17 || proto === 132)) {
    fields.set('tp_src', String(key.u16(40))).set('tp_dst', String(key.u16(42)));
  }
  if ((type === 0x800 && proto === 1) || (type === 0x86dd && proto === 58)) {
    fields.set('icmp_type', String(key.u16(40))).set('icmp_code', String(key.u16(42)));
  }
  if (type === 0x806) {
    fields.set('arp_spa', ip4At(key, 32)).set('arp_tpa', ip4At(key, 36)).set('arp_op', String(proto));
    fields.set('arp_sha', macAt(key, 132)).set('arp_tha', macAt(key, 138));
  }
  const isNd = type === 0x86dd && proto === 58 && (key.u16(40) === 135 || key.u16(40) === 136);
  if (isNd && key.u16(42) === 0) fields.set('nd_target', hexAt(116));
  if (isNd && key.u16(42) === 0) fields.set('nd_sll', macAt(key, 132)).set('nd_tll', macAt(key, 138));
  if (type === 0x8847 || type === 0x8848) {
    fields.set('mpls_label', String(key.u32(68) >>> 12)).set('mpls_ttl', String(key.u32(68) & 0xff));
    fields.set('mpls_lse1', String(key.u32(72)));
  }
  return fields;
}

const ADDRESSES6 = ['ipv6_src', 'ipv6_dst', 'nd_target'];

/**
 * What OVS said, for the names of `wanted`. It leaves out a tag that is not there, a type that
 * has a name, and the ports of later fragments.
 */
function theirFields(line: string, wanted: ReadonlyMap<string, string>): Map<string, string> {
  const said = new Map(line.split(',').map((part) => [part.split('=')[0]!, part.split('=')[1] ?? ''] as const));
  const fields = new Map<string, string>();
  for (const name of wanted.keys()) {
    const value = said.get(name);
    if (name.startsWith('dl_vlan')) fields.set(name, value ?? '-1');
    else if (name === 'mpls_lse1') fields.set(name, value ?? '0');
    else if (ADDRESSES6.includes(name)) fields.set(name, toHex(ip6(value ?? '::')));
    else if (name === 'dl_type') fields.set(name, value ?? wanted.get(name)!);
    else if (/^(tp_|icmp_)/.test(name)) fields.set(name, value ?? '0');
    else fields.set(name, value ?? 'absent');
  }
  return fields;
}

function frames(): Uint8Array[] {
  const rng = new SeededRng(7);
  const samples = allFrames().map((sample) => sample.frame);
  const all = [...samples];
  for (let round = 0; round < 60; round++) {
    for (const sample of samples) {
      const frame = sample.slice(0, rng.nextBelow(4) === 0 ? 14 + rng.nextBelow(sample.length - 13) : sample.length);
      const changes = rng.nextBelow(4);
      for (let i = 0; i < changes; i++) frame[12 + rng.nextBelow(Math.min(frame.length - 12, 60))] = rng.nextBelow(256);
      all.push(frame);
    }
  }
  return all;
}

describe.skipIf(!requireOracle())('key extraction agrees with ovs-ofctl parse-pcap', () => {
  it('on well-formed, cut and changed frames of all kinds', () => {
    const folder = mkdtempSync(join(tmpdir(), 'extract-'));
    try {
      const all = frames();
      const file = join(folder, 'frames.pcap');
      writeFileSync(file, pcap(all));
      const lines = execFileSync('ovs-ofctl', ['parse-pcap', file], { encoding: 'utf8', maxBuffer: 1 << 28 })
        .trimEnd()
        .split('\n');
      expect(lines.length).toBe(all.length);
      const differing: unknown[] = [];
      all.forEach((frame, i) => {
        const ours = ourFields(extractFlow(frame));
        const theirs = theirFields(lines[i]!, ours);
        for (const [name, value] of ours) {
          if (theirs.get(name) !== value) {
            differing.push({
              name,
              ours: value,
              theirs: theirs.get(name),
              line: lines[i],
              frame: Buffer.from(frame).toString('hex'),
            });
          }
        }
      });
      expect(differing.slice(0, 5)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
