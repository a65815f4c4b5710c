/** The bond/ commands of ovs-appctl. Mirrors the bond_unixctl_*() functions of bond.c. */
import { scanMac } from '../odp/address-text.js';
import { reply, replyError, type UnixctlCommand } from '../unixctl/command.js';
import type { UnixctlResult } from '../vswitchd-api.js';
import type { Bond, BondMember } from './bond.js';
import { BUCKET_MASK, hashMac } from './bond-hash.js';
import { bondListText, bondText } from './bond-text.js';
import type { Bonds } from './bonds.js';

const NO_SUCH_BOND = replyError('no such bond');
const NO_SUCH_MEMBER = replyError('no such member');

export function bondCommands(bonds: Bonds): readonly UnixctlCommand[] {
  const find = (name: string | undefined): Bond | undefined => {
    bonds.settle();
    return bonds.byName.get(name ?? '');
  };
  const changed = (text: string): UnixctlResult => {
    bonds.noteChange();
    return reply(text);
  };

  /** A command on a member of a bond, by its name and by the one that it had in former times. */
  const onMember = (
    names: readonly [now: string, before: string],
    run: (bond: Bond, member: BondMember) => UnixctlResult,
  ): readonly UnixctlCommand[] =>
    names.map((name, i) => ({
      name,
      usage: i === 0 ? 'port member' : null,
      minArgs: 2,
      maxArgs: 2,
      run([bondName, memberName]) {
        const bond = find(bondName);
        if (bond === undefined) return NO_SUCH_BOND;
        const member = bond.memberNamed(memberName!);
        return member === undefined ? NO_SUCH_MEMBER : run(bond, member);
      },
    }));

  const list: UnixctlCommand = {
    name: 'bond/list',
    usage: '',
    minArgs: 0,
    maxArgs: 0,
    run() {
      bonds.settle();
      return reply(bondListText(bonds.byName.values()));
    },
  };

  const show: UnixctlCommand = {
    name: 'bond/show',
    usage: '[port]',
    minArgs: 0,
    maxArgs: 1,
    run([name], context) {
      const bond = find(name);
      if (name !== undefined && bond === undefined) return NO_SUCH_BOND;
      const nowMs = Math.floor(context.nowNs() / 1e6);
      const shown = bond === undefined ? [...bonds.byName.values()] : [bond];
      return reply(shown.map((one) => bondText(one, nowMs)).join(''));
    },
  };

  const migrate: UnixctlCommand = {
    name: 'bond/migrate',
    usage: 'port hash member',
    minArgs: 3,
    maxArgs: 3,
    run([bondName, hash, memberName]) {
      const bond = find(bondName);
      if (bond === undefined) return NO_SUCH_BOND;
      if (bond.settings.mode !== 'balance-slb') return replyError('not an SLB bond');
      if (!/^\d*$/.test(hash!)) return replyError('bad hash');
      const member = bond.memberNamed(memberName!);
      if (member === undefined) return NO_SUCH_MEMBER;
      if (!member.isEnabled) return replyError('cannot migrate to disabled member');
      bond.migrate(Number(BigInt(hash === '' ? 0 : hash!) & BigInt(BUCKET_MASK)), member);
      return changed('migrated');
    },
  };

  return [
    list,
    show,
    migrate,
    ...onMember(['bond/set-active-member', 'bond/set-active-slave'], (bond, member) => {
      if (!member.isEnabled) return replyError('cannot make disabled member active');
      if (bond.activeMember === member) return reply('no change');
      bond.setActive(member);
      return changed('done');
    }),
    ...onMember(['bond/enable-member', 'bond/enable-slave'], (bond, member) => {
      bond.enable(member, true);
      return changed('enabled');
    }),
    ...onMember(['bond/disable-member', 'bond/disable-slave'], (bond, member) => {
      bond.enable(member, false);
      return changed('disabled');
    }),
    hashCommand,
  ];
}

const hashCommand: UnixctlCommand = {
  name: 'bond/hash',
  usage: 'mac [vlan] [basis]',
  minArgs: 1,
  maxArgs: 3,
  run([macText, vlanText, basisText]) {
    const vlan = leadingUnsigned(vlanText);
    if (vlan === null) return replyError('invalid vlan');
    const basis = leadingUnsigned(basisText);
    if (basis === null) return replyError('invalid basis');
    const mac = scanMac(macText!);
    if (mac === null) return replyError('invalid mac');
    return reply(String(hashMac(mac.bytes, 0, vlan & 0xffff, basis) & BUCKET_MASK));
  },
};

/** The number that a text begins with, as 32 bits; 0 where there is no text, and null where it has none. */
function leadingUnsigned(text: string | undefined): number | null {
  if (text === undefined) return 0;
  const digits = /^\s*([-+]?\d+)/.exec(text)?.[1];
  return digits === undefined ? null : Number(BigInt.asUintN(32, BigInt(digits.replace('+', ''))));
}
