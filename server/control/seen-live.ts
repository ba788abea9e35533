// What is seen of the gateway while it runs: events as they happen, and what was counted of late.
import { tapEvents } from '../telemetry/log.ts'
import { EventHub } from './events/hub.ts'

export class SeenLive {
  readonly events = new EventHub()
  readonly #untap = tapEvents(this.events.hear)

  /** The gateway has stopped. */
  end(): void {
    this.#untap()
    this.events.close()
  }
}
