// What happens, as it happens: one stream of events for all tabs of the browser, with the figures of each
// second. Whoever shows something says which topics make it old.
import { signal } from '@preact/signals'
import { addressOf } from './api.ts'
import { heardTime } from './clock.ts'
import { readEvents, type StreamEvent } from './event-stream.ts'
import { can, findMe, me } from './session.ts'
import { type Connection, joinTabs, type Told } from './tabs.ts'
import { API_BASE } from './urls.ts'
import { want } from './wanted.ts'

/** An event of the gateway; `event` is what its log calls it. */
export interface GatewayEvent {
  readonly id: number
  readonly time: string
  readonly level: 'info' | 'warn' | 'error'
  readonly topic: string
  /** `health.unhealthy`. */
  readonly name: string
  readonly event: string
  readonly [field: string]: unknown
}

export interface Hello {
  readonly revision: number
  readonly version: string
  readonly commit: string
  readonly time: string
  readonly last_id: number
  readonly figures_columns?: readonly string[]
}

/** Of the gateway, a listener or a backend in one second, by the names of columns. */
export type Figures = Readonly<Record<string, number | null>>
export interface Frame {
  readonly time: string
  readonly gateway: Figures
  readonly listeners: Readonly<Record<string, Figures>>
  readonly backends: Readonly<Record<string, Figures>>
}

export const connection = signal<Connection>('connecting')
/** When something was heard last, by this browser's clock; heartbeats count. */
export const heardAt = signal(0)
export const hello = signal<Hello | null>(null)
export const frame = signal<Frame | null>(null)
/** The gateway is another build than the one that this page came from. */
export const isOtherBuild = signal(false)

const TOPICS = ['health', 'config', 'certificate', 'worker', 'turn', 'limits', 'server', 'listener']
/** A heartbeat comes every five seconds. */
const QUIET_MS = 12_000
const AGAIN_MS = [500, 1000, 2000, 4000, 8000]

type Listener = (event: GatewayEvent) => void
const listeners = new Map<Listener, ReadonlySet<string>>()
const resetListeners = new Set<() => void>()

/** Calls back with each event of these topics; gives how to stop that. */
export function onEvent(topics: readonly string[], listener: Listener): () => void {
  listeners.set(listener, new Set(topics))
  return () => void listeners.delete(listener)
}

/** Calls back where events were missed that are gone: what is shown must be asked anew. */
export function onReset(listener: () => void): () => void {
  resetListeners.add(listener)
  return () => void resetListeners.delete(listener)
}

let leaveTabs: (() => void) | null = null
let tellTabs: (told: Told) => void = () => undefined
let lastId = ''

/** Begins for whoever is signed in; again after another has signed in. */
export function goLive(): void {
  leaveTabs?.()
  const tabs = joinTabs(`sluice-live ${API_BASE} ${me.peek()?.name ?? ''}`, { lead, hear })
  ;[tellTabs, leaveTabs] = [tabs.tell, tabs.leave]
}

export function goQuiet(): void {
  leaveTabs?.()
  leaveTabs = null
  connection.value = 'connecting'
}

/** Reads the stream, again and again where it breaks off. */
async function lead(stop: AbortSignal): Promise<void> {
  const topics = [...TOPICS, ...(can('administer') ? ['auth'] : []), 'figures'].join(',')
  const { url } = addressOf('GET /api/v1/events', {}, { topics })
  let failures = 0
  while (!stop.aborted) {
    const broke = new AbortController()
    // Of this try alone: `heardAt` is told to people, and stays that of the last word of the gateway.
    let aliveAt = Date.now()
    if (heardAt.peek() === 0) heardAt.value = aliveAt
    const quiet = setInterval(() => Date.now() - aliveAt > QUIET_MS && broke.abort(), 2000)
    const sinceMs = performance.now()
    const end = await readEvents(url, { lastId, signal: AbortSignal.any([stop, broke.signal]) }, (event) => {
      failures = 0
      aliveAt = Date.now()
      lastId = event.id
      heard(event)
    })
    clearInterval(quiet)
    if (stop.aborted) break
    setConnection('reconnecting')
    if ('status' in end && end.status === 401) {
      const answer = await findMe()
      if (!answer.ok && answer.problem.status === 401 && !(await want('sign-in', sinceMs))) break
    }
    await pause(AGAIN_MS[Math.min(failures++, AGAIN_MS.length - 1)] ?? 8000, stop)
  }
  setConnection('resting')
}

function heard({ name, data, id }: StreamEvent): void {
  heardAt.value = Date.now()
  setConnection('live')
  if (name === '') return
  tellTabs({ kind: 'event', name, data, id })
  take(name, data)
}

/** From the tab that reads. */
function hear(told: Told): void {
  if (told.kind === 'asks') {
    tellTabs({ kind: 'state', connection: connection.peek(), heardAt: heardAt.peek() })
    const said = hello.peek()
    if (said !== null) tellTabs({ kind: 'event', name: 'hello', data: JSON.stringify(said), id: lastId })
  } else if (told.kind === 'state') {
    connection.value = told.connection
    heardAt.value = told.heardAt
  } else {
    ;[heardAt.value, connection.value] = [Date.now(), 'live']
    // Where this tab takes over, it goes on from here.
    if (told.id !== '') lastId = told.id
    take(told.name, told.data)
  }
}

function take(name: string, data: string): void {
  if (name === 'hello') {
    const said = JSON.parse(data) as Hello
    const before = hello.peek()
    if (before !== null && `${before.version} ${before.commit}` !== `${said.version} ${said.commit}`)
      isOtherBuild.value = true
    hello.value = said
  } else if (name === 'figures') {
    const next = frameOf(data)
    heardTime(next.time)
    frame.value = next
  } else if (name === 'reset') for (const listener of resetListeners) listener()
  else {
    const event = JSON.parse(data) as GatewayEvent
    for (const [listener, topics] of listeners) if (topics.has(event.topic)) listener(event)
  }
}

type Row = readonly (number | null)[]

/** Figures come as rows in the order of the columns that `hello` named. */
function frameOf(data: string): Frame {
  const sent = JSON.parse(data) as {
    readonly time: string
    readonly gateway: Row
    readonly listeners?: Readonly<Record<string, Row>>
    readonly backends?: Readonly<Record<string, Row>>
  }
  const columns = hello.peek()?.figures_columns ?? []
  const named = (row: Row): Figures =>
    Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null]))
  const all = (rows: Readonly<Record<string, Row>> = {}): Record<string, Figures> =>
    Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, named(row)]))
  return {
    time: sent.time,
    gateway: named(sent.gateway),
    listeners: all(sent.listeners),
    backends: all(sent.backends),
  }
}

function setConnection(next: Connection): void {
  connection.value = next
  tellTabs({ kind: 'state', connection: next, heardAt: heardAt.peek() })
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  stop.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  return promise
}
