import { expect, test } from 'bun:test'
import { loadConfig } from '../../../../server/config/load.ts'
import { explain } from '../../../../server/control/explain/explain.ts'
import type { Ground } from '../../../../server/control/explain/explained.ts'
import { offlineGround } from '../../../../server/control/explain/offline.ts'
import { atOnce } from '../../../../server/lib/slices.ts'
import { CLOSED } from '../../../../server/scoreboard/circuits.ts'

/** Why each server gets work, or does not. */
function told(ground: Ground): readonly (string | null)[] {
  const asked = { method: 'GET', url: 'http://h/', headers: [], client: null, listener: null }
  const explained = atOnce(explain(asked, ground))
  if ('problem' in explained) throw new Error(explained.problem)
  return explained.backend?.servers.map(({ why }) => why) ?? []
}

test('of groups that share the load each server tells what its group carries, and of breakers who holds them', () => {
  const servers = [
    { name: 'a', url: 'http://10.0.0.1' },
    { name: 'b', url: 'http://10.0.0.2' },
    { name: 'c', url: 'http://10.0.0.3', group: 2 },
  ]
  const words = {
    listeners: { web: { bind: '127.0.0.1:80', backend: 'api' } },
    backends: { api: { servers, failover_below: 0.8, circuit_breaker: {} } },
  }
  const readFile = () => new TextEncoder().encode(JSON.stringify(words))
  const loaded = loadConfig('/sluice.json', {}, { readFile })
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join())
  const ground = offlineGround(loaded.config)
  const { board, slots } = ground.states
  const slotOf = (server: string): number => slots['api']?.servers[server]?.index ?? -1
  const held = 'circuit open: held open by ana'
  const states = { ...ground.states, reasonOf: (_: string, server: string) => (server === 'a' ? held : null) }
  const whys = () => told({ ...ground, states })
  expect(whys()).toEqual([null, null, 'group 2: the groups before it carry all'])
  expect(board.circuits.beginOpening(slotOf('a'), CLOSED)).toBe(true)
  const figures = { total: 0, failed: 0, slow: 0, inARow: 0, times: 0 }
  board.circuits.opened(slotOf('a'), { reason: 'manual', ...figures, openMs: 1000 }, 0)
  expect(whys()).toEqual([held, 'group 1 carries 63 %', 'group 2 carries 38 %'])
})
