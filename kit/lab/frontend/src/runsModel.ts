import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { type IRun, type KitApi, messageOf } from './api';

const INTERVAL_MS = 10_000;
const SLOWEST_MS = 60_000;

/** The runs as last heard of; asks again by itself while it is started. */
export class RunsModel {
  constructor(private readonly api: KitApi) {
    this.poll = new Poll({
      name: 'programmatic-kit:runs',
      auto: false,
      factory: () => this.load(),
      frequency: { interval: INTERVAL_MS, backoff: true, max: SLOWEST_MS },
      standby: 'when-hidden'
    });
  }

  /** Null until the server has answered once. */
  runs: IRun[] | null = null;

  /** Why the last question failed; empty if it did not. */
  failure = '';

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Ask now, then every ten seconds. */
  start(): void {
    void this.poll.start();
    void this.poll.refresh();
  }

  stop(): void {
    void this.poll.stop();
  }

  async refresh(): Promise<void> {
    await this.poll.refresh();
  }

  dispose(): void {
    this.poll.dispose();
    Signal.clearData(this);
  }

  private async load(): Promise<void> {
    try {
      this.runs = await this.api.runs();
      this.failure = '';
    } catch (error) {
      this.failure = messageOf(error);
      throw error; // the poll then asks less often
    } finally {
      this._changed.emit();
    }
  }

  private readonly poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
}
