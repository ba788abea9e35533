// At the foot of every page while a change runs that comes back by itself unless somebody confirms it.
import { gatewayNow } from '../data/clock.ts'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ask } from '../data/api.ts'
import { refreshHeld, useHeld } from '../data/held.ts'
import type { Problem } from '../data/problem.ts'
import { Button } from '../parts/button.tsx'
import { Shape } from '../parts/status.tsx'
import css from './confirm-strip.module.css'
import { CONFIG_STATUS } from './strip.tsx'

export function ConfirmStrip() {
  const status = useHeld('GET /api/v1/config/status', {}, CONFIG_STATUS).value.value
  const until = status?.pending_confirm?.until
  const revision = status?.running?.revision
  if (until === undefined || revision === undefined) return null
  return <Waiting key={revision} until={until} revision={revision} hash={status?.running?.hash ?? null} />
}

interface WaitingProps {
  readonly until: string
  readonly revision: number
  readonly hash: string | null
}

function Waiting({ until, revision, hash }: WaitingProps) {
  const left = useSecondsUntil(until)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const strip = useRef<HTMLElement>(null)
  useRoomFor(strip)
  const act = async (
    route: 'POST /api/v1/config/confirm' | 'POST /api/v1/config/rollback',
  ): Promise<void> => {
    setBusy(true)
    const answer = await ask(
      route,
      {},
      {
        ...(route.endsWith('rollback') && { body: {} }),
        // What is told here and nothing else: it may have come back, or another waits by now.
        ...(hash !== null && { ifMatch: `"${hash}"` }),
      },
    )
    setBusy(false)
    setProblem(answer.ok ? null : answer.problem)
    refreshHeld()
  }
  return (
    <section ref={strip} class={css.strip} aria-label="A change waits to be confirmed" role="status">
      <Shape state="draft" />
      <p class={css.words}>
        <b>r{revision} runs, and is taken back in </b>
        {/* Counted by the gateway; this only shows it, and is not read out each second. */}
        <b class={css.left} aria-hidden="true">
          {Math.floor(left / 60)}:{String(left % 60).padStart(2, '0')}
        </b>
        <span class="sr">{Math.ceil(left / 60)} min</span>
        <span class={css.why}>
          {problem === null
            ? ' If you can read this the dashboard still reaches the gateway. Closing this page takes nothing back early.'
            : ` ${problem.title}: ${problem.detail}`}
        </span>
      </p>
      <Button needs="editor" isBusy={isBusy} onPress={() => void act('POST /api/v1/config/rollback')}>
        Take back
      </Button>
      <Button
        kind="ink"
        needs="editor"
        isBusy={isBusy}
        onPress={() => void act('POST /api/v1/config/confirm')}
      >
        Keep r{revision}
      </Button>
    </section>
  )
}

/** What else reaches the foot of the window ends above it: `--foot` is how much of it is taken. */
function useRoomFor(place: { readonly current: HTMLElement | null }): void {
  useLayoutEffect(() => {
    const element = place.current
    if (element === null) return
    const { style } = document.documentElement
    const put = (): void => {
      const taken = Math.max(0, innerHeight - element.getBoundingClientRect().top)
      style.setProperty('--foot', `${taken}px`)
    }
    const watcher = new ResizeObserver(put)
    watcher.observe(element)
    addEventListener('resize', put)
    return () => {
      watcher.disconnect()
      removeEventListener('resize', put)
      style.removeProperty('--foot')
    }
  }, [place])
}

function useSecondsUntil(time: string): number {
  const secondsLeft = (): number => Math.max(0, Math.round((Date.parse(time) - gatewayNow()) / 1000))
  const [left, setLeft] = useState(secondsLeft)
  useEffect(() => {
    setLeft(secondsLeft())
    const timer = setInterval(() => setLeft(secondsLeft()), 1000)
    return () => clearInterval(timer)
  }, [time])
  return left
}
