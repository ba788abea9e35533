// A run of the relay test: credentials of a minute, then each way at once.
import { gatewayNow } from '../../data/clock.ts'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import { nothingYet, type Outcome } from './relay-outcome.ts'
import { outsideAddress, runRelay } from './relay-run.ts'

export interface OutsideSaid {
  readonly url: string
  readonly address: string | null
  readonly ms: number
  readonly error: string | null
}

export interface RelayTest {
  readonly isRunning: boolean
  /** When it was begun, in ms; 0: never. */
  readonly atMs: number
  readonly outcomes: readonly Outcome[]
  /** Null: not known (yet). */
  readonly outside: OutsideSaid | null
  readonly problem: { readonly title: string; readonly detail: string } | null
  readonly note: string | null
}

const NEVER: RelayTest = { isRunning: false, atMs: 0, outcomes: [], outside: null, problem: null, note: null }

const NO_WEBRTC = {
  title: 'This browser has no WebRTC',
  detail:
    'A policy or an extension may have switched it off. sluice turn test URL does the same on the command line.',
}

export function useRelayTest(
  listener: string,
  host: string,
): { readonly now: RelayTest; readonly run: () => void } {
  const now = useSignal(NEVER)
  const stop = useRef<AbortController | null>(null)
  const put = (more: Partial<RelayTest>): void => void (now.value = { ...now.peek(), ...more })
  useEffect(() => () => stop.current?.abort(), [listener])
  const run = async (): Promise<void> => {
    stop.current?.abort()
    const { signal } = (stop.current = new AbortController())
    now.value = { ...NEVER, isRunning: true, atMs: gatewayNow() }
    if (typeof RTCPeerConnection === 'undefined') return put({ isRunning: false, problem: NO_WEBRTC })
    const made = await ask(
      'POST /api/v1/turn/credentials',
      {},
      { body: { listener, test: true, ...(host !== '' && { host }) }, signal },
    )
    if (signal.aborted) return
    if (!made.ok) return put({ isRunning: false, problem: made.problem })
    const { uris, username, password, iceServers, note } = made.value
    const login = username === null ? {} : { username, credential: password ?? '' }
    const stun = iceServers.flatMap(({ urls }) => urls).find((url) => url.startsWith('stun:'))
    put({ outcomes: uris.map(nothingYet), note })
    const runs = uris.map((url, place) =>
      runRelay(url, login, {
        signal,
        onStep: (outcome) => put({ outcomes: now.peek().outcomes.with(place, outcome) }),
      }),
    )
    if (stun !== undefined)
      void outsideAddress(stun, signal).then(
        (said) => signal.aborted || put({ outside: { url: stun, ...said } }),
      )
    await Promise.all(runs)
    if (!signal.aborted) put({ isRunning: false })
  }
  return { now: now.value, run: () => void run() }
}
