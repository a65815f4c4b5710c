/** Values of other_config that spanning trees are set by, as OVS reads them (lib/smap.c, strtoul()). */
import { scanInteger } from '#src/openflow/number-text.js';

type Settings = ReadonlyMap<string, string>;

/** smap_get_ullong(): the preset stands for what is no number. */
export function wholeNumber(settings: Settings, name: string, preset: number): number {
  const text = settings.get(name);
  return text !== undefined && /^\s*[+-]?\d+$/.test(text) ? Number(BigInt.asUintN(64, BigInt(text.trim()))) : preset;
}

/** strtoul(): what stands at the start of the text, 0 where no number does. */
export function leadingNumber(text: string, base: 0 | 10): number {
  return Number(BigInt.asUintN(64, scanInteger(text, base).value));
}

/** smap_get_bool(). */
export function flag(settings: Settings, name: string, preset: boolean): boolean {
  const text = settings.get(name)?.toLowerCase();
  return text === undefined ? preset : preset ? text !== 'false' : text === 'true';
}

/** A bridge's address: the one that is asked for, if it is one, or else its own. */
export function bridgeAddress(settings: Settings, name: string, bridgeMac: Uint8Array): bigint {
  const text = settings.get(name);
  const given = text !== undefined && /^\s*[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/i.test(text) ? text.trim() : null;
  const digits = given?.split(':').map((byte) => byte.padStart(2, '0')) ?? [Buffer.from(bridgeMac).toString('hex')];
  return BigInt(`0x${digits.join('')}`);
}
