// Reads out, for who does not see it, when the state of the gateway has become another one: states alone,
// never the numbers of each second.
import { useEffect, useRef, useState } from 'preact/hooks'
import { useHeld } from '../data/held.ts'
import { OVERVIEW } from '../data/overview.ts'

/** Of what goes back and forth only what it came to is said. */
const SETTLED_MS = 3000

export function Announcer() {
  const { value } = useHeld('GET /api/v1/overview', {}, OVERVIEW).value
  const state = value?.verdict.state
  const sentence = value?.verdict.sentence ?? ''
  const known = useRef<string | null>(null)
  const [said, setSaid] = useState('')
  const now = state === undefined ? null : `${state} ${sentence}`
  useEffect(() => {
    if (now === null) return
    // What was so when one came is on the page.
    if (known.current === null) {
      known.current = now
      return
    }
    const timer = setTimeout(() => {
      if (known.current === now) return
      known.current = now
      setSaid(sentence)
    }, SETTLED_MS)
    return () => clearTimeout(timer)
  }, [now])
  return (
    <p class="sr" aria-live="polite">
      {said}
    </p>
  )
}
