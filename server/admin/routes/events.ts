// What happens to the gateway: as a list, or live as server-sent events.
import { Type } from '@sinclair/typebox'
import { frameOf } from '../../control/events/frames.ts'
import { type EventHub, WATCHERS_MAX } from '../../control/events/hub.ts'
import { Watcher } from '../../control/events/watcher.ts'
import type { ControlFacts } from '../../control/facts.ts'
import { COLUMNS } from '../../control/history/columns.ts'
import { type Topic, TOPICS } from '../../tables/events.ts'
import { Places } from '../places.ts'
import { problem } from '../problem.ts'
import { may } from '../roles.ts'
import type { Asked, Route } from '../route.ts'
import { EVENT } from './request-schemas.ts'

const STREAM = 'text/event-stream'
const LIST_MAX = 1000
const LIST_USUAL = 100
/** How long browsers wait before they come back. */
const RETRY_MS = 2000

/** Who signs in and from where is for those who may read the audit. */
const FOR_ADMINS: ReadonlySet<Topic> = new Set(['auth'])

type EventFacts = Pick<ControlFacts, 'live' | 'revision' | 'build'>

export function eventRoutes(facts: EventFacts): readonly Route[] {
  const places = new Places(WATCHERS_MAX)
  return [
    {
      method: 'GET',
      path: '/api/v1/events',
      permission: 'view',
      tag: 'Watching',
      summary: 'What happens: the last events, or live as server-sent events (Accept: text/event-stream)',
      query: Type.Object(
        {
          topics: Type.Optional(
            Type.String({
              description: `With commas, of: ${TOPICS.join(', ')}. Default: all but figures (and auth, for who is no admin).`,
            }),
          ),
          after: Type.Optional(
            Type.String({
              pattern: '^[0-9]{1,16}$',
              description: 'Events after this id; 0: all that are kept.',
            }),
          ),
          limit: Type.Optional(
            Type.String({ pattern: '^[0-9]{1,4}$', description: `Of a list; at most ${LIST_MAX}.` }),
          ),
        },
        { additionalProperties: false },
      ),
      answers: {
        200: {
          description:
            'A list: `events`, `last_id` for the next `after`, `reset` where what came before them is gone. Live: `hello` first, then each event with its id; a reader that comes back with Last-Event-ID gets what it missed, or `reset`; `: hb` every five seconds; `figures` once a second where that topic is asked for, its numbers in the order of `figures_columns` of `hello`.',
          schema: Type.Object({
            events: Type.Array(EVENT),
            last_id: Type.Number(),
            reset: Type.Boolean(),
          }),
        },
        400: { description: 'There is no such topic.' },
        403: { description: 'The topic auth is for admins.' },
        429: { description: 'As many streams of the same user or token are open as one may have.' },
        503: { description: `${WATCHERS_MAX} streams are open.` },
      },
      answer: (asked) => answer(asked, facts, places),
    },
  ]
}

function answer(asked: Asked, facts: EventFacts, places: Places): Response {
  const { query, request, who } = asked
  const isAdmin = may(who.role, 'administer')
  const topics = topicsOf(query.get('topics'), isAdmin)
  if (typeof topics === 'string')
    return problem('query_invalid', `There is no topic "${topics}"; there are: ${TOPICS.join(', ')}.`, {
      errors: [{ parameter: 'topics', message: `"${topics}" is none of ${TOPICS.join(', ')}` }],
    })
  if (!isAdmin && [...topics].some((topic) => FOR_ADMINS.has(topic)))
    return problem('forbidden', `The topic auth is for the role admin; ${who.name} is ${who.role}.`, {
      members: { required_role: 'admin' },
    })
  const isLive = request.headers.get('accept')?.includes(STREAM) === true
  return isLive ? liveAnswer(asked, { facts, topics, places }) : listAnswer(query, facts.live.events, topics)
}

/** Or the word that is none. */
function topicsOf(text: string | null, isAdmin: boolean): ReadonlySet<Topic> | string {
  // Figures come each second: who wants them says so.
  const usual = TOPICS.filter((topic) => topic !== 'figures' && (isAdmin || !FOR_ADMINS.has(topic)))
  if (text === null) return new Set(usual)
  const words = text.split(',')
  const odd = words.find((word) => !TOPICS.some((topic) => topic === word))
  return odd ?? new Set(words as Topic[])
}

function listAnswer(query: URLSearchParams, hub: EventHub, topics: ReadonlySet<Topic>): Response {
  const limit = Math.min(Number(query.get('limit') ?? LIST_USUAL), LIST_MAX)
  const after = query.get('after')
  const found = after === null ? null : hub.after(Number(after), topics)
  const events = found === null ? hub.latest(topics, limit) : found.events.slice(0, limit)
  const isAll = found === null || found.events.length <= limit
  const lastId = isAll ? hub.lastId : (events.at(-1)?.id ?? Number(after))
  const texts = events.map(({ text }) => text).join(',')
  const body = `{"events":[${texts}],"last_id":${lastId},"reset":${found?.isReset === true}}\n`
  return new Response(body, { headers: { 'Content-Type': 'application/json', Vary: 'Accept' } })
}

interface Live {
  readonly facts: EventFacts
  readonly topics: ReadonlySet<Topic>
  readonly places: Places
}

function liveAnswer(asked: Asked, { facts, topics, places }: Live): Response {
  const { request, server } = asked
  const headers = {
    'Content-Type': STREAM,
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
    Vary: 'Accept',
  }
  if (request.method === 'HEAD') return new Response(null, { headers })
  const hub = facts.live.events
  const giveBack = places.take(asked.who)
  if (giveBack instanceof Response) return giveBack
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null
  const watcher = new Watcher(topics, {
    send: (frame) => controller?.enqueue(frame),
    end: () => {
      giveBack()
      controller?.close()
    },
    cut: () => {
      giveBack()
      controller?.error(new Error('this reader is too slow'))
    },
  })
  if (!hub.add(watcher)) {
    giveBack()
    return places.noneLeft()
  }
  watcher.begin(firstFrames(asked, facts, topics))
  server.timeout(request, 0)
  const leave = (): void => {
    giveBack()
    hub.remove(watcher)
  }
  request.signal.addEventListener('abort', leave)
  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => void (controller = given),
      pull: () => watcher.ready(),
      cancel: leave,
    },
    // Nothing is taken before it can be sent: what waits does so where it is bounded.
    { highWaterMark: 0 },
  )
  return new Response(body, { headers })
}

/** hello; and for who comes back: what was missed, or that it is gone. */
function firstFrames(asked: Asked, facts: EventFacts, topics: ReadonlySet<Topic>): Uint8Array {
  const hub = facts.live.events
  const last = asked.request.headers.get('last-event-id') ?? asked.query.get('after')
  // One that is no number is none of ours.
  const id = last === null ? null : /^[0-9]{1,16}$/.test(last) ? Number(last) : Number.MAX_SAFE_INTEGER
  const { events, isReset } = id === null ? { events: [], isReset: false } : hub.after(id, topics)
  const hello = {
    revision: facts.revision(),
    ...{ version: facts.build.version, commit: facts.build.commit },
    build: `${facts.build.version}+${facts.build.commit}`,
    time: new Date().toISOString(),
    topics: [...topics],
    last_id: hub.lastId,
    ...(topics.has('figures') && { figures_columns: COLUMNS }),
  }
  // What was missed has ids of its own: until it has arrived, the reader's last one stays.
  const helloId = id === null || isReset ? hub.lastId : null
  const reset = { why: 'events that came before are gone: what is known must be asked anew' }
  const frames = [
    new TextEncoder().encode(`retry: ${RETRY_MS}\n`),
    frameOf('hello', JSON.stringify(hello), helloId),
    ...(isReset ? [frameOf('reset', JSON.stringify(reset), hub.lastId)] : events.map(({ frame }) => frame)),
  ]
  return Buffer.concat(frames)
}
