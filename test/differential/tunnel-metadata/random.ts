/** Random maps of tunnel options, rules that use them, packets with them, and frames of each kind of tunnel. */
import { buildErspan, erspanHeaderSize } from '#datapath/packet/erspan.js';
import { buildGeneve, buildGeneveOptions, GENEVE_PROTO_ETHERNET } from '#datapath/packet/geneve.js';
import { buildGtpu } from '#datapath/packet/gtpu.js';
import { hex } from '../../support/packet-builder.js';
import { eth, toHex } from '../../support/packet-builder.js';
import type { Dice } from '../dice.js';

/** An option of a map. */
export interface Mapping {
  readonly index: number;
  readonly optionClass: number;
  readonly type: number;
  readonly size: number;
}

const CLASSES = [0xffff, 0x102, 1];
const INDEXES = [0, 1, 2, 3, 40, 63];
const SIZES = [0, 4, 4, 8, 8, 12, 20];

const text = ({ index, optionClass, type, size }: Mapping): string =>
  `{class=0x${optionClass.toString(16)},type=0x${type.toString(16)},len=${size}}->tun_metadata${index}`;

export function randomMappings(dice: Dice): readonly Mapping[] {
  return dice.some(INDEXES, 1, 5).map((index, i) => ({
    index,
    optionClass: dice.pick(CLASSES),
    type: dice.chance(0.2) ? 0x80 | i : i,
    size: dice.pick(SIZES),
  }));
}

export const mapText = (mappings: readonly Mapping[]): string => mappings.map(text).join(',');

/** Commands that change a map, with mistakes: bad lengths and indexes, options that are there or in use. */
export function mapCommands(dice: Dice, mappings: readonly Mapping[]): readonly (readonly string[])[] {
  const wrong = (): string =>
    text({
      index: dice.pick([...INDEXES, 64, 7]),
      optionClass: dice.pick(CLASSES),
      type: dice.below(5),
      size: dice.pick([...SIZES, 5, 128, 124, 124]),
    });
  return [
    ['add-tlv-map', 'int-br', wrong()],
    ['add-tlv-map', 'int-br', `${wrong()},${wrong()}`],
    ['del-tlv-map', 'int-br', dice.chance(0.3) ? text(dice.pick(mappings)) : wrong()],
    dice.chance(0.2) ? ['del-tlv-map', 'int-br'] : ['dump-tlv-map', 'int-br'],
    ['dump-tlv-map', 'int-br'],
  ];
}

function number(dice: Dice, size: number): string {
  if (size === 0 || dice.chance(0.2)) return '0';
  return `0x${Array.from({ length: size }, () => dice.pick([0, 1, 5, 0x7f, 0xff]).toString(16).padStart(2, '0')).join('')}`;
}

/** No bits outside the mask: the real tool's answer to those is a page of bytes. */
function masked(dice: Dice, size: number): string {
  const mask = BigInt(number(dice, size));
  return `0x${(BigInt(number(dice, size)) & mask).toString(16)}/0x${mask.toString(16)}`;
}

function term(dice: Dice, mapping: Mapping | undefined): string {
  const { index, size } = mapping ?? { index: 5, size: 4 };
  const shape = dice.below(4);
  if (shape === 0) return `tun_metadata${index}`;
  if (shape === 1) return `tun_metadata${index}=${masked(dice, size)}`;
  return `tun_metadata${index}=${number(dice, dice.chance(0.9) ? size : size + 2)}`;
}

const bits = ({ size }: Mapping): number => 8 * size;

/** Reads only what the match has seen: what stands where there is no option is nobody's business. */
function action(dice: Dice, mappings: readonly Mapping[], seen: Mapping | undefined): string {
  const to = dice.pick(mappings);
  const field = `tun_metadata${to.index}`;
  // Some bits of an option are written only where there are others.
  const whole = to === seen ? '' : `set_field:${number(dice, to.size)}->${field},`;
  const wide = seen !== undefined && bits(seen) >= 32 ? seen : undefined;
  switch (dice.below(9)) {
    case 0:
      return `set_field:${number(dice, to.size)}->${field}`;
    case 1:
      return `${whole}set_field:${masked(dice, to.size)}->${field}`;
    case 2:
      return `${whole}load:${dice.below(16)}->${field}[${dice.pick(['0..3', '4..11', '28..31', '60..63'])}]`;
    case 3:
      return `delete_field:${field}`;
    case 4:
      return wide === undefined ? 'set_field:9->reg3' : `move:tun_metadata${wide.index}[0..31]->reg0[]`;
    case 5:
      return `${whole}move:reg0[0..7]->${field}[${dice.pick(['0..7', '8..15'])}]`;
    case 6:
      return wide === undefined ? 'note:01' : `push:tun_metadata${wide.index}[0..15],pop:reg1[0..15]`;
    case 7:
      return `learn(table=9,priority=7,${field}[0..7]=reg0[0..7],load:reg0[0..7]->${field}[8..15])`;
    default:
      return dice.pick([
        'resubmit(,1)',
        'clone(set_field:5->tun_id,output:10)',
        'ct(table=2)',
        'set_field:0x1/1->tun_flags',
      ]);
  }
}

/** Not GTP-U's: real OVS dies where another output comes after it. */
const OUTPUTS = [2, 3, 4, 6, 10];

export function randomRules(dice: Dice, mappings: readonly Mapping[], count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const table = dice.pick([0, 0, 1, 2]);
    const seen = dice.chance(0.6) ? dice.pick(mappings) : undefined;
    const other = dice.chance(0.05) ? undefined : mappings.find((one) => one !== seen && dice.chance(0.3));
    const terms = [
      `table=${table}`,
      `priority=${100 + i}`,
      ...(seen === undefined ? [] : [term(dice, seen)]),
      ...(other === undefined && !dice.chance(0.03) ? [] : [term(dice, other)]),
      ...(dice.chance(0.3) ? [dice.pick(['in_port=2', 'in_port=10', 'ip', 'tun_id=7', 'reg0=1'])] : []),
    ];
    const actions = Array.from({ length: dice.below(4) }, () => action(dice, mappings, seen));
    const open = table === 0 ? actions : actions.filter((one) => !/resubmit|ct\(/.test(one));
    return `${terms.join(',')},actions=${[...open, 'set_field:1.1.2.92->tun_dst', `output:${dice.pick(OUTPUTS)}`].join(',')}`;
  });
}

/** Options as a datapath flow writes them: of the map, of others, and some that no switch takes. */
function options(dice: Dice, mappings: readonly Mapping[]): string {
  const known = dice.some(mappings, 0, 3).map(({ optionClass, type, size }) => {
    const length = dice.chance(0.05) ? size + 4 : size;
    return `{class=0x${optionClass.toString(16)},type=0x${type.toString(16)},len=${length}${length === 0 ? '' : `,${number(dice, length)}`}}`;
  });
  const foreign = `{class=0x9,type=${dice.chance(0.1) ? '0x81' : '0x3'},len=4,0x7}`;
  return (dice.chance(0.3) ? [foreign, ...known] : known).join('');
}

const INNER_ODP =
  'eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x0800),ipv4(src=192.168.0.1,dst=10.0.0.2,proto=1,tos=0,ttl=64,frag=no),icmp(type=8,code=0)';

export function randomTrace(dice: Dice, mappings: readonly Mapping[]): readonly string[] {
  if (dice.chance(0.6)) {
    const tunnel = `tun_id=0x7,src=1.1.2.92,dst=1.1.2.88,ttl=64,tp_src=9,tp_dst=6081,geneve(${options(dice, mappings)})`;
    const flow = `recirc_id(0),tunnel(${tunnel},flags(${dice.pick(['key', 'csum|key'])})),in_port(6081),${INNER_ODP}`;
    return ['ofproto/trace', 'ovs-dummy', flow, ...(dice.chance(0.3) ? ['-generate'] : [])];
  }
  const fields = dice
    .some(mappings, 0, 2)
    .map(({ index, size }) => `tun_metadata${index}=${number(dice, dice.chance(0.9) ? size : size + 1)}`);
  const port = dice.pick(['2', '10', '10']);
  const tunnel = port === '2' ? ',tun_id=7,tun_src=1.1.2.92,tun_dst=1.1.2.88' : '';
  return ['ofproto/trace', 'int-br', [`in_port=${port}${tunnel}`, ...fields, 'ip'].join(',')];
}

const INNER = eth('50:54:00:00:00:05', '50:54:00:00:00:07')
  .ipv4('192.168.0.1', '10.0.0.2')
  .udp(5, 6)
  .payload(20)
  .bytes();

export const INNER_FRAME = toHex(INNER);

/** An outer frame to the underlay's address. */
function outer(protocol: 'udp' | 'gre', port: number, payload: Uint8Array): string {
  const ends = eth('f8:bc:12:44:34:b6', 'aa:55:aa:55:00:00').ipv4('1.1.2.92', '1.1.2.88', {
    ttl: 64,
    protocol: protocol === 'gre' ? 47 : 17,
  });
  return toHex((protocol === 'gre' ? ends : ends.udp(999, port, { checksum: 0 })).payload(payload).bytes());
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A frame of a tunnel: Geneve with options that fit the map or not, or are cut short; ERSPAN; GTP-U. */
export function randomFrame(dice: Dice, mappings: readonly Mapping[]): string {
  const kind = dice.below(10);
  if (kind < 6) {
    const list = dice.some(mappings, 0, 3).map(({ optionClass, type, size }) => ({
      optionClass,
      type,
      data: new Uint8Array(dice.chance(0.1) ? size + 4 : size).map(() => dice.pick([0, 1, 5, 0xff])),
    }));
    const encoded = buildGeneveOptions(
      dice.chance(0.2) ? [{ optionClass: 9, type: 3, data: hex('00000007') }, ...list] : list,
    );
    const header = new Uint8Array(8 + encoded.length);
    buildGeneve(header, 0, {
      isControl: dice.chance(0.2),
      isCritical: dice.chance(0.2),
      protocol: dice.chance(0.05) ? 0x800 : GENEVE_PROTO_ETHERNET,
      vni: 7,
      options: encoded,
    });
    // An option that is longer than what is left, or a header that is.
    if (dice.chance(0.1) && encoded.length > 0) header[11] = 0x1f;
    if (dice.chance(0.05)) header[0] = 0x3f;
    return outer('udp', 6081, join(header, INNER));
  }
  if (kind < 8) {
    const version = dice.pick([1, 2] as const);
    const header = new Uint8Array(erspanHeaderSize(version));
    const session = dice.pick([5, 5, 6]);
    buildErspan(header, 0, {
      version,
      session,
      index: dice.below(0xfffff),
      direction: dice.below(2),
      hardwareId: dice.below(64),
    });
    if (dice.chance(0.1)) header[0] = 0x30;
    if (dice.chance(0.1)) header[8] = 0x30;
    return outer('gre', 0, join(header, INNER));
  }
  const flags = dice.pick([0x30, 0x30, 0x32, 0x34]);
  const header = new Uint8Array(flags === 0x32 ? 12 : 8);
  buildGtpu(header, 0, { flags, messageType: dice.pick([255, 255, 1]), teid: dice.pick([9, 9, 10]) });
  return outer('udp', 2152, join(header, INNER.subarray(14)));
}
