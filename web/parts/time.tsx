// Points in time, in the words of someone who looks at a clock; the exact time is in the tooltip.
import { signal } from '@preact/signals'
import { agoOf, clockOf, exactOf, type When } from './times.ts'

/** Now, in ms; goes on once a second while something shows an age. */
const now = signal(Date.now(), {
  watched() {
    this.value = Date.now()
    const timer = setInterval(() => (this.value = Date.now()), 1000)
    stopClock = () => clearInterval(timer)
  },
  unwatched: () => stopClock(),
})
let stopClock = (): void => {}

export interface TimeProps {
  /** ms since 1970, or RFC 3339. */
  readonly at: When
}

/** When it was, or will be: 03:12:05 today, 14 Nov 03:12 else. */
export function Time({ at }: TimeProps) {
  const exact = exactOf(at)
  return (
    <time dateTime={exact} title={exact}>
      {clockOf(at, now.peek())}
    </time>
  )
}

/** How long ago, or how long until: “8 min”, “17 d”. */
export function Age({ at }: TimeProps) {
  const exact = exactOf(at)
  return (
    <time dateTime={exact} title={exact}>
      {agoOf(at, now.value)}
    </time>
  )
}
