import { expect, test } from 'bun:test'
import { ListenerNews } from '../../../server/control/listener-news.ts'
import type { AddressesByName } from '../../../server/control/sockets/binds.ts'
import { tapEvents } from '../../../server/telemetry/log.ts'

const HTTP = { protocol: 'http' }
const PROTOCOLS = { web: HTTP, api: HTTP, more: HTTP, site: HTTP, dns: { protocol: 'udp' } }

function toldBy(...steps: readonly AddressesByName[]): unknown[] {
  const told: unknown[] = []
  const untap = tapEvents((_, event, fields) => void told.push([event, fields]))
  try {
    const news = new ListenerNews()
    for (const step of steps) news.served(step, PROTOCOLS)
  } finally {
    untap()
  }
  return told
}

test('a change tells which addresses it opened and closed; a start does not', () => {
  const start = { web: '127.0.0.1:80', api: ['127.0.0.1:81', '127.0.0.1:82'] }
  expect(toldBy(start)).toEqual([])
  const moved = { web: '127.0.0.1:8080', api: ['127.0.0.1:81', '127.0.0.1:82'] }
  expect(toldBy(start, moved)).toEqual([
    ['listener_closed', { listener: 'web', address: '127.0.0.1:80' }],
    ['listener_opened', { listener: 'web', address: '127.0.0.1:8080' }],
  ])
  expect(toldBy(moved, { web: '127.0.0.1:8080', more: '127.0.0.1:83' })).toEqual([
    ['listener_closed', { listener: 'api', address: ['127.0.0.1:81', '127.0.0.1:82'] }],
    ['listener_opened', { listener: 'more', address: '127.0.0.1:83' }],
  ])
})

test('an address more of a listener does not close and open those that it has', () => {
  const more = toldBy({ web: '127.0.0.1:80' }, { web: ['127.0.0.1:80', '127.0.0.1:90'] })
  expect(more).toEqual([['listener_opened', { listener: 'web', address: '127.0.0.1:90' }]])
})

test('an address that another listener has now was open all the time', () => {
  const renamed = toldBy({ web: '127.0.0.1:80' }, { site: '127.0.0.1:80' })
  expect(renamed).toEqual([
    ['listener_took_over', { listener: 'site', address: '127.0.0.1:80', from: 'web' }],
  ])
})

test('UDP and TCP on one port are two addresses', () => {
  const swapped = toldBy({ web: '127.0.0.1:53' }, { dns: '127.0.0.1:53' })
  expect(swapped).toEqual([
    ['listener_closed', { listener: 'web', address: '127.0.0.1:53' }],
    ['listener_opened', { listener: 'dns', address: '127.0.0.1:53' }],
  ])
})
