// “Applied r129 · Undo”: the one thing that floats. What waits to be confirmed has a strip of its own.
import { useState } from 'preact/hooks'
import { useHeld } from '../data/held.ts'
import type { Problem } from '../data/problem.ts'
import { type Applied, applied, undo } from '../data/reviewing.ts'
import { took } from '../data/say.ts'
import { to } from '../data/urls.ts'
import { Button } from '../parts/button.tsx'
import { Shape } from '../parts/status.tsx'
import css from './applied.module.css'
import { CONFIG_STATUS } from './strip.tsx'

export function AppliedStrip() {
  const one = applied.value
  return one === null ? null : <Strip key={one.revision} one={one} />
}

function Strip({ one }: { readonly one: Applied }) {
  const status = useHeld('GET /api/v1/config/status', {}, CONFIG_STATUS).value.value
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const running = status?.running?.revision ?? 0
  // Once another text is served there is nothing to undo with one press.
  if ((status?.pending_confirm ?? null) !== null || running > one.revision) return null
  const back = async (): Promise<void> => {
    setBusy(true)
    const answer = await undo(one)
    setBusy(false)
    setProblem(answer.ok ? null : answer.problem)
  }
  return (
    <section class={css.strip} role="status" aria-label="Applied">
      <Shape state={problem === null ? 'up' : 'down'} />
      <p>
        {problem === null ? (
          <>
            <b>
              Applied{' '}
              <a href={to(`/config/history?of=${one.revision}&with=${one.before}`)}>r{one.revision}</a>
            </b>{' '}
            <span class={css.took}>· {took(one.tookMs)}</span>
          </>
        ) : (
          `r${one.before} did not come back: ${problem.detail}`
        )}
      </p>
      <Button
        size="sm"
        icon="undo"
        needs="editor"
        isBusy={isBusy}
        busyWord="Undoing"
        onPress={() => void back()}
      >
        Undo
      </Button>
      <Button
        size="sm"
        kind="quiet"
        icon="cross"
        label="Put away"
        onPress={() => void (applied.value = null)}
      />
    </section>
  )
}
