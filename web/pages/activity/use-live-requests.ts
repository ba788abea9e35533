// The requests that are shown: the last ones of the gateway and those to come, at most once a second.
import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'
import type { ServedRequest } from '../../data/api-types.ts'
import type { Problem } from '../../data/problem.ts'
import { followRequests, type RequestQuery, type TailState } from '../../data/request-tail.ts'
import { LiveList } from './live-list.ts'

export interface LiveRequests {
  /** The newest first. */
  readonly rows: readonly ServedRequest[]
  /** That came since the list stands still. */
  readonly waiting: number
  readonly state: TailState
  readonly problem: Problem | null
  /** Nothing has come yet, not even that there is nothing. */
  readonly isLoading: boolean
  /** So many came that there was no room for. */
  readonly leftOut: number
  readonly hasGap: boolean
}

const EACH_MS = 1000

export function useLiveRequests(query: RequestQuery, isHeld: boolean): LiveRequests {
  const key = JSON.stringify(query)
  const list = useMemo(() => new LiveList<ServedRequest>(), [key])
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const [told, setTold] = useState<{ state: TailState; problem: Problem | null }>(BEGIN)
  const counts = useRef({ leftOut: 0, hasGap: false, isLoading: true })
  const held = useRef(isHeld)
  held.current = isHeld
  useEffect(() => {
    counts.current = { leftOut: 0, hasGap: false, isLoading: true }
    setTold(BEGIN)
    let isNew = false
    const show = (): void => {
      if (!held.current) list.show()
      isNew = false
      redraw(null)
    }
    const stop = followRequests(query, {
      state: (state, problem) => setTold({ state, problem }),
      news: ({ requests, leftOut, hasGap, isList }) => {
        const now = counts.current
        const isFirst = now.isLoading && isList
        now.leftOut += leftOut
        now.hasGap ||= hasGap
        if (list.add(requests) > 0 || leftOut > 0 || hasGap) isNew = true
        // What was there when one came is shown at once.
        if (!isFirst) return
        now.isLoading = false
        list.show()
        show()
      },
    })
    const look = (): void => {
      if (!counts.current.isLoading && (isNew || (!held.current && list.waiting > 0))) show()
    }
    const timer = setInterval(look, EACH_MS)
    return () => {
      clearInterval(timer)
      stop()
    }
  }, [key])
  // Let go, it does not wait for the second to be over.
  useEffect(() => {
    if (!isHeld && list.show()) redraw(null)
  }, [isHeld])
  return { rows: list.rows, waiting: list.waiting, ...told, ...counts.current }
}

const BEGIN = { state: 'connecting', problem: null } as const
