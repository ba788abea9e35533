// What the end of a pick tells of its server.
import { expect, test } from 'bun:test'
import type { Backend } from '../../../server/backends/backend.ts'
import { ANSWERED, type Outcome } from '../../../server/backends/outcome.ts'
import type { Server } from '../../../server/backends/server.ts'
import type { Scoreboard } from '../../../server/scoreboard/scoreboard.ts'
import type { FaultCode, Loss } from '../../../server/tables/faults.ts'
import { startEngine, toServers } from '../../support/engine.ts'

const lost = (code: FaultCode, reached: Loss['reached'], isStale = false): Outcome => ({
  is: 'lost',
  loss: { code, reached, isStale, detail: null },
  waitedMs: 5,
  wasAnswered: false,
})

async function picked(play: (backend: Backend, server: Server, board: Scoreboard) => void) {
  await using gateway = startEngine({ config: toServers(['http://127.0.0.1:1', 'http://127.0.0.1:2']) })
  const backend = gateway.backend()
  const server = backend.pick(0, null) as Server
  play(backend, server, gateway.board)
  const { board } = gateway
  const { slot } = server
  return {
    attempts: board.attempts(slot),
    failed: board.failedAttempts(slot),
    refused: board.refusedAttempts(slot),
    inFlight: board.inFlight(slot),
    burdened: server.live.record.burden(performance.now()) > 0.5,
  }
}

test('one that was answered is an attempt, and gives its place back', async () => {
  const found = await picked((backend, server) => {
    backend.answered(server, 200, 3)
    backend.release(server, ANSWERED)
  })
  expect(found).toEqual({ attempts: 1, failed: 0, refused: 0, inFlight: 0, burdened: false })
})

test('one that never reached the server is refused, and one without an answer is lost', async () => {
  const refused = await picked((backend, server) =>
    backend.release(server, lost('connect_refused', 'nothing')),
  )
  expect(refused).toEqual({ attempts: 1, failed: 1, refused: 1, inFlight: 0, burdened: true })
  const unanswered = await picked((backend, server) =>
    backend.release(server, lost('server_closed', 'request')),
  )
  expect(unanswered).toEqual({ attempts: 1, failed: 1, refused: 0, inFlight: 0, burdened: true })
})

test('one that breaks off in its answer is one attempt, and failed', async () => {
  const found = await picked((backend, server) => {
    backend.answered(server, 200, 3)
    const loss: Loss = { code: 'server_truncated', reached: 'answer', isStale: false, detail: null }
    backend.release(server, { is: 'lost', loss, waitedMs: 3, wasAnswered: true })
  })
  expect(found).toEqual({ attempts: 1, failed: 1, refused: 0, inFlight: 0, burdened: true })
})

test('what is not the fault of its server is not counted against it', async () => {
  for (const outcome of [lost('server_closed', 'request', true), lost('descriptor_limit', 'nothing')])
    expect(await picked((backend, server) => backend.release(server, outcome))).toEqual({
      attempts: 0,
      failed: 0,
      refused: 0,
      inFlight: 0,
      burdened: false,
    })
})

test('one that nobody waited for is an attempt, and tells nothing of its server', async () => {
  const found = await picked((backend, server) => backend.release(server, { is: 'given_up', waitedMs: 5 }))
  expect(found).toEqual({ attempts: 1, failed: 0, refused: 0, inFlight: 0, burdened: false })
})

test('a preferred server is taken while it is usable, untried and has room', async () => {
  const servers = [{ url: 'http://127.0.0.1:1', max_connections: 1 }, 'http://127.0.0.1:2']
  await using gateway = startEngine({ config: toServers(servers) })
  const backend = gateway.backend()
  const [first, second] = backend.servers as [Server, Server]
  for (let n = 0; n < 4; n++) {
    expect(backend.pick(0, null, first)).toBe(first)
    backend.release(first, ANSWERED)
  }
  expect(backend.pick(0, [first.slot], first)).toBe(second)
  expect(backend.pick(0, null, first)).toBe(first)
  expect(backend.pick(0, null, first)).toBe(second) // it is full
  backend.release(first, ANSWERED)
  gateway.setState(first, 2)
  expect(backend.pick(0, null, first)).toBe(second)
  for (let n = 0; n < 3; n++) backend.release(second, ANSWERED)
  expect(gateway.inFlight).toBe(0)
})
