// A gateway that may not splice(2): large bodies pass each way all the same, and it says so.
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { waitFor } from '../support/wait.ts'

const REFUSE = join(import.meta.dir, '../support/refuse-splice.ts')
const LENGTH = 3_000_000
const body = Buffer.alloc(LENGTH)
for (let at = 0; at + 4 <= LENGTH; at += 4) body.writeUInt32BE((at * 2_654_435_761) >>> 0, at)
const BODY_TEXT = body.toString('latin1')
const hasSeccomp = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
if (!hasSeccomp) process.stderr.write('skipped: needs seccomp\n')

// EPERM, EACCES, EINVAL, ENOSYS, one that a socket could have said (ECONNRESET), and a signal.
describe.skipIf(!hasSeccomp)('where a seccomp filter refuses splice', () => {
  test.each(['1', '13', '22', '38', '104', 'trap', '12'])(
    'with errno %s, large bodies are copied each way',
    async (errno) => {
      await using origin = startOrigin((request, reply) =>
        reply.send(200, request.method === 'GET' ? body : String(request.body === BODY_TEXT)),
      )
      await using gateway = await startGateway({
        config: {
          listen: '127.0.0.1:0',
          sockets: socketsOfRun(),
          backends: [{ url: origin.url }],
          data: './data',
        },
        through: [process.execPath, REFUSE, errno],
      })
      const client = await gateway.client()
      for (let n = 0; n < 3; n++) {
        const answer = await client.get('/')
        expect([answer.complete, answer.bytes.equals(body)]).toEqual([true, true])
        client.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${LENGTH}\r\n\r\n`).send(body)
        expect((await client.readAnswer()).body).toBe('true')
      }
      expect(origin.accepted).toBe(1)
      client.rst()
      // Where memory was short it is tried again, and nothing is wrong for good.
      const isTold = socketsOfRun() !== 'bun' && errno !== '12'
      const told = () => gateway.events.filter(({ event }) => event === 'splice_refused')
      if (isTold) await waitFor(() => told().length > 0)
      const code = errno === 'trap' ? 38 : Number(errno)
      expect(told()).toMatchObject(isTold ? [{ level: 'info', process: 'worker-0', errno: code }] : [])
    },
    60_000,
  )
})
