/**
 * Runs a scenario: makes its world, takes its steps in order, and keeps what each did and whether it was as expected.
 *
 * Invariant: the same scenario and seed give the same report. A step that fails does not keep the next from its turn; a
 * world that cannot be set up ends the scenario.
 */
import { formatPlace } from '../linux/observe.js';
import { UserError } from '../report/user-error.js';
import { Captures, type OpenCapture } from './captures.js';
import { describeEvent } from './explain/follow.js';
import { describeFrame } from './frame/describe-frame.js';
import type { Scenario, StepModel } from './model.js';
import { type Check, failed } from './step/step-kind.js';
import type { Sighting } from './witness.js';
import { World } from './world.js';

export interface RunScenarioOptions {
  readonly seed: number;
  /** Keep a line for every event of a frame. */
  readonly trace?: boolean;
  /** Where captures go; none are written without it. */
  readonly openCapture?: OpenCapture | undefined;
  /** Told before each step. */
  readonly onStep?: (done: number, total: number) => void;
}

export interface StepReport {
  readonly name: string | null;
  readonly title: string;
  readonly line: number | null;
  readonly checks: readonly Check[];
  /** With the option trace; otherwise empty. */
  readonly trace: readonly string[];
}

export interface ScenarioReport {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly steps: readonly StepReport[];
  readonly expectationCount: number;
  readonly failureCount: number;
  /** How far the virtual clock went. */
  readonly virtualNs: number;
  /** Where frames died, and why. */
  readonly drops: readonly { readonly where: string; readonly reason: string; readonly count: number }[];
}

const MAX_TRACE_LINES = 5000;

export async function runScenario(scenario: Scenario, options: RunScenarioOptions): Promise<ScenarioReport> {
  const world = new World(scenario, options.seed);
  if (options.openCapture !== undefined) new Captures(world, options.openCapture);
  const trace = new Trace(world, options.trace ?? false);
  const steps: StepReport[] = [];
  const total = scenario.steps.length;
  options.onStep?.(0, total);

  const setUpFailure = await world.setUp();
  const setUpTrace = trace.take();
  if (setUpFailure !== null || setUpTrace.length > 0) {
    const checks = setUpFailure === null ? [] : [setUpFailure];
    steps.push({ name: null, title: 'setting up', line: null, checks, trace: setUpTrace });
  }
  if (setUpFailure === null) {
    let lastStepMark = 0;
    for (const [index, step] of scenario.steps.entries()) {
      options.onStep?.(index, total);
      if (step.kind.name !== 'expect') {
        lastStepMark = world.witness.mark();
        world.rememberDrops();
      }
      steps.push({ ...(await takeStep(world, step, lastStepMark)), trace: trace.take() });
    }
  }
  const checks = steps.flatMap((step) => step.checks);
  return {
    scenario,
    seed: options.seed,
    steps,
    expectationCount: checks.length,
    failureCount: checks.filter((check) => !check.passed).length,
    virtualNs: world.scheduler.nowNs(),
    drops: world.drops().map(({ where, reason, count }) => ({ where, reason, count })),
  };
}

async function takeStep(world: World, step: StepModel, lastStepMark: number): Promise<Omit<StepReport, 'trace'>> {
  const { name, kind, value, line } = step;
  try {
    const { title, checks } = await kind.run(value, { world, lastStepMark });
    return { name, title, line, checks };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, title: kind.name, line, checks: [failed(error.toString())] };
  }
}

/** Lines for what happens to frames, step by step. */
class Trace {
  private lines: string[] = [];
  private leftOut = 0;

  constructor(world: World, enabled: boolean) {
    if (enabled) world.witness.onSighting((sighting) => this.add(sighting));
  }

  take(): readonly string[] {
    const { lines, leftOut } = this;
    this.lines = [];
    this.leftOut = 0;
    return leftOut === 0 ? lines : [...lines, `… and ${leftOut} more events`];
  }

  private add(sighting: Sighting): void {
    if (this.lines.length >= MAX_TRACE_LINES) {
      this.leftOut++;
      return;
    }
    const time = `${(sighting.atNs / 1e6).toFixed(3)} ms`;
    this.lines.push(
      `${time.padStart(14)}  ${formatPlace(sighting.place).padEnd(20)}  ${describeEvent(sighting).padEnd(10)}  ${describeFrame(sighting.parts)}`,
    );
  }
}
