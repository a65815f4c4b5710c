/**
 * Whether the names of a scenario fit together: each host, machine and card that is spoken of must be there, and what
 * can be there only once is. What scripts make (bridges, taps, tunnels) is known only when they have run.
 */
import { parseAddress } from '../../linux/ip/address.js';
import type { Scenario } from '../model.js';
import type { Reference } from '../step/step-kind.js';
import { suggestion } from '../suggest.js';
import { formatPath, type Problem } from './problems.js';
import type { Path } from './positions.js';

const EVERYWHERE = 10_000;

export function checkNames(scenario: Scenario): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (path: Path, message: string, hint: string | null = null, atKey = false): void => {
    problems.push({ path, atKey, message: `${formatPath(path)}: ${message}`, hint });
  };
  const machines = [...scenario.machines.keys()];
  const hosts = [...machines, ...scenario.vms.keys()];

  const checkReference = ({ kind, name }: Omit<Reference, 'path'>, path: Path): void => {
    const host = kind === 'place' ? name.slice(0, name.indexOf(':')) : name;
    const candidates = kind === 'machine' ? machines : hosts;
    if (candidates.includes(host) || (kind === 'target' && parseAddress(host) !== null)) return;
    const isVm = kind === 'machine' && scenario.vms.has(host);
    const what = kind === 'machine' ? 'machine' : 'machine or VM';
    if (isVm) report(path, `expected a machine, found the VM "${host}"`);
    else report(path, `there is no ${what} "${host}"`, suggestion(host, candidates));
  };

  if (hosts.length > EVERYWHERE) report(['machines'], `expected at most ${EVERYWHERE} machines and VMs`);
  const taps = new Set<string>();
  for (const [name, vm] of scenario.vms) {
    const path = ['vms', name];
    if (scenario.machines.has(name)) report(path, `there is a machine "${name}" already`, null, true);
    checkReference({ kind: 'machine', name: vm.on }, [...path, 'on']);
    if (vm.tag !== undefined && vm.bridge === undefined) {
      report([...path, 'tag'], 'a tag needs a bridge', 'the script that adds the port gives it its tag, too');
    }
    const tap = vm.tap ?? name;
    if (tap.length > 15) report(path, `the name is too long for a tap (15 characters): give the VM a tap`, null, true);
    const end = `${vm.on}:${tap}`;
    if (taps.has(end) || scenario.machines.get(vm.on)?.nics?.[tap] !== undefined) {
      report(path, `${vm.on} has a device "${tap}" already`, null, true);
    }
    taps.add(end);
    if (vm.gateway !== undefined && parseAddress(vm.gateway) === null) {
      report([...path, 'gateway'], `expected an IP address, found "${vm.gateway}"`);
    }
  }

  const plugged = new Map<string, string>();
  scenario.links.forEach((link, index) => {
    link.between.forEach((end, side) => {
      const path = ['links', index, 'between', side];
      const [host = '', device = ''] = end.split(':');
      const machine = scenario.machines.get(host);
      if (machine === undefined) {
        checkReference({ kind: 'machine', name: host }, path);
        return;
      }
      const cards = Object.keys(machine.nics ?? {});
      if (!cards.includes(device)) report(path, `${host} has no network card "${device}"`, suggestion(device, cards));
      const other = plugged.get(end);
      if (other !== undefined) report(path, `${end} is plugged into ${other} already`);
      plugged.set(end, `links[${index}]`);
    });
  });

  const files = new Set<string>();
  scenario.captures.forEach((capture, index) => {
    checkReference({ kind: 'place', name: capture.at }, ['captures', index, 'at']);
    if (capture.file !== undefined && files.has(capture.file)) {
      report(['captures', index, 'file'], `another capture is written to "${capture.file}"`);
    }
    if (capture.file !== undefined) files.add(capture.file);
  });

  scenario.steps.forEach((step, index) => {
    for (const reference of step.kind.references(step.value)) {
      checkReference(reference, ['steps', index, step.kind.name, ...reference.path]);
    }
  });
  return problems;
}
