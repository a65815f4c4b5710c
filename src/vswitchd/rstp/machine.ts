/** A state machine as the standard draws them (IEEE 802.1D-2004 §17.16): what a state does is done once, on entry. */
export class Machine<State extends string> {
  private state: State;
  private hasEntered = true;

  /** The first state does nothing. */
  constructor(initial: State) {
    this.state = initial;
  }

  /** One step: enters the state where that is due, and leaves it where `next` says so. True when anything happened. */
  step(enter: (state: State) => void, next: (state: State) => State | null): boolean {
    const { state, hasEntered } = this;
    if (!hasEntered) {
      enter(state);
      this.hasEntered = true;
    }
    const to = next(state);
    if (to !== null) {
      this.state = to;
      this.hasEntered = false;
    }
    return this.state !== state || this.hasEntered !== hasEntered;
  }
}
