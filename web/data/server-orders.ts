// Orders at run time: they act at once, change no file, and are gone with the next write of that field.
import { type Answer, ask, type AnswerOf } from './api.ts'
import { refreshHeld } from './held.ts'

export type ServerAnswer = AnswerOf<'GET /api/v1/backends/{backend}/servers/{server}/state'>
export type CheckAnswer = AnswerOf<'POST /api/v1/backends/{backend}/servers/{server}/checks/run'>

export interface Order {
  readonly admin?: 'ready' | 'drain' | 'maintenance'
  /** Null: that of the file again. */
  readonly weight?: number | null
  readonly reason?: string
  /** After how long it ends: 15m. */
  readonly for?: string
  readonly end_connections?: boolean
}

const STATE = 'PUT /api/v1/backends/{backend}/servers/{server}/state'
const HEALTH = 'PUT /api/v1/backends/{backend}/servers/{server}/health'
const CHECK = 'POST /api/v1/backends/{backend}/servers/{server}/checks/run'
const CIRCUIT = 'POST /api/v1/backends/{backend}/servers/{server}/circuit'
const PASSIVE = 'POST /api/v1/backends/{backend}/servers/{server}/passive/reset'
const PERSIST = 'POST /api/v1/backends/{backend}/servers/{server}/state/persist'

/** What shows backends is asked anew: they are looked at while it happens. */
const look = (): void => refreshHeld((url) => /\/api\/v1\/(?:backends|timelines|overview)/.test(url))

export async function order(backend: string, server: string, body: Order): Promise<Answer<ServerAnswer>> {
  return looked(await ask(STATE, { backend, server }, { body }))
}

export async function sayHealth(
  backend: string,
  server: string,
  body: { readonly health: 'up' | 'down' | null; readonly reason?: string; readonly for?: string },
): Promise<Answer<ServerAnswer>> {
  return looked(await ask(HEALTH, { backend, server }, { body }))
}

/** Its breaker: open or closed whatever attempts come to, or as they fare from now on. */
export async function orderCircuit(
  backend: string,
  server: string,
  body: { readonly state: 'open' | 'closed' | 'auto'; readonly reason?: string; readonly for?: string },
): Promise<Answer<ServerAnswer>> {
  return looked(await ask(CIRCUIT, { backend, server }, { body }))
}

/** What passive health has a server out for is over. */
export async function backInUse(backend: string, server: string): Promise<Answer<ServerAnswer>> {
  return looked(await ask(PASSIVE, { backend, server }))
}

export async function checkNow(backend: string, server: string): Promise<Answer<CheckAnswer>> {
  return looked(await ask(CHECK, { backend, server }))
}

/** The weight that is ordered goes into the file. */
export async function persistWeight(
  backend: string,
  server: string,
): Promise<Answer<AnswerOf<typeof PERSIST>>> {
  return looked(await ask(PERSIST, { backend, server }, { body: {} }))
}

function looked<T>(answer: Answer<T>): Answer<T> {
  look()
  return answer
}

/** Does it for each, a few at a time, and tells after each; the answers in the order of what was given. */
export async function forEach<Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
  onDone: (done: number) => void,
): Promise<readonly Result[]> {
  const results: Result[] = []
  let [next, done] = [0, 0]
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      results[at] = await run(items[at] as Item)
      onDone(++done)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
  return results
}

const AT_ONCE = 4
