// Says when what is shown has become old: the stream broke off, or the gateway is another build by now.
import { useEffect, useState } from 'preact/hooks'
import { connection, heardAt, isOtherBuild } from '../data/live.ts'
import { age } from '../data/say.ts'
import { Button } from '../parts/button.tsx'
import css from './staleness.module.css'

/** A short gap is nobody's matter. */
const SAID_AFTER_S = 4

export function Staleness() {
  const isGone = connection.value === 'reconnecting'
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    document.documentElement.toggleAttribute('data-stale', isGone)
    if (!isGone) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [isGone])
  const quietS = (now - heardAt.value) / 1000
  if (isGone && quietS >= SAID_AFTER_S)
    return (
      <p class={css.stale} role="status">
        Last update {age(quietS)} ago, reconnecting. Figures are of then; what you enter is kept.
      </p>
    )
  if (!isOtherBuild.value) return null
  return (
    <p class={css.news} role="status">
      The gateway runs another version than this page.
      <Button size="sm" onPress={() => location.reload()}>
        Reload
      </Button>
    </p>
  )
}
