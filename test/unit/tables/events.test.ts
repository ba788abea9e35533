import { expect, test } from 'bun:test'
import { EVENTS } from '../../../server/tables/events.ts'
import { sourcesIn } from '../../check/sources.ts'

/** Told by templates: `${event}_replaced`. */
const MADE = /^(server_tls|client_certificates)_(replaced|refused)$/

test('every event of the table is logged somewhere', () => {
  const text = sourcesIn('server')
    .filter(({ path }) => path !== 'server/tables/events.ts')
    .map((source) => source.text)
    .join('\n')
  const stale = Object.keys(EVENTS).filter((event) => !MADE.test(event) && !text.includes(`'${event}'`))
  expect(stale).toEqual([])
})

test('no two events have the same name', () => {
  const names = Object.values(EVENTS).flatMap(({ topic, name, unless }) => [
    `${topic}.${name}`,
    ...(unless === undefined ? [] : [`${topic}.${unless[1]}`]),
  ])
  expect(new Set(names).size).toBe(names.length)
})
