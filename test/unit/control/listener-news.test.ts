import { expect, test } from 'bun:test'
import { ListenerNews } from '../../../server/control/listener-news.ts'
import { tapEvents } from '../../../server/telemetry/log.ts'

test('a change tells which addresses it opened and closed; a start does not', () => {
  const told: unknown[] = []
  const untap = tapEvents((_, event, fields) => void told.push([event, fields]))
  try {
    const news = new ListenerNews()
    news.served({ web: '127.0.0.1:80', api: ['127.0.0.1:81', '127.0.0.1:82'] })
    expect(told).toEqual([])
    news.served({ web: '127.0.0.1:8080', api: ['127.0.0.1:81', '127.0.0.1:82'] })
    news.served({ web: '127.0.0.1:8080', more: '127.0.0.1:83' })
  } finally {
    untap()
  }
  expect(told).toEqual([
    ['listener_closed', { listener: 'web', address: '127.0.0.1:80' }],
    ['listener_opened', { listener: 'web', address: '127.0.0.1:8080' }],
    ['listener_closed', { listener: 'api', address: ['127.0.0.1:81', '127.0.0.1:82'] }],
    ['listener_opened', { listener: 'more', address: '127.0.0.1:83' }],
  ])
})
