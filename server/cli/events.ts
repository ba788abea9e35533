// sluice events: what happened to a running gateway, and what happens now.
import { TOPICS } from '../tables/events.ts'
import { askSocket, knownBy, readControlArgs } from './control.ts'
import { eventLine, type ToldEvent } from './event-line.ts'
import { type Gateway, openGateway, unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'
import { framesOf } from './sent-events.ts'
import { usageLine } from './usage.ts'

const HELP = `What happened to a running gateway: servers that went down or came back, changes of its config, certificates, workers, limits.

Usage: sluice events [-f] [--topics TOPICS] [--since ID] [-n COUNT] [--json] [-c FILE | --admin URL]

  -f, --follow         go on with what happens, over restarts of the gateway, too; Ctrl-C ends it
      --topics TOPICS  only these, with commas: ${TOPICS.join(', ')}
      --since ID       those behind the event of this ID ("id" in --json)
  -n, --count COUNT    how many of the last ones, up to 1000; default 20, with -f 10
      --json           an event a line, as the gateway tells it
  -h, --help           this text
${GATEWAY_HELP}
A thousand are kept. Times are those of this machine's zone.
Exit code: 0 told; 1 no gateway was reached, or it refused; 2 wrong usage.
`

const OPTIONS = {
  follow: { short: 'f', takes: 'flag' },
  topics: { takes: 'value' },
  since: { takes: 'value' },
  count: { short: 'n', takes: 'value' },
  json: { takes: 'flag' },
} as const

const COUNT_MAX = 1000

/** Tells them. */
export async function events(args: readonly string[], io: Io): Promise<number> {
  const asked = readControlArgs({ command: 'events', help: HELP, options: OPTIONS }, args, io)
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const isFollowing = read.flag('follow')
  const count = read.value('count') ?? (isFollowing ? '10' : '20')
  const isCount = /^\d{1,4}$/.test(count) && Number(count) <= COUNT_MAX && (isFollowing || count !== '0')
  if (!isCount) return usageLine('events', `"${count}" is no number from 1 to ${COUNT_MAX}`, io)
  const since = read.value('since')
  if (since !== null && !/^\d{1,16}$/.test(since)) return usageLine('events', `"${since}" is no ID`, io)
  const topics = read.value('topics')
  const odd = topics?.split(',').find((word) => !TOPICS.some((topic) => topic === word))
  if (odd !== undefined)
    return usageLine('events', `there is no topic "${odd}"; there are ${TOPICS.join(', ')}`, io)
  if (topics?.split(',').includes('figures') === true && !read.flag('json'))
    return usageLine('events', 'the topic figures is numbers for programs: it goes with --json', io)
  const query = new URLSearchParams({ limit: since === null ? String(Math.max(1, Number(count))) : '1000' })
  if (topics !== null) query.set('topics', topics)
  if (since !== null) query.set('after', since)
  const answer = await askSocket(gateway, { method: 'GET', path: `/api/v1/events?${query.toString()}` }, io)
  if (answer === null) return 1
  if (answer.status !== 200) return unexpected(answer, 'events', io)
  const told = answer.body as { events: readonly ToldEvent[]; last_id: number; reset: boolean }
  const show = showing(read.flag('json'), io)
  if (told.reset) io.stderr(GONE)
  for (const event of count === '0' && since === null ? [] : told.events) show(event)
  if (!isFollowing) return 0
  return follow({ gateway: await knownBy(gateway), topics, lastId: told.last_id, show }, io)
}

const GONE = 'sluice events: some events before these may be gone\n'

const showing =
  (isJson: boolean, io: Io): Following['show'] =>
  (event) =>
    io.stdout(isJson ? `${JSON.stringify(event)}\n` : `${eventLine(event)}\n`)

interface Following {
  readonly gateway: Gateway
  readonly topics: string | null
  readonly lastId: number
  readonly show: (event: ToldEvent) => void
}

const AGAIN_MS = 1000

/** Ends when the gateway refuses, or when it does not answer at first. */
async function follow({ gateway, topics, lastId, show }: Following, io: Io): Promise<number> {
  const path = `/api/v1/events${topics === null ? '' : `?topics=${topics}`}`
  // While it is started anew, what is said of that once need not be said each second.
  const quiet = { ...io, stderr: () => {} }
  let last = lastId
  /** Frames of figures have no ids. */
  const showNew = (event: Partial<ToldEvent>): void => {
    const { id = null } = event
    if (id !== null && id <= last) return
    show(event as ToldEvent)
    if (id !== null) last = id
  }
  for (let round = 0; ; round++) {
    const headers = { Accept: 'text/event-stream', 'Last-Event-ID': String(last) }
    const answer = await openGateway(gateway, { method: 'GET', path, headers }, round === 0 ? io : quiet)
    if (answer?.ok === false) return refused(answer, io)
    if (answer === null && round === 0) return 1
    for await (const { event, data } of answer === null ? [] : framesOf(answer))
      if (event === 'reset') for (const one of await missed(gateway, topics, io)) showNew(one)
      else if (event !== 'hello') showNew(JSON.parse(data) as ToldEvent)
    if (answer !== null) io.stderr('sluice events: the stream ended; it is asked for again\n')
    await Bun.sleep(AGAIN_MS)
  }
}

/** All that the gateway has, where it cannot tell what came since: it was started anew, or too much came. */
async function missed(gateway: Gateway, topics: string | null, io: Io): Promise<readonly ToldEvent[]> {
  io.stderr(GONE)
  const query = `limit=${COUNT_MAX}${topics === null ? '' : `&topics=${topics}`}`
  const answer = await askSocket(gateway, { method: 'GET', path: `/api/v1/events?${query}` }, io)
  return answer?.status === 200 ? (answer.body as { events: readonly ToldEvent[] }).events : []
}

async function refused(answer: Response, io: Io): Promise<number> {
  const { detail } = (await answer.json().catch(() => ({}))) as { detail?: string }
  io.stderr(`sluice events: the gateway answered ${answer.status}: ${detail}\n`)
  return 1
}
