/** Random matches of OpenFlow 1.0 and 1.1 as hexadecimal digits; any bytes are one of 1.0, most of 1.1. */
import { Dice } from '../../../differential/dice.js';

const ETH_TYPES = [0x0800, 0x0806, 0x8035, 0x86dd, 0x8847, 0x8848, 0x05ff, 0];
const PROTOCOLS = [1, 6, 17, 132, 58, 0];
const ALL_WILD_10 = 0x3fffff;
const ALL_WILD_11 = 0x3ff;

export class RandomStructures {
  readonly dice: Dice;

  constructor(seed: number) {
    this.dice = new Dice(seed);
  }

  private number(size: number, value = this.dice.below(2 ** (8 * size))): string {
    return value.toString(16).padStart(2 * size, '0');
  }

  private bytes(size: number): string {
    return Array.from({ length: size }, () => this.number(1, this.dice.pick([0, 0xff, this.dice.below(256)]))).join('');
  }

  private mask(size: number): string {
    return this.dice.pick(['00'.repeat(size), 'ff'.repeat(size), this.bytes(size)]);
  }

  private vid(): string {
    return this.number(2, this.dice.pick([0xffff, 0xfffe, 0, 5, 4095, this.dice.below(0x10000)]));
  }

  private pcp(): string {
    return this.number(1, this.dice.chance(0.9) ? this.dice.below(8) : this.dice.below(256));
  }

  private ethType(): string {
    return this.number(2, this.dice.chance(0.9) ? this.dice.pick(ETH_TYPES) : this.dice.below(0x10000));
  }

  private proto(): string {
    return this.number(1, this.dice.chance(0.9) ? this.dice.pick(PROTOCOLS) : this.dice.below(256));
  }

  private wildcards(all: number): string {
    const { dice } = this;
    const some = dice.below(2 ** 24) & dice.pick([all, all, 0xffffff]);
    return this.number(4, dice.pick([some, some, 0, all, all & ~(1 << dice.below(22)), dice.below(2 ** 32)]) >>> 0);
  }

  ofp10(): string {
    const { dice } = this;
    const addressBits = dice.chance(0.5) ? ALL_WILD_10 : dice.below(2 ** 22);
    return [
      this.wildcards(addressBits),
      this.number(2, dice.pick([1, 0xfffe, 0xffff, dice.below(0x10000)])),
      this.bytes(12),
      this.vid(),
      this.pcp(),
      this.bytes(1),
      this.ethType(),
      this.bytes(1),
      this.proto(),
      this.bytes(2),
      this.bytes(8),
      this.number(2, dice.pick([80, 255, dice.below(0x10000)])),
      this.number(2, dice.pick([80, 255, dice.below(0x10000)])),
    ].join(' ');
  }

  ofp11(): string {
    const { dice } = this;
    const port = (): number => dice.pick([1, 0xfffffffe, 0xfffffff8, 0xfeff, dice.below(2 ** 32)]);
    return [
      '00000058',
      this.number(4, port()),
      this.wildcards(ALL_WILD_11),
      this.bytes(6),
      this.mask(6),
      this.bytes(6),
      this.mask(6),
      this.vid(),
      this.pcp(),
      this.bytes(1),
      this.ethType(),
      this.number(1, dice.chance(0.9) ? 4 * dice.below(64) : dice.below(256)),
      this.proto(),
      this.bytes(4),
      this.mask(4),
      this.bytes(4),
      this.mask(4),
      this.number(2, dice.pick([80, 255, dice.below(0x10000)])),
      this.number(2, dice.pick([80, 255, dice.below(0x10000)])),
      this.bytes(4),
      this.bytes(1),
      this.bytes(3),
      this.bytes(8),
      this.mask(8),
    ].join(' ');
  }
}
