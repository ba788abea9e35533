import { expect, test } from 'bun:test'
import type { KeptEvent } from '../../../../server/control/events/frames.ts'
import { toldLately } from '../../../../server/control/overview/told-lately.ts'
import { EVENTS, type Topic } from '../../../../server/tables/events.ts'

test('whom max_out keeps in use is among what is told, as limits and processes are', () => {
  const names = ['circuit_held', 'passive_held', 'limit_reached', 'worker_exited'] as const
  const kept = names.map((event, id): KeptEvent => {
    const text = JSON.stringify({ time: '2026-03-01T12:00:00.000Z', event, server: 'b' })
    return { id, topic: EVENTS[event]!.topic, text, frame: new Uint8Array() }
  })
  const hub = { latest: (topics: ReadonlySet<Topic>) => kept.filter(({ topic }) => topics.has(topic)) }
  const told = toldLately(hub)
  expect(told.map(({ event }) => event).toSorted()).toEqual([...names].toSorted())
  expect(told[0]?.atMs).toBe(Date.parse('2026-03-01T12:00:00Z'))
})
