/**
 * Options of tunnels through real OVS and through Upcall: the TLV table of a bridge, rules and traces with tun_metadata
 * fields, and frames of Geneve, ERSPAN and GTP-U through native tunnels, byte for byte.
 *
 * OVS_CASES and OVS_SEED choose how many random maps and which, as in bridge.test.ts. Not compared: what a rule reads of
 * an option that the packet does not have (flowtable/tunnel-options.ts says why), the time that ERSPAN's second version
 * carries, and the times of log lines.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { OurSwitch } from './bridge/our-switch.js';
import { RealSwitch, type SwitchUnderTest } from './bridge/switch.js';
import { Dice, suiteSettings } from './dice.js';
import { ADDRESSES, BRIDGES, type Command, NEIGHBOURS, vsctl } from './native-tunnel/setup.js';
import {
  INNER_FRAME,
  mapCommands,
  mapText,
  randomFrame,
  randomMappings,
  randomRules,
  randomTrace,
} from './tunnel-metadata/random.js';

const TUNNELS: readonly Command[] = [
  'g1 -- set Interface g1 type=geneve ofport_request=2 options:remote_ip=1.1.2.92 options:key=7',
  'g2 -- set Interface g2 type=geneve ofport_request=3 options:remote_ip=flow options:key=flow options:csum=true',
  'e1 -- set Interface e1 type=erspan ofport_request=4 options:remote_ip=1.1.2.92 options:key=5 options:erspan_ver=2 options:erspan_dir=1 options:erspan_hwid=0x27',
  'u1 -- set Interface u1 type=gtpu ofport_request=5 options:remote_ip=1.1.2.92 options:key=9',
  'e2 -- set Interface e2 type=erspan ofport_request=6 options:remote_ip=1.1.2.93 options:key=flow options:erspan_ver=flow',
  'i1 -- set Interface i1 type=ip6erspan ofport_request=7 options:remote_ip=2001:cafe::92 options:key=6 options:erspan_ver=1 options:erspan_idx=0xfff',
  'i2 -- set Interface i2 type=ip6gre ofport_request=8 options:remote_ip=2001:cafe::92 options:key=6 options:csum=true options:seq=true',
].map((text) => vsctl(`add-port int-br ${text}`));

const RULES = 12;
const TRACES = 24;
const FRAMES = 6;
const SHOWN = 3;
const MAX_TRIES = 100;

/** Without what time it is, and which numbers recirculation has given out so far. */
function timeless(words: string): string {
  return words
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/'\d\.\d+s'|duration=[\d.]+s/g, 'duration')
    .replace(/(recirc(?:_id=|\())0x[1-9a-f][0-9a-f]*/g, '$1N');
}

/** ERSPAN's second version: GRE protocol 0x22eb behind an IPv4 header without options. */
function withoutTimestamp(frame: string): string {
  const isErspan2 = frame.slice(24, 28) === '0800' && frame.slice(46, 48) === '2f' && frame.slice(72, 76) === '22eb';
  return isErspan2 ? `${frame.slice(0, 92)}........${frame.slice(100)}` : frame;
}

async function ofctl(target: SwitchUnderTest, args: readonly string[], input = ''): Promise<string> {
  try {
    return await target.ofctl(args, input);
  } catch (error) {
    return (error as Error).message.replace(`ovs-ofctl ${args.join(' ')}: `, '');
  }
}

/** Real OVS frees rules a little after they are gone: until then their fields are in use. */
async function forgetMap(target: SwitchUnderTest): Promise<void> {
  for (let tries = 0; (await ofctl(target, ['del-tlv-map', 'int-br'])) !== ''; tries++) {
    if (tries === MAX_TRIES) throw new Error(`${target.name} keeps its TLV map`);
    await target.appctl('revalidator/purge');
  }
}

/** What a frame made leave, whichever frame was first: a recirculated copy takes longer in one of them. */
async function receive(target: SwitchUnderTest, port: string, frame: string): Promise<string> {
  await target.appctl('netdev-dummy/receive', port, frame);
  await target.settle();
  await target.appctl('revalidator/purge');
  return ['p0', 'v1']
    .flatMap((name) => target.transmitted(name).map((sent) => `${name} ${withoutTimestamp(sent)}`))
    .sort()
    .join('\n');
}

describe.skipIf(!requireOracle())('tunnel options', () => {
  let oracle: OvsOracle;
  let both: readonly SwitchUnderTest[];

  const setUp = async (): Promise<void> => {
    for (const target of both) {
      for (const { tool, args } of [...BRIDGES, ...TUNNELS, ...ADDRESSES, ...NEIGHBOURS]) {
        if (tool === 'vsctl') await target.vsctl(args);
        else await target.appctl(args[0]!, ...args.slice(1));
      }
      await target.ofctl(['add-flow', 'br0', 'actions=normal'], '');
    }
  };

  beforeAll(async () => {
    oracle = await OvsOracle.start();
    both = [new RealSwitch(oracle), new OurSwitch()];
    await setUp();
  });
  afterAll(() => oracle.stop());

  /** Runs it on both; the difference as text, or null. */
  const differs = async (
    what: string,
    ask: (target: SwitchUnderTest) => string | Promise<string>,
  ): Promise<string | null> => {
    const [real, own] = [timeless(await ask(both[0]!)), timeless(await ask(both[1]!))];
    return real === own ? null : `${what}\nreal OVS:\n${real}\nUpcall:\n${own}`;
  };

  const appctl =
    (...args: readonly string[]) =>
    async (target: SwitchUnderTest): Promise<string> =>
      (await target.appctl(args[0]!, ...args.slice(1))).text;

  test('ports of each kind say the same of themselves', async () => {
    for (const command of ['dpif/show', 'dpctl/show']) expect(await differs(command, appctl(command))).toBeNull();
  });

  test('ERSPAN, GTP-U and GRE over IPv6 send and take the same frames', async () => {
    const rules = [
      // GTP-U comes last: real OVS dies where another output comes after it.
      'in_port=10,udp,nw_tos=0,actions=4,6,7,8,5',
      'in_port=10,actions=set_field:33->tun_id,set_field:1->tun_erspan_ver,load:0x123->tun_erspan_idx[],6',
      'in_port=4,actions=move:NXOXM_ET_ERSPAN_HWID[]->reg0[0..5],10',
      'in_port=5,actions=10',
      'in_port=6,tun_erspan_ver=1,actions=10,6',
    ];
    for (const rule of rules) {
      expect(await differs(rule, (target) => ofctl(target, ['add-flow', 'int-br', rule]))).toBeNull();
    }
    expect(await differs('from inside', (target) => receive(target, 'v1', INNER_FRAME))).toBeNull();
    const dice = new Dice(11);
    for (let i = 0; i < 20; i++) {
      const frame = randomFrame(dice, [{ index: 0, optionClass: 1, type: 1, size: 4 }]);
      expect(await differs(frame, (target) => receive(target, 'p0', frame))).toBeNull();
    }
  });

  test('groups choose by options, absent ones included', async () => {
    for (const target of both) {
      await target.ofctl(['del-flows', 'int-br'], '');
      await forgetMap(target);
    }
    const buckets = Array.from({ length: 8 }, (_, i) => `bucket=load:${i}->reg3[],10`).join(',');
    const commands = [
      ['add-tlv-map', 'int-br', '{class=1,type=2,len=4}->tun_metadata3,{class=1,type=3,len=124}->tun_metadata40'],
      [
        ...['-O', 'OpenFlow15', 'add-group', 'int-br'],
        // The real ovs-ofctl dies of a mask of such a field.
        `group_id=1,type=select,selection_method=hash,fields(tun_metadata3,tun_metadata40,ip_src),${buckets}`,
      ],
      ['add-flow', 'int-br', 'in_port=2,actions=group:1'],
      ['-O', 'OpenFlow15', 'dump-groups', 'int-br'],
    ];
    for (const command of commands) {
      expect(await differs(command.join(' '), (target) => ofctl(target, command))).toBeNull();
    }
    const ofOptions = ['', 'tun_metadata3=0', 'tun_metadata40=0', 'tun_metadata3=0,tun_metadata40=0'];
    for (let i = 1; i < 12; i++) ofOptions.push(`tun_metadata3=${i},tun_metadata40=${i * 1111}`);
    for (const options of ofOptions) {
      const trace = ['ofproto/trace', 'int-br', `in_port=2,tun_id=7,${options},ip,nw_src=10.0.0.1`];
      expect(await differs(trace.join(' '), appctl(...trace))).toBeNull();
    }
  });

  test(
    'random maps, rules, traces and frames',
    async () => {
      const { seed, cases } = suiteSettings('tunnel options', 8);
      const failing: string[] = [];
      for (let i = 0; i < cases && failing.length < SHOWN; i++) {
        const dice = new Dice(seed * 1_000_003 + i);
        const mappings = randomMappings(dice);
        const rules = randomRules(dice, mappings, RULES);
        const found: (string | null)[] = [];
        const run = async (...args: readonly string[]): Promise<void> => {
          found.push(await differs(`ovs-ofctl ${args.join(' ')}`, (target) => ofctl(target, args)));
        };
        for (const target of both) {
          await target.ofctl(['del-flows', 'int-br'], '');
          await forgetMap(target);
          await target.appctl('dpif/set-dp-features', 'br0', 'tnl_push_pop', 'true');
        }
        await run('add-tlv-map', 'int-br', mapText(mappings));
        for (const rule of rules)
          await run('-O', dice.pick(['OpenFlow10', 'OpenFlow13', 'OpenFlow15']), 'add-flow', 'int-br', rule);
        await run(
          '-O',
          dice.pick(['OpenFlow10', 'OpenFlow13', 'OpenFlow15']),
          '--no-stats',
          '--sort',
          'dump-flows',
          'int-br',
        );
        for (let n = 0; n < FRAMES; n++) {
          const frame = n % 3 === 0 ? INNER_FRAME : randomFrame(dice, mappings);
          const port = n % 3 === 0 ? 'v1' : 'p0';
          found.push(await differs(`${port} ${frame}`, (target) => receive(target, port, frame)));
        }
        for (const native of [true, false]) {
          for (const target of both) await target.appctl('dpif/set-dp-features', 'br0', 'tnl_push_pop', String(native));
          for (let n = 0; n < TRACES / 2; n++) {
            const trace = randomTrace(dice, mappings);
            found.push(await differs(trace.join(' '), appctl(...trace)));
          }
        }
        for (const args of mapCommands(dice, mappings)) await run(...args);
        const different = found.filter((one) => one !== null);
        const script = [mapText(mappings), ...rules].join('\n');
        if (different.length > 0) failing.push(`case ${i}\n${script}\n${different.length} differ\n${different[0]}`);
      }
      expect(failing.join('\n\n')).toBe('');
    },
    30_000 + 8000 * Number(process.env.OVS_CASES ?? 8),
  );
});
