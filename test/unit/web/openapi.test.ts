// The API's documents as the dashboard shows them, made from the documents that the gateway really serves.
import { expect, test } from 'bun:test'
import { openApiOf } from '../../../server/admin/openapi.ts'
import { routesOf } from '../../../server/admin/routes.ts'
import {
  curlOf,
  exampleOf,
  found,
  membersOf,
  type OpenApi,
  operationsOf,
  typeWords,
} from '../../../web/pages/settings/api-docs/openapi.ts'
import { controlFacts } from '../../support/control-facts.ts'

const document = JSON.parse(JSON.stringify(openApiOf(routesOf(controlFacts({})), '1.0'))) as OpenApi
const all = operationsOf(document)
const one = (method: string, path: string) => {
  const operation = all.find((it) => it.method === method && it.path === path)
  if (operation === undefined) throw new Error(`no ${method} ${path}`)
  return operation
}

test('every operation has an id of its own, and says what it does', () => {
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  expect(all.filter(({ summary, tag }) => summary === '' || tag === '')).toEqual([])
})

test('what is named elsewhere is looked up: parameters, answers, schemas', () => {
  const patch = one('PATCH', '/api/v1/rules/{rule}')
  expect(patch.parameters.map(({ name, in: place }) => `${place} ${name}`)).toContain('header If-Match')
  expect(patch.answers.every(({ description }) => description !== '')).toBe(true)
  const [answer] = one('GET', '/api/v1/users').answers
  const [items] = membersOf(document, answer?.schema ?? {})
  expect([items?.name, typeWords(items?.schema ?? {})]).toEqual(['items', 'list of User'])
  expect(membersOf(document, items?.schema ?? {}).map(({ name }) => name)).toContain('has_password')
})

test('reading is tried as it is, changes dry or not at all, streams not at all', () => {
  expect(one('GET', '/api/v1/status').trial).toBe('read')
  expect(one('POST', '/api/v1/explain').trial).toBe('read')
  expect(one('PATCH', '/api/v1/rules/{rule}').trial).toBe('dry')
  expect(one('POST', '/api/v1/stop').trial).toBe('none')
  expect(one('DELETE', '/api/v1/users/{user}').trial).toBe('none')
})

test('a body to begin with has what is required', () => {
  const { body } = one('POST', '/api/v1/users')
  expect(exampleOf(document, body?.schema ?? {})).toEqual({ name: '', role: '' })
})

test('a filter finds by method, path and words', () => {
  const groups = found(all, 'post unlock')
  expect([...groups.values()].flat().map(({ path }) => path)).toEqual(['/api/v1/users/{user}/unlock'])
})

test('a line for a shell keeps what is in it together', () => {
  const operation = { method: 'POST', body: { type: 'application/json', schema: {} }, answers: [] }
  expect(curlOf(operation, { url: 'http://x/y', text: `{"a":"it's"}` })).toBe(
    String.raw`curl -X POST -H "Authorization: Bearer $TOKEN" \
  -H 'Content-Type: application/json' \
  --data '{"a":"it'\''s"}' \
  'http://x/y'`,
  )
})
