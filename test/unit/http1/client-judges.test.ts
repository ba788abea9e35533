// What we ask and what users ask is read alike: the same bytes of a server mean the same to the client and
// to the proxy, down to the code of the fault.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Tolerance } from '../../../server/head/canonical.ts'
import { type TestEngine, startEngine, toServers } from '../../support/engine.ts'
import { type Random, seedOfRun, seededRandom } from '../../support/random.ts'
import { pause } from '../../support/wait.ts'
import { wire } from '../../support/wired.ts'
import { someAnswerHead, someChunkedBody } from '../../fuzz/generators.ts'
import { ANSWERS, type AnswerVector } from '../../vectors/answers.ts'
import { GET, type End, ask } from './asks.ts'

const TOLERANCES: readonly Tolerance[] = ['exact', 'strict', 'lenient']
const SEED = seedOfRun()
const CASES = 400
const REQUEST = 'GET /1 HTTP/1.1\r\nHost: h\r\n\r\n'

let engines: Record<string, TestEngine>
beforeAll(() => {
  const entries = TOLERANCES.map((answers) => {
    const config = toServers(['http://127.0.0.1:1'], { answers, retry: { attempts: 1 } })
    return [answers, startEngine({ config })] as const
  })
  engines = Object.fromEntries(entries)
})
afterAll(async () => {
  for (const engine of Object.values(engines)) await engine[Symbol.asyncDispose]()
})

interface Played {
  readonly segments: readonly string[]
  readonly end: AnswerVector['end']
  readonly request?: string
}

/** How an answer was judged: what it was, or the fault. */
type Judged = { readonly status: number; readonly bytes: number } | { readonly fault: string }

/** What the proxy makes of an answer. */
function proxied({ segments, end, request = REQUEST }: Played, tolerance: Tolerance): Judged {
  const engine = engines[tolerance]!
  const before = engine.log.length
  const { client, server, end: close } = wire(engine)
  client.data(Buffer.from(request, 'latin1'))
  for (const segment of segments) if (segment !== '') server.data(Buffer.from(segment, 'latin1'))
  if (end === 'fin') server.fin()
  if (end === 'rst') server.rst()
  server.expire()
  const [logged] = engine.log.slice(before)
  close()
  if (logged === undefined) throw new Error('nothing was logged')
  const { status, fault, bytesOut } = logged
  return fault === null ? { status, bytes: bytesOut } : { fault }
}

/** What the client makes of it. */
async function asked({ segments, end, request = REQUEST }: Played, answers: Tolerance): Promise<Judged> {
  const listener = Bun.listen<undefined>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      async data(socket) {
        for (const [n, segment] of segments.entries()) {
          if (n > 0) await pause(1)
          socket.write(Buffer.from(segment, 'latin1'))
        }
        if (end === 'rst') await pause(15)
        if (end === 'fin') socket.shutdown()
        if (end === 'rst') socket.terminate()
      },
    },
  })
  const limits = { tolerance: answers, headBytes: 64 * 1024, body: Number.MAX_SAFE_INTEGER }
  const [method = ''] = request.split(' ')
  const got: End = await ask({ port: listener.port, request: { ...GET, method }, limits })
  listener.stop(true)
  return got.is === 'failure' ? { fault: got.code } : { status: got.status, bytes: got.body.length }
}

describe('the client and the proxy read alike', () => {
  for (const vector of ANSWERS)
    test(vector.name, async () => {
      const { outcome, end } = vector
      const [ours, users] = [await asked(vector, 'strict'), proxied(vector, 'strict')]
      if (outcome.is === 'failed') expect(ours).toHaveProperty('fault')
      if (outcome.is === 'answer')
        expect(ours).toEqual({ status: outcome.answer.status, bytes: outcome.answer.body?.length ?? 0 })
      // How much had come before a reset is chance.
      if (end === 'rst') expect(users).toHaveProperty('fault')
      else expect(ours).toEqual(users)
    })

  for (const tolerance of TOLERANCES)
    test(`${CASES} answers of chance, where they are read "${tolerance}" (SLUICE_SEED=${SEED})`, async () => {
      const random = seededRandom(SEED)
      let whole = 0
      for (let n = 0; n < CASES; n++) {
        const answer = { segments: [someAnswer(random)], end: 'fin' } as const
        const users = proxied(answer, tolerance)
        const ours = await asked(answer, tolerance)
        if ('status' in ours) whole++
        expect({ n, answer, judged: ours }).toEqual({ n, answer, judged: users })
      }
      expect(whole).toBeGreaterThan(CASES / 20)
      expect(whole).toBeLessThan(CASES)
    })
})

const HEAD = 'HTTP/1.1 200 OK\r\n'

function someAnswer(random: Random): string {
  switch (random.below(3)) {
    case 0:
      return someAnswerHead(random) + random.pick(['', 'hi', someChunkedBody(random)])
    case 1:
      return `${HEAD}Transfer-Encoding: chunked\r\n\r\n${someChunkedBody(random)}`
    default: {
      const length = random.below(6)
      const more = random.pick(['', 'Content-Length: 2\r\n', 'X-A : 1\r\n'])
      return `${HEAD}Content-Length: ${length}\r\n${more}\r\n${'x'.repeat(random.below(8))}`
    }
  }
}
