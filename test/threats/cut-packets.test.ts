// Threat: whoever sends chooses where packets end, and hopes that a head, a chunk size or a body that falls
// apart in the wrong place is read as something else than in one piece.
//
// What becomes of an exchange never depends on how its bytes are cut into packets: every vector, cut at every
// byte.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cuts } from '../support/cuts.ts'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { framingOf, readBody, readHead } from '../support/message.ts'
import { ByteReader } from '../support/reader.ts'
import { wire } from '../support/wired.ts'
import { ANSWERS, type AnswerVector } from '../vectors/answers.ts'
import { FRAMING, type FramingVector } from '../vectors/framing.ts'

let gateway: TestEngine

beforeAll(() => {
  gateway = startEngine({ config: toServers(['http://127.0.0.1:1'], { retry: { attempts: 1 } }) })
})
afterAll(() => gateway[Symbol.asyncDispose]())

/** Limits at which a head is judged. */
const EDGES = [8 * 1024, 16 * 1024, 64 * 1024]

describe('an answer ends alike however it is cut:', () => {
  for (const vector of ANSWERS)
    test(vector.name, async () => {
      const bytes = Buffer.from(vector.segments.join(''), 'latin1')
      let whole: object | null = null
      for (const pieces of cuts(bytes, EDGES)) {
        const outcome = await playAnswer(vector, pieces)
        expect(outcome.logged).toHaveLength(1)
        whole ??= outcome
        expect([pieces[0]?.length, outcome]).toEqual([pieces[0]?.length, whole as never])
      }
    })
})

describe('a request ends alike however it is cut:', () => {
  for (const vector of FRAMING)
    test(vector.name, async () => {
      const bytes = Buffer.from(vector.segments.join(''), 'latin1')
      let whole: object | null = null
      for (const pieces of cuts(bytes, EDGES)) {
        const outcome = await playRequest(vector, pieces)
        whole ??= outcome
        expect([pieces[0]?.length, outcome]).toEqual([pieces[0]?.length, whole as never])
      }
    })
})

/** Sends the vector's request, then its answer in these pieces, and tells how all of it ended. */
async function playAnswer(
  { request, end }: AnswerVector,
  pieces: readonly Buffer[],
): Promise<{ readonly logged: readonly object[] }> {
  const wired = wire(gateway)
  const { client, server } = wired
  const before = gateway.log.length
  const { live } = gateway.servers[0]!
  live.surplus = 0
  client.data(Buffer.from(request, 'latin1'))
  for (const piece of pieces) server.data(piece)
  if (end === 'fin') server.fin()
  if (end === 'rst') server.rst()
  server.expire()
  const logged = gateway.log.slice(before).map(({ status, fault, aborted }) => ({ status, fault, aborted }))
  const isWhole = logged.length === 1 && logged[0]!.fault === null
  const outcome = {
    logged,
    ended: client.socket.ended,
    pooled: wired.isPooled,
    surplus: live.surplus,
    answers: isWhole ? await answersIn(client.text, request.slice(0, request.indexOf(' '))) : 'not whole',
  }
  wired.end()
  return outcome
}

/** Sends a vector's requests in these pieces to a server that answers each as soon as it is whole. */
async function playRequest(_vector: FramingVector, pieces: readonly Buffer[]): Promise<object> {
  const wireds = [wire(gateway)]
  const { client } = wireds[0]!
  const requests: object[] = []
  for (const piece of pieces) {
    client.data(piece)
    for (;;) {
      const { server } = wireds.at(-1)!
      const request = await requestIn(server.text)
      if (request === null || server.isOver) break
      requests.push(request)
      const next = wire(gateway) // a fresh connection for the next request
      next.client.close(false)
      wireds.push(next)
      server.data(Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'))
    }
  }
  const methods = requests.map((one) => (one as { method: string }).method)
  const outcome = { requests, ended: client.socket.ended, answers: await answersIn(client.text, ...methods) }
  for (const wired of wireds) wired.end()
  return outcome
}

function readerOf(text: string): ByteReader {
  const reader = new ByteReader()
  reader.push(Buffer.from(text, 'latin1'))
  reader.end('fin')
  return reader
}

/** The first request in what a server was sent, if it is whole. */
async function requestIn(text: string): Promise<object | null> {
  if (!text.includes('\r\n\r\n')) return null
  const reader = readerOf(text)
  const head = await readHead(reader)
  if (head === null) return null
  let body = ''
  const end = await readBody(reader, framingOf(head.fields, 'none'), (bytes) => {
    body += bytes.toString('latin1')
  })
  const fields = head.fields.filter(([name]) => name !== 'X-Request-Id')
  if (!end.complete) return null
  return {
    method: head.start.slice(0, head.start.indexOf(' ')),
    start: head.start,
    fields,
    body,
    trailers: end.trailers,
  }
}

/** All answers in what a client was sent; those of servers as they mean, framing aside. */
async function answersIn(text: string, ...methods: readonly string[]): Promise<object[]> {
  const reader = readerOf(text)
  const answers: object[] = []
  for (let n = 0; ;) {
    const head = await readHead(reader)
    if (head === null) return answers
    const status = Number(head.start.slice(9, 12))
    const isBare = methods[n] === 'HEAD' || status < 200 || status === 204 || status === 304
    if (status >= 200 || status === 101) n++
    let body = ''
    const framing = isBare ? ({ is: 'none' } as const) : framingOf(head.fields, 'until close')
    const { complete, trailers } = await readBody(reader, framing, (bytes) => {
      body += bytes.toString('latin1')
    })
    // the detail may tell less of what had not come yet
    const own = /"(?:request_id|detail)":"(?:[^"\\]|\\.)*"/g
    answers.push({ status, complete, trailers, body: body.replace(own, '') })
  }
}
