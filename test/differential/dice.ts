/** Seeded choices for generators of test cases: the same seed gives the same cases for ever. */
import { SeededRng } from '#src/sim/rng.js';

export class Dice {
  private readonly rng: SeededRng;

  constructor(seed: number) {
    this.rng = new SeededRng(seed);
  }

  below(bound: number): number {
    return this.rng.nextBelow(bound);
  }

  /** An integer in [low, high]. */
  between(low: number, high: number): number {
    return low + this.rng.nextBelow(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.rng.nextFloat() < probability;
  }

  pick<T>(things: readonly T[]): T {
    return things[this.rng.nextBelow(things.length)]!;
  }

  /** Between low and high of the things, in their order. */
  some<T>(things: readonly T[], low: number, high: number): T[] {
    const left = [...things.keys()];
    const chosen: number[] = [];
    const count = Math.min(things.length, this.between(low, high));
    for (let i = 0; i < count; i++) chosen.push(left.splice(this.rng.nextBelow(left.length), 1)[0]!);
    return chosen.sort((a, b) => a - b).map((index) => things[index]!);
  }
}

/** Seed and number of cases of a differential suite: OVS_SEED and OVS_CASES, printed so that a run can be repeated. */
export function suiteSettings(name: string, defaultCases: number): { readonly seed: number; readonly cases: number } {
  const seed = Number(process.env.OVS_SEED ?? 1);
  const cases = Number(process.env.OVS_CASES ?? defaultCases);
  console.info(`${name}: OVS_SEED=${seed} OVS_CASES=${cases}`);
  return { seed, cases };
}
