// What servers of a chaos make of a request: good answers, and all that goes wrong. They lie only about what
// they send.
import type { Reply } from '../../support/origin.ts'
import type { Random } from '../../support/random.ts'
import { pause } from '../../support/wait.ts'
import { type Entry, sumOf } from './books.ts'

export type Act = (asked: Asked) => Promise<void> | void

export interface Asked {
  readonly entry: Entry
  readonly reply: Reply
  readonly random: Random
  readonly server: string
  /** It is a HEAD: the head is all of its answer. */
  readonly isHead: boolean
  /** The answer begins a session that the gateway may learn. */
  readonly cookie: string | null
}

const FILLING = Buffer.alloc(300_000, 'chaos and order, ')
const SIZES = [0, 40, 3000, 30_000, 200_000]
const CRLF = Buffer.from('\r\n')

/** A body says whose it is, and what of the request it is an answer to. */
function answerOf({ entry, random, server, cookie }: Asked): {
  readonly body: Buffer
  readonly fields: string[]
} {
  const filling = FILLING.subarray(0, random.pick(SIZES))
  const body = Buffer.concat([Buffer.from(`${entry.id} ${server} ${entry.sum}\n`), filling])
  const fields = [`X-Sum: ${sumOf(body)}`, `X-Server: ${server}`, `X-Of: ${entry.id} ${entry.sum}`]
  if (cookie !== null) fields.push(`Set-Cookie: ${cookie}`)
  return { body, fields }
}

/** Bytes of a body, where there is to be one. */
const bodied = ({ isHead, reply }: Asked, bytes: Buffer): Promise<void> =>
  isHead ? Promise.resolve() : reply.raw(bytes)

const headOf = (fields: readonly string[]): Buffer =>
  Buffer.from(`${['HTTP/1.1 200 OK', ...fields].join('\r\n')}\r\n\r\n`)
const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF])

/** Connections that are ended: what comes on them all the same cannot be answered. */
export const ENDED = new WeakSet<Reply>()

function ends(reply: Reply): void {
  ENDED.add(reply)
  reply.fin()
}

// ── good ones ──

const byLength: Act = (asked) => {
  const { body, fields } = answerOf(asked)
  asked.reply.send(200, body, fields)
}

const byChunks: Act = async (asked) => {
  const { reply, random } = asked
  const { body, fields } = answerOf(asked)
  void reply.raw(headOf([...fields, 'Transfer-Encoding: chunked']))
  for (let at = 0; at < body.length && !asked.isHead;) {
    const end = Math.min(body.length, at + 1 + random.below(60_000))
    await reply.raw(chunk(body.subarray(at, end)))
    at = end
  }
  void bodied(asked, Buffer.from('0\r\nX-Trailer: t\r\n\r\n'))
}

const untilClose: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  void asked.reply.raw(headOf([...fields, 'Connection: close']))
  await bodied(asked, body)
  ends(asked.reply)
}

const slowly: Act = async (asked) => {
  await pause(20 + asked.random.below(100))
  byLength(asked)
}

const afterHints: Act = (asked) => {
  void asked.reply.raw('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
  byLength(asked)
}

/** Closes a connection that stands idle, and says nothing of it. */
const thenCloses: Act = async (asked) => {
  byLength(asked)
  await pause(asked.random.below(30))
  ends(asked.reply)
}

// ── bad ones ──

const breaksOff = ({ reply, random }: Asked): void => (random.below(2) === 0 ? reply.rst() : ends(reply))

const says503: Act = ({ reply, random }) => {
  reply.send(503, 'busy', random.pick([[], [], ['Retry-After: 0'], ['Retry-After: 1']]))
}

const breaksOffUnanswered: Act = (asked) => breaksOff(asked)

const partOfHead: Act = async (asked) => {
  await asked.reply.raw('HTTP/1.1 200 OK\r\nContent-Len')
  breaksOff(asked)
}

const stalls: Act = async ({ reply }) => void (await reply.gone)

const stallsInBody: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  void asked.reply.raw(headOf([...fields, `Content-Length: ${body.length}`]))
  void bodied(asked, body.subarray(0, body.length >> 1))
  if (!asked.isHead) await asked.reply.gone
}

const tooShort: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  await asked.reply.raw(headOf([...fields, `Content-Length: ${body.length + 1 + asked.random.below(9)}`]))
  await bodied(asked, body)
  breaksOff(asked)
}

/** What is behind it looks like another answer. */
const tooLong: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  const surplus = asked.random.pick(['!', 'HTTP/1.1 200 OK\r\nX-Sum: 0\r\nContent-Length: 5\r\n\r\nother'])
  const head = headOf([...fields, `Content-Length: ${body.length}`])
  await asked.reply.raw(Buffer.concat([head, asked.isHead ? Buffer.alloc(0) : body, Buffer.from(surplus)]))
}

const chunksCut: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  const whole = chunk(body)
  const left = asked.random.pick([whole, whole.subarray(0, -2), whole.subarray(0, whole.length >> 1)])
  await asked.reply.raw(headOf([...fields, 'Transfer-Encoding: chunked']))
  await bodied(asked, Buffer.concat([left, Buffer.from(asked.random.pick(['', '0\r\n', '0\r\nX: y\r\n']))]))
  breaksOff(asked)
}

const chunksWrong: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  await asked.reply.raw(headOf([...fields, 'Transfer-Encoding: chunked']))
  await bodied(asked, Buffer.concat([chunk(body), Buffer.from('zz\r\n')]))
  await asked.reply.gone
}

/** Only the reset tells that more was to come. */
const untilReset: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  void asked.reply.raw(headOf([...fields, 'Connection: close']))
  await bodied(asked, body.subarray(0, -1))
  asked.reply.rst()
}

const twoLengths: Act = async (asked) => {
  await asked.reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!')
  await asked.reply.gone
}

const noHttp: Act = async ({ reply }) => {
  await reply.raw('SSH-2.0-OpenSSH_9.6\r\n\r\n')
  await reply.gone
}

export const GOOD = { byLength, byChunks, untilClose, slowly, afterHints, thenCloses }
const BREAKING = { breaksOffUnanswered, partOfHead }
const LYING = { tooShort, tooLong, chunksCut, chunksWrong, untilReset, twoLengths, noHttp }
const STALLING = { stalls, stallsInBody }

/** What a server does in a mood: any of these, so often among ten; else a good one. */
export const MOODS = {
  good: { acts: {}, often: 0 },
  busy: { acts: { says503 }, often: 9 },
  breaking: { acts: BREAKING, often: 8 },
  lying: { acts: LYING, often: 6 },
  stalling: { acts: STALLING, often: 5 },
  mixed: { acts: { says503, ...BREAKING, ...LYING, ...STALLING }, often: 5 },
} as const satisfies Record<string, { readonly acts: Record<string, Act>; readonly often: number }>

export type Mood = keyof typeof MOODS | 'down'
export const BAD: readonly Mood[] = ['busy', 'breaking', 'lying', 'stalling', 'mixed', 'down']

/** Acts at the head of a request, which do not wait for the rest of it. */
export const EARLY: Readonly<Record<string, Act>> = { early503: says503, earlyBreak: breaksOffUnanswered }
