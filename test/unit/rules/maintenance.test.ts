import { expect, test } from 'bun:test'
import { renderAnswer } from '../../../server/head/answer.ts'
import { Maintenance } from '../../../server/rules/maintenance.ts'

const END = '2026-12-24T18:00:00Z'
const END_S = Date.parse(END) / 1000
const closed = (words: object, nowS = END_S - 100) => new Maintenance({ allow: [], ...words }, () => nowS)
const retryAfter = (words: object, nowS?: number) =>
  closed(words, nowS)
    .answerTo('192.0.2.1')
    ?.headers.find(([name]) => name === 'Retry-After')?.[1]

test('it is over by itself, and lets those through that are to look', () => {
  expect(closed({ until: END }).answerTo('192.0.2.1')?.fault).toBe('maintenance')
  expect(closed({ until: END }, END_S).answerTo('192.0.2.1')).toBeNull()
  const allowing = closed({ allow: ['10.0.0.0/8'] })
  expect([allowing.answerTo('10.1.2.3'), allowing.answerTo('11.1.2.3')?.status]).toEqual([null, 503])
  // A proxy speaks for somebody it does not name.
  expect(allowing.answerTo(null)?.status).toBe(503)
})

test('Retry-After is what is written, else what is left, else five minutes', () => {
  expect(retryAfter({ until: END, retry_after: 1500 })).toBe('2')
  expect(retryAfter({ until: END })).toBe('100')
  expect(retryAfter({ until: END }, END_S - 0.5)).toBe('1')
  expect(retryAfter({ until: '2026-12-24T19:00:00+01:00' })).toBe('100')
  expect(retryAfter({})).toBe('300')
})

test('who takes HTML gets the page, or the usual one with the message; others JSON', () => {
  const bodyOf = (accept: string, words: object): string => {
    const answer = closed(words).answerTo(null)!
    const { head, bytes } = renderAnswer(answer, { accept, requestId: 'id', gateway: 'gw' })
    return `${head.get('content-type')} ${bytes.toString('utf8', head.headEnd)}`
  }
  const message = 'Back at <six>, "perhaps"\r\nX-Evil: 1'
  const html = bodyOf('text/html,*/*', { message })
  expect(html).toStartWith('text/html; charset=utf-8 <!doctype html>')
  expect(html).toContain('Back at &lt;six&gt;, &quot;perhaps&quot;')
  expect(bodyOf('text/html', { message, page: '<h1>Sörry</h1>' })).toBe(
    'text/html; charset=utf-8 <h1>Sörry</h1>',
  )
  const json = bodyOf('application/json', { message, page: '<h1>no</h1>' })
  expect(JSON.parse(json.replace('application/json ', ''))).toMatchObject({
    ...{ status: 503, fault: 'maintenance', detail: message },
  })
})
