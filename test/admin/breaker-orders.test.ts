// What a person orders of a breaker is kept like all orders of servers, and is no fault of anybody's.
import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { status } from '../../server/cli/status.ts'
import type { Overview } from '../../server/control/overview/document.ts'
import { startNamed } from '../support/backends.ts'
import { saidBy } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { answering, done, http, said, stateOf, words } from '../support/orders.ts'
import type { Origin } from '../support/origin.ts'

const open: (Disposable | AsyncDisposable)[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed())
    await (Symbol.asyncDispose in one ? one[Symbol.asyncDispose]() : one[Symbol.dispose]())
})
const keep = <T extends Disposable | AsyncDisposable>(one: T): T => {
  open.push(one)
  return one
}

const configOf = (a: Origin, b: Origin): ReturnType<typeof http> =>
  http([words('a', a), words('b', b)], { circuit_breaker: {} })

/** Not what this machine may be short of. */
async function problemsOf(gateway: Gateway): Promise<Overview['problems']> {
  const { problems } = (await (await fetch(`${gateway.admin}/_overview`)).json()) as Overview
  return problems.filter(({ about: { kind } }) => kind === 'backend' || kind === 'server')
}

const statusOf = async (gateway: Gateway): Promise<string> =>
  (await saidBy((io) => status([], io), { cwd: gateway.folder })).out

test('a breaker that is held open stays so over a restart, with who, why and until when', async () => {
  const [a, b] = [keep(startNamed('a')), keep(startNamed('b'))]
  const folder = mkdtempSync(join(tmpdir(), 'sluice-breaker-orders-'))
  keep({ [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) })
  const start = (): Promise<Gateway> => startGateway({ config: configOf(a, b), workers: 2, folder })
  const first = await start()
  await done(first, 'a', 'circuit', 'open', '--for', '1h', '--reason', 'smells')
  await done(first, 'b', 'circuit', 'close')
  expect(await first.stop()).toBe(0)
  const second = keep(await start())
  expect(await answering(second, 6)).toEqual({ b: 6 })
  const { orders, reason } = await stateOf(second, 'a')
  expect(reason).toBe('circuit open: held open by root (smells)'.replace('root', orders![0]!.by))
  expect(orders).toMatchObject([{ kind: 'circuit', value: 'open', reason: 'smells' }])
  const { since, until } = orders![0]!
  expect(Date.parse(until!) - Date.parse(since)).toBe(3_600_000)
  expect(await done(second, 'a')).toMatch(/circuit: {3}held open since .* by .*, until .*: smells\n/)
  expect(await done(second, 'b')).toMatch(/circuit: {3}closed: .*, held closed since .* by /)
  await done(second, 'a', 'circuit', 'reset')
  await done(second, 'b', 'circuit', 'reset')
  expect(await second.stop()).toBe(0)
  const third = keep(await start())
  expect(await stateOf(third, 'a')).toMatchObject({ circuit_state: 'Closed', healthy: true })
  expect((await stateOf(third, 'a')).orders).toBeUndefined()
})

test('who is held open is out as a person wants it: the backend is well, and it is told by whom', async () => {
  const [a, b] = [keep(startNamed('a')), keep(startNamed('b'))]
  const gateway = keep(await startGateway({ config: configOf(a, b), workers: 1 }))
  await done(gateway, 'a', 'circuit', 'open', '--for', '1h', '--reason', 'smells')
  expect(await answering(gateway, 2)).toEqual({ b: 2 })
  expect(await problemsOf(gateway)).toEqual([])
  expect(await statusOf(gateway)).toMatch(
    /^api +a +held open .*circuit open: held open by .* \(smells\), until /m,
  )
  expect(await done(gateway, 'a', 'circuit', 'open', '--for', '5m')).toContain('held open since')
  expect(await problemsOf(gateway)).toMatchObject([
    {
      state: 'ending',
      severity: 'note',
      title: expect.stringMatching(/^Breaker held open of a ends in [45] min$/),
    },
  ])

  const last = await said(gateway, 'b', 'circuit', 'open')
  expect(last.err).toContain('no server of backend "api" gets new work now: who asks for it is refused (503')
  expect((await problemsOf(gateway))[0]).toMatchObject({
    title: 'Backend api has no server in use',
    cause: expect.stringMatching(/^a is held open by .* for another 4 min and b is held open by /),
    remedy: 'Reset one of the breakers.',
  })
})
