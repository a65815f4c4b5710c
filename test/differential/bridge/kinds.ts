/** The kinds of random cases, each about other parts of a switch. */
import { AREAS, randomAreaCase } from '../area/areas.js';
import { type BridgeCase, randomCase } from './case.js';
import { randomGroupCase } from './group.js';
import { randomLayersCase } from './layers.js';
import { randomMulticastCase } from './multicast.js';
import { randomSamplingCase } from './sampling.js';
import { randomStatefulCase } from './stateful.js';

export interface KindOfCase {
  readonly name: string;
  readonly randomOf: (seed: number) => BridgeCase;
  /** How many are run when nobody says. */
  readonly defaultCases: number;
}

export const KINDS_OF_CASES: readonly KindOfCase[] = [
  { name: 'bridges', randomOf: randomCase, defaultCases: 60 },
  { name: 'groups', randomOf: randomGroupCase, defaultCases: 40 },
  { name: 'multicast', randomOf: randomMulticastCase, defaultCases: 15 },
  { name: 'layers', randomOf: randomLayersCase, defaultCases: 12 },
  { name: 'state', randomOf: randomStatefulCase, defaultCases: 40 },
  { name: 'sampling', randomOf: randomSamplingCase, defaultCases: 40 },
  ...AREAS.map((area) => ({
    name: area.name,
    randomOf: (seed: number) => randomAreaCase(area, seed),
    defaultCases: area.defaultCases,
  })),
];
