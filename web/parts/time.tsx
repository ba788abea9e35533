// Points in time, in the words of someone who looks at a clock; the exact time is in the tooltip.
import { gatewayNow } from '../data/clock.ts'
import { signal } from '@preact/signals'
import { age, clock, left, whole } from '../data/say.ts'

let stopClock = (): void => {}

/** Now, in ms; goes on once a second while something shows an age. */
const now = signal(gatewayNow(), {
  watched() {
    this.value = gatewayNow()
    const timer = setInterval(() => (this.value = gatewayNow()), 1000)
    stopClock = () => clearInterval(timer)
  },
  unwatched: () => stopClock(),
})

/** ms since 1970, or RFC 3339. */
export type When = number | string

export interface TimeProps {
  readonly at: When
}

/** When it was, or will be: `03:12`, of another day with its date. */
export function Time({ at }: TimeProps) {
  const ms = new Date(at).getTime()
  // What is no time is shown as it came: better than NaN:NaN.
  if (Number.isNaN(ms)) return <span>{at}</span>
  return (
    <time dateTime={new Date(ms).toISOString()} title={whole(ms)}>
      {clock(ms)}
    </time>
  )
}

/** How long ago, or how long until: `8 min`, `17 d`. */
export function Age({ at }: TimeProps) {
  const ms = new Date(at).getTime()
  if (Number.isNaN(ms)) return <span>{at}</span>
  return (
    <time dateTime={new Date(ms).toISOString()} title={whole(ms)}>
      {ms > now.value ? left((ms - now.value) / 1000) : age((now.value - ms) / 1000)}
    </time>
  )
}
