// One event stream for all tabs of a browser: HTTP/1.1 gives a browser six connections to a host, and each
// tab with a stream of its own would soon leave none to ask anything. Whoever has the lock reads the stream
// and tells the others; a tab that is hidden for long lets go of it.
import { signal } from '@preact/signals'

const HIDDEN_MS = 30_000

/** What a tab tells another. */
export type Told =
  | { readonly kind: 'event'; readonly name: string; readonly data: string; readonly id: string }
  | { readonly kind: 'state'; readonly connection: Connection; readonly heardAt: number }
  | { readonly kind: 'asks' }

/** `live`: something was heard within seconds; `resting`: no tab is looked at. */
export type Connection = 'connecting' | 'live' | 'reconnecting' | 'resting'

export interface TabRole {
  /** Reads the stream until the signal says to stop. */
  readonly lead: (stop: AbortSignal) => Promise<void>
  readonly hear: (told: Told) => void
}

/** Whether this tab reads the stream for all. */
export const isLeading = signal(false)

/** Takes part; gives what to tell the others, and how to leave. */
export function joinTabs(name: string, role: TabRole): { tell: (told: Told) => void; leave: () => void } {
  const channel = new BroadcastChannel(name)
  channel.addEventListener('message', ({ data }: MessageEvent<Told>) => role.hear(data))
  const left = new AbortController()
  let turn: AbortController | null = null
  const stand = async (): Promise<void> => {
    if (turn !== null || left.signal.aborted) return
    turn = new AbortController()
    const { signal: stop } = turn
    const work = async (): Promise<void> => {
      isLeading.value = true
      await role.lead(stop)
      isLeading.value = false
    }
    // By HTTP under a name that is no loopback there are no locks: then each tab reads for itself.
    if (!('locks' in navigator)) return work()
    await navigator.locks.request(name, { signal: stop }, work).catch(() => undefined)
  }
  let hiding = 0
  const look = (): void => {
    clearTimeout(hiding)
    if (document.visibilityState === 'visible') void stand()
    else
      hiding = window.setTimeout(() => {
        turn?.abort()
        turn = null
      }, HIDDEN_MS)
  }
  document.addEventListener('visibilitychange', look)
  void stand()
  look()
  const tell = (told: Told): void => channel.postMessage(told)
  tell({ kind: 'asks' })
  const leave = (): void => {
    left.abort()
    turn?.abort()
    clearTimeout(hiding)
    document.removeEventListener('visibilitychange', look)
    channel.close()
  }
  return { tell, leave }
}
