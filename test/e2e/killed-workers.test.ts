// What a worker that is killed under load has counted and logged, and has not handed over yet.
import { expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const KILLS = 6
const CLIENTS = 16

interface Load {
  /** Targets whose answer came whole. */
  readonly answered: string[]
  /** Targets that were sent on connections that broke. */
  readonly broken: string[]
  stop(): Promise<void>
}

/**
 * Clients that ask for one target after the other, each target once, on connections that they make anew when
 * they break.
 */
function startAsking(port: number): Load {
  const answered: string[] = []
  const broken: string[] = []
  let isOver = false
  let count = 0
  const client = async (): Promise<void> => {
    while (!isOver) {
      const connection = await rawClient(port).catch(() => null)
      if (connection === null) continue // it was in the queue of one that was killed
      while (!isOver) {
        const target = `/${count++}`
        connection.send(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
        const isWhole = await connection.readAnswer().then(
          ({ complete }) => complete,
          () => false,
        )
        ;(isWhole ? answered : broken).push(target)
        if (!isWhole) break
      }
      connection.rst()
    }
  }
  const clients = Array.from({ length: CLIENTS }, client)
  return {
    answered,
    broken,
    stop: async () => {
      isOver = true
      await Promise.all(clients)
    },
  }
}

async function counted(gateway: Gateway): Promise<number> {
  const text = await (await fetch(`${gateway.admin}/metrics`)).text()
  return [...text.matchAll(/^lb_requests_total\{[^}]*\} (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0)
}

test('every request that a killed worker has answered is in the access log once, and is counted once', async () => {
  await using gateway = await startGateway({
    workers: 2,
    config: {
      listeners: { web: { bind: '127.0.0.1:0' } },
      rules: [{ name: 'all', respond: { status: 200, body: 'ok' } }],
    },
  })
  const load = startAsking(gateway.port())
  for (let kill = 0; kill < KILLS; kill++) {
    const before = load.answered.length
    await waitFor(() => load.answered.length > before + 500, { what: 'load' })
    sendSignal(gateway.workers[kill % 2], 'SIGKILL')
    await gateway.event('worker_replaced')
  }
  await load.stop()
  const paths = (): Promise<string[]> =>
    gateway.accessLog().then((lines) => lines.map(({ path }) => String(path)))
  const answered = new Set(load.answered)
  await waitFor(async () => (await paths()).filter((path) => answered.has(path)).length >= answered.size, {
    what: 'a line for each answer',
  })
  const logged = await paths()
  expect(new Set(logged).size).toBe(logged.length)
  // An exchange is logged in the turn of the event loop in which its answer is sent: what was killed within
  // one may be logged, not sent.
  const unsent = logged.filter((path) => !answered.has(path))
  expect(unsent.filter((path) => !load.broken.includes(path))).toEqual([])
  // It is counted just before it is logged.
  const off = (count: number): number => count - logged.length
  const count = await waitFor(async () => {
    const now = await counted(gateway)
    return off(now) >= 0 ? now : null
  })
  expect(off(count)).toBeLessThanOrEqual(KILLS)
})
