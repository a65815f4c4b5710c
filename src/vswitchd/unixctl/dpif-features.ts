/** dpif/show-dp-features and dpif/set-dp-features. Mirrors dpif_show_support() and dpif_set_support() of ofproto-dpif.c. */

import { hashString, OvsHmap } from '../ovs-hmap.js';
import { reply, type UnixctlCommand } from './command.js';
import { type DatapathFeatures, FEATURES, type FeatureValue } from './datapath-features.js';
import { bridgeNamed, NO_SUCH_BRIDGE } from './fdb.js';
import type { UnixctlContext } from './unixctl-context.js';

function featuresOf(
  context: UnixctlContext,
  bridge: string,
): { readonly datapath: string; readonly features: DatapathFeatures } | null {
  const datapath = bridgeNamed(context, bridge)?.datapath;
  const features = datapath === undefined ? null : context.features(datapath);
  return datapath === undefined || features === null ? null : { datapath, features };
}

const show: UnixctlCommand = {
  name: 'dpif/show-dp-features',
  usage: 'bridge',
  minArgs: 1,
  maxArgs: 1,
  run(args, context) {
    const found = featuresOf(context, args[0]!);
    if (found === null) return NO_SUCH_BRIDGE;
    const text = (value: FeatureValue | undefined): string =>
      typeof value === 'boolean' ? (value ? 'Yes' : 'No') : String(value);
    return reply(FEATURES.map(([name, title]) => `${title}: ${text(found.features.atStart(name))}\n`).join(''));
  },
};

const set: UnixctlCommand = {
  name: 'dpif/set-dp-features',
  usage: 'bridge',
  minArgs: 1,
  maxArgs: 3,
  run([bridge, name, value], context) {
    const found = featuresOf(context, bridge!);
    if (found === null) return NO_SUCH_BRIDGE;
    const { features, datapath } = found;
    if (name === undefined)
      return reply(
        hashedNames()
          .map((each) => `${describe(features, each)}\n`)
          .join(''),
      );
    if (features.atStart(name) === undefined) return reply('Unexpected support field');
    if (value === undefined) return reply(describe(features, name));
    const problem = features.set(name, value);
    if (problem !== null) return reply(problem);
    context.featuresChanged(datapath);
    return reply();
  },
};

/** All names in the order of OVS's hash table of them (an smap of lib/smap.c, filled in the order of show). */
function hashedNames(): readonly string[] {
  const table = new OvsHmap<string, true>(hashString);
  for (const [name] of FEATURES) table.set(name, true);
  return [...table.keys()];
}

function describe(features: DatapathFeatures, name: string): string {
  const title = FEATURES.find(([each]) => each === name)![1];
  return `${name} (${title}) : [run time]:${features.now(name)}, [boot time]:${features.atStart(name)}`;
}

export const FEATURE_COMMANDS: readonly UnixctlCommand[] = [show, set];
