// A second Forward beside that of an exchange, whose asker drops the answers: what a mirror needs, and a
// proof that forwarding does not know the exchange.
import { expect, test } from 'bun:test'
import type { Server } from '../../../server/backends/server.ts'
import type { RequestHead } from '../../../server/head/request-head.ts'
import { type ResponseHead, giveHead } from '../../../server/head/response-head.ts'
import { REQUEST_DROPS, type RequestLines } from '../../../server/head/write.ts'
import type { Asker } from '../../../server/http/asker.ts'
import type { BodyForm } from '../../../server/http/ends.ts'
import type { Try } from '../../../server/http/exchange.ts'
import { Forward } from '../../../server/http/forward.ts'
import type { Middleware } from '../../../server/middleware/middleware.ts'
import type { OnBehalf } from '../../../server/lib/on-behalf.ts'
import type { Fault, FaultCode } from '../../../server/tables/faults.ts'
import { answering, startEngine, toServers } from '../../support/engine.ts'
import { startOrigin } from '../../support/origin.ts'
import { waitFor } from '../../support/wait.ts'

/** Asks the same, and wants to know nothing of the answer. */
class Mirror implements Asker {
  readonly id = 'mirrored'
  server: Server | null = null
  attempts = 0
  fault: Fault | null = null
  detail: string | null = null
  tries: Try[] | null = null
  queueMs = 0
  connectMs = 0
  firstByteMs = 0
  readonly timing = { server: null, client: null, attemptMs: 0, totalMs: -1 }
  readonly dueMs = 0
  readonly requestForm: BodyForm = 'none'
  readonly isRequestWhole = true
  readonly clientAddress = '192.0.2.1'
  readonly priority = 0
  readonly keptFor = { countKept() {} }
  readonly outlet = null
  pourInto(): void {} // its request has no body
  readonly request: RequestHead
  dropped = 0
  ended: string | null = null

  constructor(request: RequestHead) {
    this.request = request
  }
  linesFor(): RequestLines {
    return { drops: REQUEST_DROPS, ours: Buffer.from('X-Mirrored: yes\r\n'), requestId: this.id, host: null }
  }
  onBehalf(): OnBehalf {
    throw new Error('its servers are told nothing')
  }
  pauseClient(): void {}
  resumeClient(): void {}
  interim(): void {}
  answered(head: ResponseHead): void {
    giveHead(head)
  }
  answerBody(_bytes: Buffer, _from: number, _to: number, content: number): void {
    this.dropped += content
  }
  answerEnd(): void {
    this.ended = 'answered'
  }
  refused(code: FaultCode): void {
    this.ended = code
  }
  unanswered(code: FaultCode): void {
    this.ended = code
  }
  broken(code: FaultCode): void {
    this.ended = code
  }
  uploadOver(): void {}
}

test('a mirror asks another backend the same, and its answers go nowhere', async () => {
  await using real = startOrigin(answering('the real one'))
  await using shadow = startOrigin((request, reply) =>
    reply.send(500, 'x'.repeat(100_000), [`X-Was: ${request.get('x-mirrored')}`]),
  )
  const mirrors: Mirror[] = []
  const step: Middleware<never> = {
    name: 'mirror',
    request(x) {
      const mirror = new Mirror(x.request)
      mirrors.push(mirror)
      new Forward(mirror, gateway.backend('shadow'), gateway.engine, null).attempt()
      return undefined
    },
  }
  const { backends } = toServers([real.url])
  const config = { backends: { ...backends, shadow: { servers: [{ url: shadow.url }] } } }
  await using gateway = startEngine({ config, steps: [step] })
  await using client = await gateway.client()
  for (const target of ['/1', '/2', '/3']) {
    const { status, body } = await client.get(target)
    expect([status, body]).toEqual([200, 'the real one'])
    await waitFor(() => mirrors.at(-1)?.ended !== null)
  }
  expect(mirrors.map(({ ended, dropped, attempts }) => [ended, dropped, attempts])).toEqual(
    Array.from({ length: 3 }, () => ['answered', 100_000, 1]),
  )
  expect(shadow.requests.map(({ target }) => target)).toEqual(['/1', '/2', '/3'])
  expect(gateway.log).toHaveLength(3)
  await gateway.settled()
})
