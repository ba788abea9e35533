// The events that are shown: those that the gateway keeps, and those to come, at most once a second.
import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import { onEvent, onReset } from '../../data/live.ts'
import type { Problem } from '../../data/problem.ts'
import type { ListedEvent } from './event-groups.ts'
import { LiveList } from './live-list.ts'

/** As many as the gateway keeps. */
const LIST = 1000
const EACH_MS = 1000

interface Row {
  readonly id: string
  readonly time: string
  readonly event: ListedEvent
}

const rowOf = (event: ListedEvent): Row => ({ id: String(event.id), time: event.time, event })

export interface KnownEvents {
  /** The newest first. */
  readonly events: readonly ListedEvent[]
  readonly waiting: number
  readonly problem: Problem | null
  readonly isLoading: boolean
}

/** `topics`: those that are asked for, all that one may see. */
export function useEvents(topics: readonly string[], isHeld: boolean): KnownEvents {
  const key = topics.join(',')
  const list = useMemo(() => new LiveList<Row>(), [key])
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isLoading, setLoading] = useState(true)
  const held = useRef(isHeld)
  held.current = isHeld
  useEffect(() => {
    const over = new AbortController()
    let isNew = false
    const read = async (): Promise<void> => {
      const query = { topics: key, limit: LIST }
      const answer = await ask('GET /api/v1/events', {}, { query, signal: over.signal })
      if (over.signal.aborted) return
      setLoading(false)
      setProblem(answer.ok ? null : answer.problem)
      if (!answer.ok) return
      list.add(answer.value.events.map((event) => rowOf(event)))
      if (!held.current || list.rows.length === 0) list.show()
      redraw(null)
    }
    const ends = [
      onEvent(topics, (event) => (isNew = list.add([rowOf(event)]) > 0 || isNew)),
      onReset(() => void read()),
    ]
    void read()
    const timer = setInterval(() => {
      if (!isNew) return
      isNew = false
      if (!held.current) list.show()
      redraw(null)
    }, EACH_MS)
    return () => {
      over.abort()
      clearInterval(timer)
      for (const end of ends) end()
    }
  }, [key])
  useEffect(() => {
    if (!isHeld && list.show()) redraw(null)
  }, [isHeld])
  const events = useMemo(() => list.rows.map(({ event }) => event), [list.rows])
  return { events, waiting: list.waiting, problem, isLoading }
}
